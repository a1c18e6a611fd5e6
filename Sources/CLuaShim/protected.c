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

// What a config may use: no files, no code loading, no metatables, and nothing whose single call can run without end
// (string.rep, patterns, table.move), because limits count Lua instructions.
static int run_open_restricted(lua_State *L) {
  static const luaL_Reg libraries[] = {
      {LUA_GNAME, luaopen_base}, {LUA_TABLIBNAME, luaopen_table}, {LUA_STRLIBNAME, luaopen_string},
      {LUA_MATHLIBNAME, luaopen_math}, {NULL, NULL}};
  static const char *const kept_base[] = {"assert", "error", "ipairs", "next",     "pairs",
                                          "select", "tonumber", "tostring", "type", "_VERSION", NULL};
  static const char *const kept_string[] = {"byte", "char", "format", "len", "lower", "reverse", "sub", "upper", NULL};
  static const char *const kept_table[] = {"concat", "insert", "pack", "remove", "sort", "unpack", NULL};
  for (const luaL_Reg *library = libraries; library->func; library++) {
    luaL_requiref(L, library->name, library->func, 1);
    lua_pop(L, 1);
  }
  lua_newtable(L);  // the new globals
  lua_pushglobaltable(L);
  for (const char *const *name = kept_base; *name; name++) {
    lua_getfield(L, -1, *name);
    lua_setfield(L, -3, *name);
  }
  lua_getfield(L, -1, LUA_MATHLIBNAME);
  lua_pushnil(L);
  lua_setfield(L, -2, "random");
  lua_pushnil(L);
  lua_setfield(L, -2, "randomseed");
  lua_setfield(L, -3, LUA_MATHLIBNAME);
  lua_newtable(L);
  lua_getfield(L, -2, LUA_STRLIBNAME);
  for (const char *const *name = kept_string; *name; name++) {
    lua_getfield(L, -1, *name);
    lua_setfield(L, -3, *name);
  }
  lua_pop(L, 1);
  lua_pushliteral(L, "");
  lua_getmetatable(L, -1);
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 2);
  lua_setfield(L, -3, LUA_STRLIBNAME);
  lua_newtable(L);
  lua_getfield(L, -2, LUA_TABLIBNAME);
  for (const char *const *name = kept_table; *name; name++) {
    lua_getfield(L, -1, *name);
    lua_setfield(L, -3, *name);
  }
  lua_pop(L, 1);
  lua_setfield(L, -3, LUA_TABLIBNAME);
  lua_pop(L, 1);
  lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  return 0;
}

int host_load_libraries(lua_State *L, bool restricted) {
  lua_pushcfunction(L, restricted ? run_open_restricted : run_open_all);
  return host_call(L, 0, 0);
}
