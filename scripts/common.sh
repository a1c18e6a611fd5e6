# Shared by the scripts in this folder, which source it from the repository's root.

# One set of flags for building and testing, so that both use the same objects. Testing needs internals to be visible.
build_flags=(-c release -Xswiftc -enable-testing)
perigee=.build/release/perigee
fuzzer=.build/release/fuzz

say() { printf '%s\n' "$*" >&2; }

# Runs a command; on a terminal its output is shown as it comes, elsewhere only where it fails.
run_readably() {
  if [ -t 2 ]; then
    "$@" >&2
    return
  fi
  local log status=0
  log="$(mktemp)"
  "$@" >"$log" 2>&1 || status=$?
  if [ "$status" -ne 0 ]; then tail -n 60 "$log" >&2; fi
  rm -f "$log"
  return "$status"
}

# Whether a source is newer than the build that the stamp stands for. Folders count: their time changes with every file that
# comes or goes.
is_stale() {
  local stamp="$1"
  shift
  [ ! -e "$stamp" ] || [ -n "$(find "$@" -newer "$stamp" -print -quit)" ]
}

# Builds the program where a source has changed since the last time.
build_program() {
  local stamp=.build/built-program
  if [ -x "$perigee" ] && ! is_stale "$stamp" Package.swift Sources scripts/common.sh; then return; fi
  if [ -x "$perigee" ]; then
    say "Building Perigee: its sources have changed ..."
  else
    say "Building Perigee for the first time; this takes a few minutes ..."
  fi
  mkdir -p .build && touch .build/build-began
  if ! run_readably swift build "${build_flags[@]}" --product perigee; then
    say "Perigee was not built: the compiler's messages are above."
    return 1
  fi
  mv .build/build-began "$stamp"
}

# The same for the fuzzer, which is built with internals visible like the tests.
build_fuzzer() {
  local stamp=.build/built-fuzzer
  if [ -x "$fuzzer" ] && ! is_stale "$stamp" Package.swift Sources scripts/common.sh; then return; fi
  say "Building the fuzzer ..."
  mkdir -p .build && touch .build/fuzzer-began
  if ! run_readably swift build "${build_flags[@]}" --product fuzz; then
    say "The fuzzer was not built: the compiler's messages are above."
    return 1
  fi
  mv .build/fuzzer-began "$stamp"
}
