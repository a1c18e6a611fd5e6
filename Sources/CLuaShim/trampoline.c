// Swift functions and Swift objects as Lua sees them.
#include "host.h"

static char function_metatable_key, handle_mark;

static int release_box(lua_State *L) {
  host_box *box = lua_touserdata(L, 1);
  if (box) host_empty_box(L, box);
  return 0;
}

void host_empty_box(lua_State *L, host_box *box) {
  if (!box->object) return;
  host_state *host = host_of(L);
  void *object = box->object;
  box->object = NULL;
  host_account(host, -(int64_t)box->bytes);
  box->bytes = 0;
  bool in_swift = host->in_swift;
  host->in_swift = true;
  host->release(object);
  host->in_swift = in_swift;
}

// "script.lua:12: " of the nearest Lua function, also when C stands between (pcall, a metamethod, a sort).
static void push_location(lua_State *L) {
  lua_Debug record;
  for (int level = 1; lua_getstack(L, level, &record); level++) {
    lua_getinfo(L, "Sl", &record);
    if (record.currentline <= 0) continue;
    lua_pushfstring(L, "%s:%d: ", record.short_src, record.currentline);
    return;
  }
  lua_pushliteral(L, "");
}

// [-0, +n, e] The only lua_CFunction that calls Swift. Upvalue 1 is the box of the Swift function. Once Swift has
// returned, no Swift frame is left to skip, and errors are raised here.
static int trampoline(lua_State *L) {
  host_state *host = host_of(L);
  host_box *box = lua_touserdata(L, lua_upvalueindex(1));
  if (host->closing || !box->object) return luaL_error(L, "the Lua state is closing");
  lua_State *running = host->running;
  host->running = L;
  host->in_swift = true;
  int count = host->invoke(L, box->object);
  host->in_swift = false;
  host->running = running;
  if (host_is_interrupted(host)) host_arm(host, L);
  if (count >= 0) return count;
  if (count == HOST_RAISE_LOCATED) {
    push_location(L);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  host->raised_again = count == HOST_RAISE_AGAIN;
  return lua_error(L);
}

void host_push_function(lua_State *L, void *function) {
  host_box *box = lua_newuserdatauv(L, sizeof *box, 0);
  box->object = function;
  box->bytes = 0;
  box->mark = NULL;
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &function_metatable_key) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_createtable(L, 0, 2);
    lua_pushcfunction(L, release_box);
    host_raw_set_string(L, -2, "__gc");
    lua_pushboolean(L, 0);
    host_raw_set_string(L, -2, "__metatable");
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &function_metatable_key);
  }
  lua_setmetatable(L, -2);
  lua_pushcclosure(L, trampoline, 1);
}

void *host_function_at(lua_State *L, int index) {
  if (lua_tocfunction(L, index) != trampoline || !lua_getupvalue(L, index, 1)) return NULL;
  host_box *box = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return box->object;
}

host_box *host_push_box(lua_State *L, void *object, size_t bytes) {
  host_box *box = lua_newuserdatauv(L, sizeof *box, 1);
  box->object = object;
  box->bytes = bytes;
  box->mark = &handle_mark;
  lua_insert(L, -2);
  lua_setmetatable(L, -2);
  host_account(host_of(L), (int64_t)bytes);
  return box;
}

host_box *host_box_at(lua_State *L, int index) {
  if (lua_type(L, index) != LUA_TUSERDATA || lua_rawlen(L, index) != sizeof(host_box)) return NULL;
  host_box *box = lua_touserdata(L, index);
  return box->mark == &handle_mark ? box : NULL;
}

// Upvalues: methods, getters, fallbacks. A method is returned, a getter is called, anything else goes to the fallback.
static int index_handle(lua_State *L) {
  lua_settop(L, 2);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL) {
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    return 1;
  }
  lua_getfield(L, lua_upvalueindex(3), "index");
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_call(L, 2, 1);
  return 1;
}

// Upvalues: setters, fallbacks.
static int assign_handle(lua_State *L) {
  lua_settop(L, 3);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) {
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 3);
    lua_call(L, 2, 0);
    return 0;
  }
  lua_getfield(L, lua_upvalueindex(2), "newindex");
  lua_insert(L, 1);
  lua_settop(L, 4);
  lua_call(L, 3, 0);
  return 0;
}

void host_push_metatable(lua_State *L, const char *name) {
  int fallbacks = lua_gettop(L), setters = fallbacks - 1, getters = fallbacks - 2, methods = fallbacks - 3;
  lua_createtable(L, 0, 12);
  lua_pushvalue(L, methods);
  lua_pushvalue(L, getters);
  lua_pushvalue(L, fallbacks);
  lua_pushcclosure(L, index_handle, 3);
  host_raw_set_string(L, -2, "__index");
  lua_pushvalue(L, setters);
  lua_pushvalue(L, fallbacks);
  lua_pushcclosure(L, assign_handle, 2);
  host_raw_set_string(L, -2, "__newindex");
  lua_pushcfunction(L, release_box);
  host_raw_set_string(L, -2, "__gc");
  lua_pushcfunction(L, release_box);
  host_raw_set_string(L, -2, "__close");
  lua_pushboolean(L, 0);
  host_raw_set_string(L, -2, "__metatable");
  lua_pushstring(L, name);
  host_raw_set_string(L, -2, "__name");
  lua_replace(L, methods);
  lua_settop(L, methods);
}
