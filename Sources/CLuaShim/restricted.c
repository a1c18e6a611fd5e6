// The libraries of a config.
#include "host.h"

// MARK: functions of `table` whose single call could run without end, made to pay for their steps

static void spend(lua_State *L, int64_t instructions) {
  const char *text = host_spend(host_of(L), instructions);
  if (text) host_raise_located(L, text);
}

// Upvalue: the script's function, or nil for `<`.
static int compare(lua_State *L) {
  enum { bytes_for_one = 32 };
  if (!lua_isnil(L, lua_upvalueindex(1))) {
    spend(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 2, 1);
    return 1;
  }
  bool texts = lua_type(L, 1) == LUA_TSTRING && lua_type(L, 2) == LUA_TSTRING;
  size_t first = lua_rawlen(L, 1), second = lua_rawlen(L, 2);
  spend(L, 1 + (texts ? (int64_t)((first < second ? first : second) / bytes_for_one) : 0));
  lua_pushboolean(L, lua_compare(L, 1, 2, LUA_OPLT));
  return 1;
}

// Upvalue of this and the two below: Lua's own function.
static int sort(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  lua_pushcclosure(L, compare, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, 2, 0);
  return 0;
}

// Moves the entries from `position` on by one.
static int call_moving(lua_State *L, lua_Integer position) {
  enum { moves_for_one = 8 };
  lua_Integer length = (lua_Integer)lua_rawlen(L, 1);
  if (position >= 1 && position <= length) spend(L, (length - position) / moves_for_one);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

static int insert_entry(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  return call_moving(L, lua_gettop(L) == 3 ? luaL_checkinteger(L, 2) : 0);
}

static int remove_entry(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  return call_moving(L, lua_isnone(L, 2) ? 0 : luaL_checkinteger(L, 2));
}

// The table with Lua's functions is on the top.
static void make_pay(lua_State *L) {
  static const luaL_Reg functions[] = {{"sort", sort}, {"insert", insert_entry}, {"remove", remove_entry}, {NULL, NULL}};
  for (const luaL_Reg *function = functions; function->func; function++) {
    lua_getfield(L, -1, function->name);
    lua_pushcclosure(L, function->func, 1);
    lua_setfield(L, -2, function->name);
  }
}

// MARK: what there is

// What a config may use: no files, no code loading, no metatables, and nothing whose single call can run without end
// (string.rep, patterns, table.move), because limits count Lua instructions.
int host_open_restricted(lua_State *L) {
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
  make_pay(L);
  lua_setfield(L, -3, LUA_TABLIBNAME);
  lua_pop(L, 1);
  lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  return 0;
}
