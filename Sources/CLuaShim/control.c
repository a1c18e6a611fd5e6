// Calls that catch: the protected call from Swift, and pcall, xpcall and functions of `coroutine` for scripts. Lua's own
// versions would lose the traceback of the first cause and could not be interrupted inside a coroutine.
#include <string.h>

#include "host.h"

static char cause_key;

// MARK: the record of the first cause: {value, traceback} in the registry

static void push_record(lua_State *L, int field) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &cause_key) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_pushnil(L);
    return;
  }
  lua_rawgeti(L, -1, field);
  lua_remove(L, -2);
}

void host_push_cause(lua_State *L) { push_record(L, 1); }
void host_push_traceback(lua_State *L) { push_record(L, 2); }

void host_forget_cause(lua_State *L) {
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &cause_key);
}

static void store_record(lua_State *L, int value, int traceback) {
  value = lua_absindex(L, value);
  traceback = lua_absindex(L, traceback);
  lua_createtable(L, 2, 0);
  lua_pushvalue(L, value);
  lua_rawseti(L, -2, 1);
  lua_pushvalue(L, traceback);
  lua_rawseti(L, -2, 2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &cause_key);
}

void host_record_cause(lua_State *L, const char *text, size_t size) {
  lua_pushlstring(L, text, size);
  store_record(L, -2, -1);
  lua_pop(L, 1);
}

// The value is the recorded one, or a message that quotes the recorded message.
static bool continues_cause(lua_State *L, int value, int cause) {
  if (lua_isnil(L, cause)) return false;
  if (lua_rawequal(L, value, cause)) return true;
  if (lua_type(L, value) != LUA_TSTRING || lua_type(L, cause) != LUA_TSTRING) return false;
  const char *old = lua_tostring(L, cause);
  return *old && strstr(lua_tostring(L, value), old);
}

void host_record(lua_State *L, lua_State *from) {
  enum { longest = 16384 };
  host_state *host = host_of(L);
  bool again = host->raised_again;
  host->raised_again = false;
  luaL_checkstack(L, 8, NULL);
  int value = lua_gettop(L);
  host_push_cause(L);
  if (!continues_cause(L, value, value + 1)) {
    luaL_traceback(L, from, NULL, from == L ? 1 : 0);
  } else {
    host_push_traceback(L);
    if (!again && lua_rawlen(L, -1) < longest) {
      lua_pushliteral(L, "\nraised again from\n");
      luaL_traceback(L, from, NULL, from == L ? 1 : 0);
      lua_concat(L, 3);
    }
  }
  store_record(L, value, -1);
  lua_settop(L, value);
}

int host_message_handler(lua_State *L) {
  lua_settop(L, 1);
  host_record(L, L);
  return 1;
}

// MARK: from Swift

int host_call(lua_State *L, int arguments, int results) {
  host_state *host = host_of(L);
  int base = lua_gettop(L) - arguments;
  lua_pushcfunction(L, host_message_handler);
  lua_insert(L, base);
  host_frame frame = host_enter(host, L);
  int status = lua_pcall(L, arguments, results, base);
  host_leave(host, frame);
  lua_remove(L, base);
  return status;
}

// MARK: for scripts

static int finish_pcall(lua_State *L, int status, lua_KContext hidden) {
  host_state *host = host_of(L);
  host->running = L;
  if (host_is_interrupted(host)) host_arm(L);
  if (status != LUA_OK && status != LUA_YIELD) {
    lua_pushboolean(L, 0);
    lua_pushvalue(L, -2);
    return 2;
  }
  return lua_gettop(L) - (int)hidden;
}

static int script_pcall(lua_State *L) {
  luaL_checkany(L, 1);
  lua_pushboolean(L, 1);
  lua_insert(L, 1);
  lua_pushcfunction(L, host_message_handler);
  lua_insert(L, 1);
  int status = lua_pcallk(L, lua_gettop(L) - 3, LUA_MULTRET, 1, 1, finish_pcall);
  return finish_pcall(L, status, 1);
}

// Upvalue: the script's handler. It is called by the hook that raises, where no hook runs: an interrupted script must not
// linger in it.
static int handle_message(lua_State *L) {
  if (host_spend(host_of(L), 0)) return 1;
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, 1, 1);
  return 1;
}

static int script_xpcall(lua_State *L) {
  int arguments = lua_gettop(L) - 2;
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_pushvalue(L, 2);
  lua_pushcclosure(L, handle_message, 1);
  lua_replace(L, 2);
  lua_pushboolean(L, 1);
  lua_pushvalue(L, 1);
  lua_rotate(L, 3, 2);
  int status = lua_pcallk(L, arguments, LUA_MULTRET, 2, 2, finish_pcall);
  return finish_pcall(L, status, 2);
}

static int resume(lua_State *L, lua_State *co, int arguments) {
  if (!lua_checkstack(co, arguments)) {
    lua_pushliteral(L, "too many arguments to resume");
    return -1;
  }
  host_state *host = host_of(L);
  lua_xmove(L, co, arguments);
  int results = 0;
  host->running = co;
  if (host_is_interrupted(host)) host_arm(co);
  int status = lua_resume(co, L, arguments, &results);
  host->running = L;
  if (host_is_interrupted(host)) host_arm(L);
  if (status == LUA_OK || status == LUA_YIELD) {
    if (!lua_checkstack(L, results + 1)) {
      lua_pop(co, results);
      lua_pushliteral(L, "too many results to resume");
      return -1;
    }
    lua_xmove(co, L, results);
    return results;
  }
  lua_xmove(co, L, 1);
  host_record(L, co);
  return -1;
}

static int script_resume(lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
  luaL_argexpected(L, co, 1, "coroutine");
  int results = resume(L, co, lua_gettop(L) - 1);
  if (results < 0) {
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
  }
  lua_pushboolean(L, 1);
  lua_insert(L, -(results + 1));
  return results + 1;
}

// Runs what the coroutine has to close, and empties it; what that left, or an error, stays on its stack.
static int reset(lua_State *L, lua_State *co) {
  enum { most = 150 };
  host_state *host = host_of(L);
  // Lua does not count these calls on its own: coroutines that close each other would use up the stack of C.
  if (host->resets >= most) return luaL_error(L, "C stack overflow: coroutines close each other %d deep", (int)most);
  host->resets++;
  host->running = co;
  if (host_is_interrupted(host)) host_arm(co);
  int status = lua_resetthread(co);
  host->resets--;
  host->running = L;
  if (host_is_interrupted(host)) host_arm(L);
  return status;
}

static bool can_be_closed(lua_State *L, lua_State *co) {
  lua_Debug record;
  return co != L && (lua_status(co) != LUA_OK || !lua_getstack(co, 0, &record));
}

static int script_close(lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
  luaL_argexpected(L, co, 1, "coroutine");
  if (!can_be_closed(L, co)) return luaL_error(L, "cannot close a %s coroutine", co == L ? "running" : "normal");
  if (reset(L, co) == LUA_OK) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushboolean(L, 0);
  lua_xmove(co, L, 1);
  return 2;
}

static int call_wrapped(lua_State *L) {
  lua_State *co = lua_tothread(L, lua_upvalueindex(1));
  int results = resume(L, co, lua_gettop(L));
  if (results >= 0) return results;
  int status = lua_status(co);
  // Of an interrupted one nothing is closed: after the hook's own error no hook runs there any more.
  if (status != LUA_OK && status != LUA_YIELD && !host_is_interrupted(host_of(L))) {
    lua_pushvalue(L, -1);
    lua_xmove(L, co, 1);
    reset(L, co);  // may leave another error there, the first one is ours
    lua_settop(co, 0);
    host_of(L)->raised_again = true;
  }
  return lua_error(L);
}

static int script_wrap(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_State *co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  lua_pushcclosure(L, call_wrapped, 1);
  return 1;
}

void host_open_control(lua_State *L) {
  lua_pushcfunction(L, script_pcall);
  lua_setglobal(L, "pcall");
  lua_pushcfunction(L, script_xpcall);
  lua_setglobal(L, "xpcall");
  if (lua_getglobal(L, "coroutine") == LUA_TTABLE) {
    lua_pushcfunction(L, script_resume);
    lua_setfield(L, -2, "resume");
    lua_pushcfunction(L, script_wrap);
    lua_setfield(L, -2, "wrap");
    lua_pushcfunction(L, script_close);
    lua_setfield(L, -2, "close");
  }
  lua_pop(L, 1);
}
