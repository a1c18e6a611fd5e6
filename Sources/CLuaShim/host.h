#ifndef CLUASHIM_HOST_H
#define CLUASHIM_HOST_H

#include <signal.h>

#include "CLuaShim.h"

/// Chunks of the library itself, `=[perigee batches]`: messages give the line of the script that called them.
#define HOST_INTERNAL_CHUNK "[perigee "

/// Values that a Swift function may push without asking for room; see `LuaState.reserve`.
enum { HOST_SWIFT_STACK = 200 };

struct host_state {
  lua_State *main;
  lua_State *volatile running;  ///< the thread (coroutine) that runs now: the one a signal must stop
  host_interrupter *interrupter;
  bool taken;                         ///< an interruption was taken during the outermost call under way
  struct host_state *volatile outer;  ///< the state that runs this one beneath it, on the same thread
  sigset_t mask_before;
  bool in_swift;  ///< Swift frames are on top: an allocation must not raise
  bool closing;
  bool raised_again;  ///< the error on its way was recorded before Swift passed it on
  int depth;          ///< protected calls from Swift that are under way
  int resets;         ///< coroutines that are being closed inside each other

  size_t used, limit;
  double failure_rate;  ///< for tests: how many of Lua's allocations fail
  uint64_t failure_random;
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

// What a call into Lua changes while it runs.
typedef struct host_frame {
  bool in_swift;
  lua_State *running;
} host_frame;

host_frame host_enter(host_state *host, lua_State *L);  // around a call from Swift into Lua that raises nothing
void host_leave(host_state *host, host_frame frame);
host_interrupter *host_new_interrupter(void);
void host_arm(lua_State *L);            // hooks L so that its next instruction notices
void host_disarm(host_state *host);     // leaves the hook that limits need, if there are any
void host_push_location(lua_State *L);                    // [-0, +1, m] "script.lua:12: " of the nearest line of a script, or ""
int host_raise_located(lua_State *L, const char *text);   // [-0, +0, e]
void host_open_control(lua_State *L);                     // [-0, +0, e] replaces pcall and the coroutine functions
int host_open_restricted(lua_State *L);                   // a lua_CFunction
int host_message_handler(lua_State *L);
void host_record(lua_State *L, lua_State *from);  // [-0, +0, m] error value on the top of L, stack of `from`

#endif
