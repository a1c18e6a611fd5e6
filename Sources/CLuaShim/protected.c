// Operations that may raise, each run under host_call, and the libraries.
#include "host.h"

static int run_get(lua_State *L) {
  lua_gettable(L, 1);
  return 1;
}

int host_get(lua_State *L, int table) {
  table = lua_absindex(L, table);
  lua_pushcfunction(L, run_get);
  lua_insert(L, -2);
  lua_pushvalue(L, table);
  lua_insert(L, -2);
  return host_call(L, 2, 1);
}

static int run_set(lua_State *L) {
  lua_settable(L, 1);
  return 0;
}

int host_set(lua_State *L, int table) {
  table = lua_absindex(L, table);
  lua_pushcfunction(L, run_set);
  lua_insert(L, -3);
  lua_pushvalue(L, table);
  lua_insert(L, -3);
  return host_call(L, 3, 0);
}

static int run_length(lua_State *L) {
  lua_len(L, 1);
  return 1;
}

int host_length(lua_State *L, int index) {
  index = lua_absindex(L, index);
  lua_pushcfunction(L, run_length);
  lua_pushvalue(L, index);
  return host_call(L, 1, 1);
}

static int run_next(lua_State *L) { return lua_next(L, 1) ? 2 : 0; }

int host_next(lua_State *L, int table, bool *found) {
  table = lua_absindex(L, table);
  lua_pushcfunction(L, run_next);
  lua_insert(L, -2);
  lua_pushvalue(L, table);
  lua_insert(L, -2);
  int below = lua_gettop(L) - 3;
  int status = host_call(L, 2, LUA_MULTRET);
  *found = status == LUA_OK && lua_gettop(L) > below;
  return status;
}

static int run_stray_key(lua_State *L) {
  lua_Integer length = lua_tointeger(L, 2);
  lua_settop(L, 1);
  lua_pushnil(L);
  while (lua_next(L, 1)) {
    lua_pop(L, 1);
    if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 1 || lua_tointeger(L, -1) > length) return 1;
  }
  return 0;
}

int host_stray_key(lua_State *L, int table, lua_Integer length) {
  table = lua_absindex(L, table);
  lua_pushcfunction(L, run_stray_key);
  lua_pushvalue(L, table);
  lua_pushinteger(L, length);
  return host_call(L, 2, 1);
}

static int run_to_text(lua_State *L) {
  luaL_tolstring(L, 1, NULL);
  return 1;
}

int host_to_text(lua_State *L, int index) {
  index = lua_absindex(L, index);
  lua_pushcfunction(L, run_to_text);
  lua_pushvalue(L, index);
  return host_call(L, 1, 1);
}

static int run_equal(lua_State *L) {
  lua_pushboolean(L, lua_compare(L, 1, 2, LUA_OPEQ));
  return 1;
}

int host_equal(lua_State *L, int first, int second, bool *equal) {
  first = lua_absindex(L, first);
  second = lua_absindex(L, second);
  lua_pushcfunction(L, run_equal);
  lua_pushvalue(L, first);
  lua_pushvalue(L, second);
  int status = host_call(L, 2, 1);
  if (status != LUA_OK) return status;
  *equal = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return status;
}

static int run_open_all(lua_State *L) {
  luaL_openlibs(L);
  host_open_control(L);
  return 0;
}

int host_load_libraries(lua_State *L, bool restricted) {
  lua_pushcfunction(L, restricted ? host_open_restricted : run_open_all);
  return host_call(L, 0, 0);
}
