// The state: allocator with a limit, warnings, native memory.
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

host_state *host_of(lua_State *L) { return *(host_state **)lua_getextraspace(L); }
lua_State *host_main(host_state *host) { return host->main; }
bool host_is_closing(host_state *host) { return host->closing; }
int host_depth(host_state *host) { return host->depth; }

// A generator of its own (splitmix64): a failure must come back with its seed.
static bool fails_by_chance(host_state *host) {
  if (host->failure_rate <= 0) return false;
  uint64_t z = host->failure_random += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53 < host->failure_rate;
}

// Refuses above the limit while Lua code runs, which Lua turns into an error there. Beneath Swift an error would skip
// Swift frames, so the limit waits until Lua runs again, and a machine without memory stops the process.
static void *allocate(void *context, void *block, size_t old_size, size_t new_size) {
  host_state *host = context;
  size_t old = block ? old_size : 0;
  if (new_size == 0) {
    free(block);
    host->used -= old;
    return NULL;
  }
  bool grows = new_size > old;
  if (grows && !host->in_swift) {
    if (host->limit && host->used - old + new_size > host->limit) return NULL;
    if (fails_by_chance(host)) return NULL;
  }
  void *result = realloc(block, new_size);
  if (!result) {
    if (!host->in_swift && grows) return NULL;
    fputs("out of memory\n", stderr);
    abort();
  }
  host->used += new_size - old;
  return result;
}

static int panic(lua_State *L) {
  const char *text = lua_tostring(L, -1);
  fprintf(stderr, "Lua error outside a protected call: %s\n", text ? text : "(no message)");
  return 0;  // Lua aborts
}

static void warn(void *context, const char *text, int continues) {
  host_state *host = context;
  if (!continues && host->warning_size == 0 && *text == '@') {
    if (strcmp(text, "@on") == 0) host->warnings_on = true;
    if (strcmp(text, "@off") == 0) host->warnings_on = false;
    return;
  }
  size_t room = sizeof host->warning - 1 - host->warning_size, size = strlen(text);
  if (size > room) size = room;
  memcpy(host->warning + host->warning_size, text, size);
  host->warning_size += size;
  if (continues) return;
  host->warning[host->warning_size] = 0;
  host->warning_size = 0;
  if (!host->warnings_on || !host->warn) return;
  bool in_swift = host->in_swift;
  host->in_swift = true;
  host->warn(host->context, host->warning);
  host->in_swift = in_swift;
}

host_state *host_new(host_invoke invoke, host_release release, host_warn warn_function, void *context) {
  host_state *host = calloc(1, sizeof *host);
  if (!host) abort();
  host->interrupter = host_new_interrupter();
  host->in_swift = true;
  host->warnings_on = true;
  host->invoke = invoke;
  host->release = release;
  host->warn = warn_function;
  host->context = context;
  lua_State *L = lua_newstate(allocate, host);
  if (!L) abort();
  *(host_state **)lua_getextraspace(L) = host;
  host->main = L;
  host->running = L;
  lua_atpanic(L, panic);
  lua_setwarnf(L, warn, host);
  return host;
}

void host_close(host_state *host) {
  host->closing = true;
  lua_sethook(host->main, NULL, 0, 0);
  lua_close(host->main);
  host_release_interrupter(host->interrupter);
  free(host);
}

void host_limit_memory(host_state *host, size_t bytes) { host->limit = bytes; }
size_t host_memory_used(host_state *host) { return host->used; }
size_t host_memory_limit(host_state *host) { return host->limit; }

void host_fail_allocations(host_state *host, uint64_t seed, double rate) {
  host->failure_random = seed;
  host->failure_rate = rate;
}

// MARK: native memory

enum { native_step = 4 << 20, native_slack = 64 << 20 };

void host_account(host_state *host, int64_t delta) {
  host->native = (size_t)((int64_t)host->native + delta);
  if (delta > 0) host->native_new += (size_t)delta;
}

size_t host_native_bytes(host_state *host) { return host->native; }

// The collector sees bytes where a handle holds megabytes. Every few megabytes of native memory count as that much
// allocation; when they still pile up (a large Lua heap makes cycles long), collect fully.
void host_collect_for_native(lua_State *L) {
  host_state *host = host_of(L);
  if (host->native_new < native_step) return;
  size_t kilobytes = host->native_new >> 10;
  host->native_new = 0;
  if (host->native > 2 * host->native_settled + native_slack) {
    lua_gc(L, LUA_GCCOLLECT);
    host->native_settled = host->native;
  } else {
    lua_gc(L, LUA_GCSTEP, (int)(kilobytes > (1 << 20) ? (1 << 20) : kilobytes));
    if (host->native < host->native_settled) host->native_settled = host->native;
  }
}
