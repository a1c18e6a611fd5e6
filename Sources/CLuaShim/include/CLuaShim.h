// The C at the Lua boundary. A Lua error is a longjmp; it may skip C frames of this file, never a Swift frame.
//
// Every function carries the mark of the Lua manual: [-pops, +pushes, errors] where errors is
//   -  never raises      m  raises only when memory is gone (in Swift mode the allocator stops the process instead)
//   e  raises: runs only beneath lua_pcall, and is therefore not declared here
// Functions that return a status run their work under lua_pcall and leave the error value on the stack.
#ifndef CLUASHIM_H
#define CLUASHIM_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What belongs to one Lua state besides its `lua_State`: limits, native memory, callbacks.
typedef struct host_state host_state;
/// Interrupts one state. It may outlive the state and then does nothing.
typedef struct host_interrupter host_interrupter;

/// Runs the Swift function `function`: pushes its results and returns their count, or pushes an error value and returns
/// one of the HOST_RAISE codes. Never raises.
typedef int (*host_invoke)(lua_State *L, void *function);
/// Releases the Swift object of a box. Never raises.
typedef void (*host_release)(void *object);
/// Receives one complete warning.
typedef void (*host_warn)(void *context, const char *text);

enum {
  HOST_RAISE = -1,           ///< raise the value on the top as it is
  HOST_RAISE_LOCATED = -2,   ///< the top is a message: put "script.lua:12: " before it
  HOST_RAISE_AGAIN = -3,     ///< the top is an error already recorded: keep its first traceback
};

/// One retained Swift object; the only content of our userdata. `object` is NULL once emptied.
typedef struct host_box {
  void *object;
  size_t bytes;  ///< native memory behind the object, as told to the collector
  const void *mark;  ///< tells a handle from other userdata of its size
} host_box;

// State. A new state is in Swift mode.
host_state *host_new(host_invoke invoke, host_release release, host_warn warn, void *context);
void host_close(host_state *host);
lua_State *host_main(host_state *host);
host_state *host_of(lua_State *L);
bool host_is_closing(host_state *host);

// Limits. Memory (0 is none) is refused only while Lua code runs. Instructions are counted in steps of 100; seconds are
// looked at with them, because one instruction may call a slow function of the library.
enum { HOST_LIMIT_INSTRUCTIONS = 1, HOST_LIMIT_SECONDS = 2 };
void host_limit_memory(host_state *host, size_t bytes);
void host_limit_execution(host_state *host, int64_t instructions, double most_seconds);
int host_limit_hit(host_state *host);
/// Counts other work as so many instructions. Says what stops the script: "interrupted", a limit, or NULL.
const char *host_spend(host_state *host, int64_t instructions);
size_t host_memory_used(host_state *host);
size_t host_memory_limit(host_state *host);

/// For tests: from now on this share of the allocations fails that Lua makes while its code runs.
void host_fail_allocations(host_state *host, uint64_t seed, double rate);

// Interruption. `host_interrupt` is safe in a signal handler and on any thread, also while the state closes.
host_interrupter *host_retain_interrupter(host_state *host);
void host_release_interrupter(host_interrupter *interrupter);
void host_interrupt(host_interrupter *interrupter);
bool host_is_interrupted(host_state *host);
void host_clear_interrupt(host_state *host);
/// Answers one interruption, so that the script goes on; once in an outermost call: the next one stops the script.
bool host_take_interrupt(host_state *host);
/// Sends SIGINT and SIGTERM there until `host_release_signals`; the third signal in a row that nothing answers ends the
/// process.
void host_catch_signals(host_interrupter *interrupter);
void host_release_signals(void);
/// The last signal that came since `host_catch_signals`, or 0.
int host_last_signal(void);

// Native memory behind handles.
void host_account(host_state *host, int64_t delta);
size_t host_native_bytes(host_state *host);
void host_collect_for_native(lua_State *L);  // [-0, +0, m]

// Calls. Status is LUA_OK or an error code; on an error the value is on the top and its traceback is recorded.
int host_call(lua_State *L, int arguments, int results);
int host_depth(host_state *host);
void host_push_traceback(lua_State *L);                              // [-0, +1, m] of the recorded error, or nil
void host_push_cause(lua_State *L);                                  // [-0, +1, m] the recorded error value, or nil
void host_record_cause(lua_State *L, const char *text, size_t size);  // [-0, +0, m] value on the top with this traceback
void host_forget_cause(lua_State *L);                                // [-0, +0, m]
/// Compiles `text` under the limits -> function. `name` as `lua_load` takes it.
int host_load(lua_State *L, const char *text, size_t size, const char *name);
int host_load_libraries(lua_State *L, bool restricted);
int host_get(lua_State *L, int table);             // key on the top -> value
int host_set(lua_State *L, int table);             // key, value on the top ->
int host_length(lua_State *L, int index);          // -> length
int host_next(lua_State *L, int table, bool *found);  // key on the top -> next key and value, or nothing
/// -> the first key that is not 1, 2, ... `length`, or nil.
int host_stray_key(lua_State *L, int table, lua_Integer length);
int host_to_text(lua_State *L, int index);         // -> string, by __tostring where there is one
int host_equal(lua_State *L, int first, int second, bool *equal);

// Functions and handles.
void host_push_function(lua_State *L, void *function);  // [-0, +1, m] takes over one reference
void *host_function_at(lua_State *L, int index);        // [-0, +0, -] or NULL
host_box *host_push_box(lua_State *L, void *object, size_t bytes);  // [-1, +1, m] pops the metatable
host_box *host_box_at(lua_State *L, int index);          // [-0, +0, -] or NULL where the value is no handle
void host_empty_box(lua_State *L, host_box *box);        // [-0, +0, -]
/// [-4, +1, m] Pops four tables (methods, getters, setters, and fallbacks { index =, newindex = }) and pushes a metatable
/// with __index, __newindex, __gc, __close, __name and __metatable = false.
void host_push_metatable(lua_State *L, const char *name);
// Macros of lua.h that Swift cannot import.
static inline int host_registry_index(void) { return LUA_REGISTRYINDEX; }
static inline int host_multiple_results(void) { return LUA_MULTRET; }
static inline void host_pop(lua_State *L, int count) { lua_settop(L, -count - 1); }
static inline void host_remove(lua_State *L, int index) { lua_rotate(L, index, -1); lua_settop(L, -2); }
static inline void host_insert(lua_State *L, int index) { lua_rotate(L, index, 1); }
static inline void host_push_globals(lua_State *L) { lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS); }
static inline size_t host_raw_length(lua_State *L, int index) { return (size_t)lua_rawlen(L, index); }
static inline int host_collect_generations(lua_State *L) { return lua_gc(L, LUA_GCGEN, 0, 0); }  // [-0, +0, m]
static inline int host_collect(lua_State *L) { return lua_gc(L, LUA_GCCOLLECT); }
static inline void host_raw_set_string(lua_State *L, int table, const char *key) {
  table = lua_absindex(L, table);
  lua_pushstring(L, key);
  lua_insert(L, -2);
  lua_rawset(L, table);
}
static inline int host_raw_get_string(lua_State *L, int table, const char *key) {
  table = lua_absindex(L, table);
  lua_pushstring(L, key);
  return lua_rawget(L, table);
}

#endif
