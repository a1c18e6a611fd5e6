// Swift functions and Swift objects as Lua sees them.
#include "host.h"

static char function_metatable_key, function_mark, handle_mark;

// Also with the functions of `debug`, a script gives us no other userdata for a box.
static host_box *box_at(lua_State *L, int index, const char *mark) {
  if (lua_type(L, index) != LUA_TUSERDATA || lua_rawlen(L, index) != sizeof(host_box)) return NULL;
  host_box *box = lua_touserdata(L, index);
  return box->mark == mark ? box : NULL;
}

host_box *host_box_at(lua_State *L, int index) { return box_at(L, index, &handle_mark); }

static int release_box(lua_State *L) {
  host_box *box = box_at(L, 1, &handle_mark);
  if (!box) box = box_at(L, 1, &function_mark);
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

// [-0, +n, e] The only lua_CFunction that calls Swift. Upvalue 1 is the box of the Swift function. Once Swift has
// returned, no Swift frame is left to skip, and errors are raised here.
static int trampoline(lua_State *L) {
  host_state *host = host_of(L);
  host_box *box = box_at(L, lua_upvalueindex(1), &function_mark);
  if (host->closing || !box || !box->object) return luaL_error(L, "the Lua state is closing");
  if (!lua_checkstack(L, HOST_SWIFT_STACK)) return luaL_error(L, "stack overflow: too many values or calls inside each other");
  // Not always Lua's turn before: a __gc may have been called by an allocation beneath Swift.
  bool in_swift = host->in_swift;
  lua_State *running = host->running;
  host->running = L;
  host->in_swift = true;
  int count = host->invoke(L, box->object);
  host->in_swift = in_swift;
  host->running = running;
  if (host_is_interrupted(host)) host_arm(L);
  if (count >= 0) return count;
  if (count == HOST_RAISE_LOCATED) {
    host_push_location(L);
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
  box->mark = &function_mark;
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
  host_box *box = box_at(L, -1, &function_mark);
  lua_pop(L, 1);
  return box ? box->object : NULL;
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
