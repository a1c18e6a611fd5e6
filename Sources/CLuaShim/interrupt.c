// Interruption: asked for on any thread or in a signal handler, noticed by the hook of the state that runs.
#include "host.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

// All that a thread which does not own the state may touch. It lives until the last who holds it lets go, so that the state
// may be closed meanwhile.
struct host_interrupter {
  int references;  ///< atomic
  int pending;     ///< interruptions asked for that nothing has answered; atomic
  bool runs;       ///< a call from Swift is under way; atomic
  pthread_t owner;
#ifdef __linux__
  pid_t owner_number;  ///< of the system: unlike a pthread_t it may be used after its thread ended
#endif
};

host_interrupter *host_new_interrupter(void) {
  host_interrupter *interrupter = calloc(1, sizeof *interrupter);
  if (!interrupter) abort();
  interrupter->references = 1;
  interrupter->owner = pthread_self();
#ifdef __linux__
  interrupter->owner_number = (pid_t)syscall(SYS_gettid);
#endif
  return interrupter;
}

static host_interrupter *retain(host_interrupter *interrupter) {
  __atomic_add_fetch(&interrupter->references, 1, __ATOMIC_RELAXED);
  return interrupter;
}

host_interrupter *host_retain_interrupter(host_state *host) { return retain(host->interrupter); }

void host_release_interrupter(host_interrupter *interrupter) {
  if (__atomic_sub_fetch(&interrupter->references, 1, __ATOMIC_ACQ_REL) == 0) free(interrupter);
}

bool host_is_interrupted(host_state *host) {
  return __atomic_load_n(&host->interrupter->pending, __ATOMIC_RELAXED) != 0;
}

// MARK: the states that run on this thread, innermost first, for signal handlers on it

static _Thread_local host_state *volatile thread_running;

static void begin_run(host_state *host) {
  // A thread may have every signal blocked (those of Dispatch, on which Swift runs tasks, do): the knock must come through.
  sigset_t knock;
  sigemptyset(&knock);
  sigaddset(&knock, SIGURG);
  pthread_sigmask(SIG_UNBLOCK, &knock, &host->mask_before);
  host->taken = false;
  host->outer = thread_running;
  thread_running = host;
  // Before the look for what is pending (host_enter): who asks now either is seen there or sees this.
  __atomic_store_n(&host->interrupter->runs, true, __ATOMIC_SEQ_CST);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void end_run(host_state *host) {
  __atomic_store_n(&host->interrupter->runs, false, __ATOMIC_SEQ_CST);
  thread_running = host->outer;
  pthread_sigmask(SIG_SETMASK, &host->mask_before, NULL);
}

host_frame host_enter(host_state *host, lua_State *L) {
  host_frame frame = {host->in_swift, host->running};
  host->in_swift = false;
  host->running = L;
  if (host->depth++ == 0) begin_run(host);
  if (host_is_interrupted(host)) host_arm(L);
  return frame;
}

void host_leave(host_state *host, host_frame frame) {
  if (--host->depth == 0) end_run(host);
  host->running = frame.running;
  host->in_swift = frame.in_swift;
}

// On the thread that runs Lua. What runs beneath an interrupted state (a config that native code evaluates) stops with it.
static void stop_interrupted(void) {
  host_state *last = NULL;
  for (host_state *host = thread_running; host; host = host->outer)
    if (host_is_interrupted(host)) last = host;
  for (host_state *host = thread_running; last; host = host->outer) {
    if (!host_is_interrupted(host)) __atomic_store_n(&host->interrupter->pending, 1, __ATOMIC_SEQ_CST);
    host_arm(host->main);
    host_arm(host->running);
    if (host == last) break;
  }
}

// MARK: asking and answering

static void on_knock(int number) {
  (void)number;
  int error = errno;
  stop_interrupted();
  errno = error;
}

static void knock(host_interrupter *interrupter) {
  struct sigaction action = {0};
  action.sa_handler = on_knock;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGURG, &action, NULL);
#ifdef __linux__
  // The owner may have ended since it was seen running; then nobody is met, or a thread with nothing to stop.
  syscall(SYS_tgkill, getpid(), interrupter->owner_number, SIGURG);
#else
  pthread_kill(interrupter->owner, SIGURG);
#endif
}

// lua_sethook may be called by a signal handler, but only on the thread that runs Lua: from another thread it could miss
// the function that is being entered. So another thread knocks with SIGURG, which nobody minds. A state that does not run
// finds what is pending when it begins to.
void host_interrupt(host_interrupter *interrupter) {
  __atomic_fetch_add(&interrupter->pending, 1, __ATOMIC_SEQ_CST);
  if (pthread_equal(pthread_self(), interrupter->owner))
    stop_interrupted();
  else if (__atomic_load_n(&interrupter->runs, __ATOMIC_SEQ_CST))
    knock(interrupter);
}

// Hooks left on coroutines remove themselves when they next fire.
static void disarm(host_state *host) {
  host_disarm(host);
  // One that came meanwhile may have lost its hook just now.
  if (host_is_interrupted(host)) stop_interrupted();
}

void host_clear_interrupt(host_state *host) {
  __atomic_store_n(&host->interrupter->pending, 0, __ATOMIC_SEQ_CST);
  disarm(host);
}

bool host_take_interrupt(host_state *host) {
  if (host->taken || !host_is_interrupted(host)) return false;
  host->taken = true;
  if (__atomic_sub_fetch(&host->interrupter->pending, 1, __ATOMIC_SEQ_CST) == 0) disarm(host);
  return true;
}

// MARK: signals

static const int caught[] = {SIGINT, SIGTERM};
enum { caught_count = sizeof caught / sizeof *caught };
static struct sigaction actions_before[caught_count];
static host_interrupter *target;    // atomic; retained
static int handlers_under_way;      // atomic: how many threads may be using the target
static int unanswered, last_signal;  // atomic

static void answer(int number, host_interrupter *interrupter) {
  __atomic_store_n(&last_signal, number, __ATOMIC_RELAXED);
  bool waiting = __atomic_load_n(&interrupter->pending, __ATOMIC_SEQ_CST) != 0;
  if (!waiting) __atomic_store_n(&unanswered, 0, __ATOMIC_SEQ_CST);
  if (__atomic_add_fetch(&unanswered, 1, __ATOMIC_SEQ_CST) >= 3) {
    static const char text[] = "\nended at the third signal: a native operation did not stop\n";
    ssize_t ignored = write(2, text, sizeof text - 1);
    (void)ignored;
    _exit(128 + number);
  }
  host_interrupt(interrupter);
}

static void on_signal(int number) {
  int error = errno;
  __atomic_add_fetch(&handlers_under_way, 1, __ATOMIC_SEQ_CST);
  host_interrupter *interrupter = __atomic_load_n(&target, __ATOMIC_SEQ_CST);
  if (interrupter) answer(number, interrupter);
  __atomic_sub_fetch(&handlers_under_way, 1, __ATOMIC_SEQ_CST);
  errno = error;
}

static host_interrupter *exchange_target(host_interrupter *next) {
  host_interrupter *last = __atomic_exchange_n(&target, next, __ATOMIC_SEQ_CST);
  // A handler on another thread may still use the last one.
  while (__atomic_load_n(&handlers_under_way, __ATOMIC_SEQ_CST) != 0) sched_yield();
  return last;
}

void host_catch_signals(host_interrupter *interrupter) {
  __atomic_store_n(&last_signal, 0, __ATOMIC_RELAXED);
  host_interrupter *last = exchange_target(retain(interrupter));
  if (last) return host_release_interrupter(last);
  struct sigaction action = {0};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  for (int index = 0; index < caught_count; index++) sigaction(caught[index], &action, &actions_before[index]);
}

void host_release_signals(void) {
  if (!__atomic_load_n(&target, __ATOMIC_SEQ_CST)) return;
  for (int index = 0; index < caught_count; index++) sigaction(caught[index], &actions_before[index], NULL);
  host_interrupter *last = exchange_target(NULL);
  if (last) host_release_interrupter(last);
}

int host_last_signal(void) { return __atomic_load_n(&last_signal, __ATOMIC_RELAXED); }
