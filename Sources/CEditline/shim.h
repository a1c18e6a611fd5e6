// libedit, with its variadic functions as plain ones for Swift.
#include <histedit.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>

typedef unsigned char (*editline_command)(EditLine *, int);
typedef char *(*editline_prompt)(EditLine *);

/// A line editor on the standard streams with emacs keys. Signals are left to the program: a key, not a signal, brings
/// Ctrl-C, so that an unfinished line is given up without a jump out of libedit.
static inline EditLine *editline_new(const char *program, editline_prompt prompt, void *client) {
  setlocale(LC_CTYPE, "");
  EditLine *editor = el_init(program, stdin, stdout, stderr);
  if (!editor) return NULL;
  el_set(editor, EL_CLIENTDATA, client);
  el_set(editor, EL_PROMPT, prompt);
  el_set(editor, EL_EDITOR, "emacs");
  el_set(editor, EL_SETTY, "-d", "-isig", NULL);
  return editor;
}

static inline void *editline_client(EditLine *editor) {
  void *client = NULL;
  el_get(editor, EL_CLIENTDATA, &client);
  return client;
}

static inline void editline_bind(EditLine *editor, const char *key, const char *name, editline_command command) {
  el_set(editor, EL_ADDFN, name, name, command);
  el_set(editor, EL_BIND, key, name, NULL);
}

static inline void editline_bind_builtin(EditLine *editor, const char *key, const char *name) {
  el_set(editor, EL_BIND, key, name, NULL);
}

static inline void editline_prepare_terminal(EditLine *editor, bool raw) { el_set(editor, EL_PREP_TERM, raw ? 1 : 0); }

static inline History *editline_history(EditLine *editor, int size) {
  History *list = history_init();
  HistEvent event;
  if (!list) return NULL;
  history(list, &event, H_SETSIZE, size);
  history(list, &event, H_SETUNIQUE, 1);
  el_set(editor, EL_HIST, history, list);
  return list;
}

static inline void editline_enter(History *list, const char *line) {
  HistEvent event;
  history(list, &event, H_ENTER, line);
}

static inline bool editline_load(History *list, const char *path) {
  HistEvent event;
  return history(list, &event, H_LOAD, path) >= 0;
}

static inline bool editline_save(History *list, const char *path) {
  HistEvent event;
  return history(list, &event, H_SAVE, path) >= 0;
}
