// Compiling source text, stopped by limits and interruptions: the compiler of Lua takes time beyond any bound for some texts
// (every `elseif` walks over all before it), and no hook runs while it works.
#include "host.h"

struct source {
  const char *text;
  size_t left;
};

// In small pieces, because it is asked between two pieces whether to go on.
static const char *read_source(lua_State *L, void *data, size_t *size) {
  enum { piece = 64 };
  struct source *source = data;
  const char *text = host_spend(host_of(L), 0);
  if (text) {
    lua_pushstring(L, text);
    lua_error(L);
  }
  const char *result = source->text;
  *size = source->left < piece ? source->left : piece;
  source->text += *size;
  source->left -= *size;
  return result;
}

int host_load(lua_State *L, const char *text, size_t size, const char *name) {
  host_state *host = host_of(L);
  struct source source = {text, size};
  host_frame frame = host_enter(host, L);
  int status = lua_load(L, read_source, &source, name, "t");  // raises nothing, also not what the reader raises
  host_leave(host, frame);
  return status;
}
