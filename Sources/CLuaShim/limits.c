// What stops Lua code: an interruption, or the limits of a config. Both are noticed by a hook that counts instructions, and by
// functions of C whose work the count does not see.
#include "host.h"

#include <string.h>
#include <time.h>

enum { instruction_step = 100 };

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

const char *host_spend(host_state *host, int64_t instructions) {
  if (host_is_interrupted(host)) return "interrupted";
  if (!host->limited) return NULL;
  host->instructions_left = instructions < host->instructions_left ? host->instructions_left - instructions : 0;
  if (host->instructions_left == 0) host->limit_hit = HOST_LIMIT_INSTRUCTIONS;
  if (seconds() > host->deadline) host->limit_hit = HOST_LIMIT_SECONDS;
  if (!host->limit_hit) return NULL;
  return host->limit_hit == HOST_LIMIT_SECONDS ? "too slow" : "too many instructions";
}

void host_push_location(lua_State *L) {
  static const char ours[] = "=" HOST_INTERNAL_CHUNK;
  lua_Debug record;
  for (int level = 0; lua_getstack(L, level, &record); level++) {
    lua_getinfo(L, "Sl", &record);
    if (record.currentline <= 0 || strncmp(record.source, ours, sizeof ours - 1) == 0) continue;
    lua_pushfstring(L, "%s:%d: ", record.short_src, record.currentline);
    return;
  }
  lua_pushliteral(L, "");
}

int host_raise_located(lua_State *L, const char *text) {
  host_push_location(L);
  lua_pushstring(L, text);
  lua_concat(L, 2);
  return lua_error(L);
}

// The hook stays after an error: a pcall of the script cannot swallow it, its next instruction raises again.
static void hook(lua_State *L, lua_Debug *record) {
  (void)record;
  host_state *host = host_of(L);
  const char *text = host_spend(host, instruction_step);
  if (text)
    host_raise_located(L, text);
  else if (!host->limited)
    lua_sethook(L, NULL, 0, 0);
}

void host_arm(lua_State *L) { lua_sethook(L, hook, LUA_MASKCOUNT, 1); }

void host_disarm(host_state *host) {
  if (host->limited)
    lua_sethook(host->main, hook, LUA_MASKCOUNT, instruction_step);
  else
    lua_sethook(host->main, NULL, 0, 0);
}

void host_limit_execution(host_state *host, int64_t instructions, double most_seconds) {
  host->limited = true;
  host->instructions_left = instructions;
  host->deadline = seconds() + most_seconds;
  host->limit_hit = 0;
  host_disarm(host);
}

int host_limit_hit(host_state *host) { return host->limit_hit; }
