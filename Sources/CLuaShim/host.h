#ifndef CLUASHIM_HOST_H
#define CLUASHIM_HOST_H

#include <pthread.h>
#include <signal.h>

#include "CLuaShim.h"

struct host_state {
  lua_State *main;
  lua_State *volatile running;  ///< the thread (coroutine) that runs now: the one a signal must stop
  int interrupted;  ///< interruptions asked for that nothing has answered; atomic
  bool taken;       ///< one was taken during the outermost call under way
  pthread_t owner;
  bool runs;                          ///< a call from Swift is under way
  struct host_state *volatile outer;  ///< the state that runs this one beneath it, on the same thread
  sigset_t mask_before;
  bool in_swift;  ///< Swift frames are on top: an allocation must not raise
  bool closing;
  bool raised_again;  ///< the error on its way was recorded before Swift passed it on
  int depth;          ///< protected calls from Swift that are under way

  size_t used, limit;
  bool limited;
  int64_t instructions_left;
  double deadline;
  int limit_hit;

  size_t native;          ///< bytes behind live handles
  size_t native_new;      ///< bytes added since the last step of the collector
  size_t native_settled;  ///< `native` after the last full collection

  bool warnings_on;
  char warning[1024];
  size_t warning_size;

  host_invoke invoke;
  host_release release;
  host_warn warn;
  void *context;
};

void host_arm(host_state *host, lua_State *L);       // hooks L so that its next instruction notices
void host_begin_run(host_state *host);               // around the outermost call: signals reach it
void host_end_run(host_state *host);
void host_open_control(lua_State *L);                // [-0, +0, e] replaces pcall and the coroutine functions
int host_message_handler(lua_State *L);
void host_record(lua_State *L, lua_State *from);     // [-0, +0, m] error value on the top of L, stack of `from`

#endif
