// The state: allocator with a limit, interruption, instruction limit, warnings.
#include "host.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { instruction_step = 100 };

host_state *host_of(lua_State *L) { return *(host_state **)lua_getextraspace(L); }
lua_State *host_main(host_state *host) { return host->main; }
bool host_is_closing(host_state *host) { return host->closing; }
int host_depth(host_state *host) { return host->depth; }

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
  if (grows && host->limit && !host->in_swift && host->used - old + new_size > host->limit) return NULL;
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
  if (host->warnings_on && host->warn) host->warn(host->context, host->warning);
}

host_state *host_new(host_invoke invoke, host_release release, host_warn warn_function, void *context) {
  host_state *host = calloc(1, sizeof *host);
  if (!host) abort();
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
  host->owner = pthread_self();
  return host;
}

static host_state *volatile signal_target;

void host_close(host_state *host) {
  if (signal_target == host) host_release_sigint();
  host->closing = true;
  lua_sethook(host->main, NULL, 0, 0);
  lua_close(host->main);
  free(host);
}

// MARK: limits

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void hook(lua_State *L, lua_Debug *record) {
  host_state *host = host_of(L);
  const char *text = NULL;
  if (host_is_interrupted(host)) {
    text = "interrupted";
  } else if (host->limited) {
    host->instructions_left -= instruction_step;
    if (host->instructions_left <= 0) host->limit_hit = HOST_LIMIT_INSTRUCTIONS;
    if (host->deadline > 0 && seconds() > host->deadline) host->limit_hit = HOST_LIMIT_SECONDS;
    if (!host->limit_hit) return;
    text = host->limit_hit == HOST_LIMIT_SECONDS ? "too slow" : "too many instructions";
  }
  if (!text) {
    lua_sethook(L, NULL, 0, 0);
    return;
  }
  // The hook stays: a pcall of the script cannot swallow this error, its next instruction raises again.
  if (lua_getinfo(L, "Sl", record) && record->currentline > 0)
    lua_pushfstring(L, "%s:%d: %s", record->short_src, record->currentline, text);
  else
    lua_pushstring(L, text);
  lua_error(L);
}

void host_arm(host_state *host, lua_State *L) {
  (void)host;
  lua_sethook(L, hook, LUA_MASKCOUNT, 1);
}

void host_limit_memory(host_state *host, size_t bytes) { host->limit = bytes; }
void host_limit_execution(host_state *host, int64_t instructions, double most_seconds) {
  host->limited = true;
  host->instructions_left = instructions;
  host->deadline = seconds() + most_seconds;
  host->limit_hit = 0;
  lua_sethook(host->main, hook, LUA_MASKCOUNT, instruction_step);
}
int host_limit_hit(host_state *host) { return host->limit_hit; }
size_t host_memory_used(host_state *host) { return host->used; }
size_t host_memory_limit(host_state *host) { return host->limit; }

// MARK: interruption

// The states that run on this thread, innermost first, for signal handlers on it.
static _Thread_local host_state *volatile thread_running;

// A thread may have every signal blocked (those of Dispatch, on which Swift runs tasks, do): the knock must come through.
void host_begin_run(host_state *host) {
  sigset_t knock;
  sigemptyset(&knock);
  sigaddset(&knock, SIGURG);
  pthread_sigmask(SIG_UNBLOCK, &knock, &host->mask_before);
  host->outer = thread_running;
  thread_running = host;
  host->taken = false;
  __atomic_store_n(&host->runs, true, __ATOMIC_SEQ_CST);
}

void host_end_run(host_state *host) {
  __atomic_store_n(&host->runs, false, __ATOMIC_SEQ_CST);
  thread_running = host->outer;
  pthread_sigmask(SIG_SETMASK, &host->mask_before, NULL);
}

// On the thread that runs Lua. What runs beneath an interrupted state (a config that native code evaluates) stops with it.
static void stop_interrupted(void) {
  host_state *last = NULL;
  for (host_state *host = thread_running; host; host = host->outer)
    if (host_is_interrupted(host)) last = host;
  for (host_state *host = thread_running; last; host = host->outer) {
    if (!host_is_interrupted(host)) __atomic_store_n(&host->interrupted, 1, __ATOMIC_SEQ_CST);
    host_arm(host, host->main);
    host_arm(host, host->running);
    if (host == last) break;
  }
}

static void on_knock(int number) {
  (void)number;
  int error = errno;
  stop_interrupted();
  errno = error;
}

// lua_sethook may be called by a signal handler, but only on the thread that runs Lua: from another thread it could miss
// the function that is being entered. So another thread knocks with SIGURG, which nobody minds. A state that does not run
// finds the flag when it begins to.
void host_interrupt(host_state *host) {
  __atomic_fetch_add(&host->interrupted, 1, __ATOMIC_SEQ_CST);
  if (pthread_equal(pthread_self(), host->owner)) {
    stop_interrupted();
  } else if (__atomic_load_n(&host->runs, __ATOMIC_SEQ_CST)) {
    struct sigaction action = {0};
    action.sa_handler = on_knock;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(SIGURG, &action, NULL);
    pthread_kill(host->owner, SIGURG);
  }
}

bool host_is_interrupted(host_state *host) { return __atomic_load_n(&host->interrupted, __ATOMIC_RELAXED) != 0; }

// Hooks left on coroutines remove themselves when they next fire.
static void disarm(host_state *host) {
  if (host->limited)
    lua_sethook(host->main, hook, LUA_MASKCOUNT, instruction_step);
  else
    lua_sethook(host->main, NULL, 0, 0);
  // One that came meanwhile may have lost its hook just now.
  if (host_is_interrupted(host)) stop_interrupted();
}

void host_clear_interrupt(host_state *host) {
  __atomic_store_n(&host->interrupted, 0, __ATOMIC_SEQ_CST);
  disarm(host);
}

bool host_take_interrupt(host_state *host) {
  if (host->taken || !host_is_interrupted(host)) return false;
  host->taken = true;
  if (__atomic_sub_fetch(&host->interrupted, 1, __ATOMIC_SEQ_CST) == 0) disarm(host);
  return true;
}

static struct sigaction previous_action;

static void on_sigint(int number) {
  static volatile sig_atomic_t unanswered;
  int error = errno;
  host_state *host = signal_target;
  if (!host) return;
  unanswered = host_is_interrupted(host) ? unanswered + 1 : 1;
  if (unanswered >= 3) {
    static const char text[] = "\nended at the third interrupt: a native operation did not stop\n";
    ssize_t ignored = write(2, text, sizeof text - 1);
    (void)ignored;
    _exit(128 + number);
  }
  host_interrupt(host);
  errno = error;
}

void host_catch_sigint(host_state *host) {
  bool first = signal_target == NULL;
  signal_target = host;
  if (!first) return;
  struct sigaction action = {0};
  action.sa_handler = on_sigint;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &previous_action);
}

void host_release_sigint(void) {
  if (!signal_target) return;
  sigaction(SIGINT, &previous_action, NULL);
  signal_target = NULL;
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
