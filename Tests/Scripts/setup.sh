#!/usr/bin/env bash
# scripts/setup on systems that are not this one: a PATH that holds stand-ins for dpkg-query, apt-get, sudo, id, pkg-config and
# swift, and the common tools. A stand-in of apt-get notes what it is asked for and "installs" it in a file that the stand-in of
# dpkg-query reads. Prints what is wrong; ends with failure if anything is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root="$PWD"
wanted=(liblua5.4-dev libopenblas-dev libedit-dev libsqlite3-dev zlib1g-dev pkg-config lua-check cmark-gfm)

place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT
failures=0 checks=0

stand_in() {
  printf '#!/bin/bash\n%s\n' "$2" >"$bin/$1"
  chmod +x "$bin/$1"
}

# A system: `system NAME [INSTALLED...]`. Root, Debian and a working network, unless a test changes the stand-ins.
system() {
  name="$1"
  home="$place/${name// /-}" bin="$home/bin"
  mkdir -p "$bin" "$home/checkout/scripts"
  cp "$root/scripts/setup" "$home/checkout/scripts/"
  shift
  printf '%s\n' "$@" >"$home/installed"
  : >"$home/calls"
  local tool
  for tool in bash cat dirname env head mkdir mktemp rm sed stat tail tr; do ln -s "$(command -v "$tool")" "$bin/$tool"; done
  stand_in id 'echo 0'
  stand_in swift 'echo "Swift version 6.3.1 (swift-6.3.1-RELEASE)"'
  # Like the real one: it prints the packages that it knows and fails where one is unknown to it.
  stand_in dpkg-query 'shift 3; status=0
for package in "$@"; do
  if grep -qx "$package" "$HOME/installed"; then echo "installed $package"
  elif [ "$package" = zlib1g-dev ]; then echo "not-installed $package"
  else echo "dpkg-query: no packages found matching $package" >&2; status=1; fi
done
exit $status'
  ln -s "$(command -v grep)" "$bin/grep"
  stand_in apt-get 'echo "apt-get $*" >>"$HOME/calls"
[ "$1" = install ] || exit 0
for word in "$@"; do case "$word" in install | -*) ;; *) echo "$word" >>"$HOME/installed" ;; esac; done'
}

# Runs setup there; sets `status` and `output`.
setup() {
  status=0
  output="$(cd / && env -i PATH="$bin" HOME="$home" bash "$home/checkout/scripts/setup" "$@" 2>&1)" || status=$?
}

fail() {
  failures=$((failures + 1))
  printf '%s: %s\n  setup said: %s\n' "$name" "$1" "${output//$'\n'/$'\n'  }"
}
expect_status() { checks=$((checks + 1)) && [ "$status" -eq "$1" ] || fail "want exit status $1, got $status"; }
expect_says() { checks=$((checks + 1)) && [[ "$output" == *"$1"* ]] || fail "want it to say '$1'"; }
expect_silence() { checks=$((checks + 1)) && [ -z "$output" ] || fail "want it to say nothing"; }
expect_calls() {
  local calls
  calls="$(cat "$home/calls")"
  checks=$((checks + 1)) && [ "$calls" = "$1" ] || fail "want the calls '$1', got '$calls'"
}
installing() { printf 'apt-get update\napt-get install -y --no-install-recommends %s' "$*"; }

# MARK: Debian

system "none installed"
setup --check
expect_status 1
expect_says "liblua5.4-dev"
expect_says "scripts/setup installs them"
expect_calls ""
setup
expect_status 0
expect_calls "$(installing "${wanted[@]}")"
expect_says "setup: done"
setup
expect_status 0
expect_silence

system "some installed" libopenblas-dev pkg-config libsqlite3-dev
setup
expect_status 0
expect_calls "$(installing liblua5.4-dev libedit-dev zlib1g-dev lua-check cmark-gfm)"

system "one that dpkg knows but does not have" "${wanted[@]/zlib1g-dev/}"
setup
expect_status 0
expect_calls "$(installing zlib1g-dev)"

system "all installed" "${wanted[@]}"
setup
expect_status 0
expect_silence
expect_calls ""
setup --check
expect_status 0
expect_says "nothing is missing"

system "pkgconf in the place of pkg-config" "${wanted[@]/pkg-config/}"
stand_in pkg-config 'exit 0'
setup
expect_status 0
expect_silence

system "no root and no sudo"
stand_in id 'echo 1000'
setup
expect_status 1
expect_says "apt-get install -y ${wanted[*]}"
expect_calls ""

system "no root, but sudo"
stand_in id 'echo 1000'
stand_in sudo 'echo "sudo $*" >>"$HOME/calls"; exec "$@"'
setup
expect_status 0
expect_says "setup: done"
expect_calls "sudo apt-get update
apt-get update
sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${wanted[*]}
apt-get install -y --no-install-recommends ${wanted[*]}"

system "sudo that refuses"
stand_in id 'echo 1000'
stand_in sudo 'echo "sudo: a password is required" >&2; exit 1'
setup
expect_status 1
expect_says "a password is required"
expect_says "apt-get failed"

system "no network"
stand_in apt-get '[ "$1" = update ] && exit 0; echo "E: Unable to fetch some archives" >&2; exit 100'
setup
expect_status 1
expect_says "E: Unable to fetch some archives"
expect_says "apt-get failed"

system "apt-get that installs nothing"
stand_in apt-get 'exit 0'
setup
expect_status 1
expect_says "dpkg-query does not know them as installed"

# MARK: elsewhere

system "not Debian, nothing there"
rm "$bin/apt-get" "$bin/dpkg-query"
setup
expect_status 1
expect_says "lua-check"
expect_says "not a Debian or Ubuntu system"

system "not Debian, all but OpenBLAS there"
rm "$bin/apt-get" "$bin/dpkg-query"
stand_in pkg-config '[ "$2" != openblas ]'
stand_in luacheck 'exit 0'
stand_in cmark-gfm 'exit 0'
setup
expect_status 1
expect_says "libopenblas-dev"
checks=$((checks + 1))
[[ "$output" != *liblua* ]] || fail "want it to name what is missing only"

system "not Debian, all there"
rm "$bin/apt-get" "$bin/dpkg-query"
stand_in pkg-config 'exit 0'
stand_in luacheck 'exit 0'
stand_in cmark-gfm 'exit 0'
setup
expect_status 0
expect_silence

# MARK: Swift, arguments

system "no Swift" "${wanted[@]}"
rm "$bin/swift"
setup
expect_status 1
expect_says "no Swift toolchain"

system "an old Swift" "${wanted[@]}"
stand_in swift 'echo "Swift version 5.9.2"'
setup
expect_status 1
expect_says "is Swift 5; Perigee needs 6"

system "an argument that is unknown" "${wanted[@]}"
setup --chekc
expect_status 2
expect_says "--chekc"

if [ "$failures" -gt 0 ]; then
  printf '%d of %d checks of scripts/setup failed\n' "$failures" "$checks"
  exit 1
fi
printf '%d checks of scripts/setup\n' "$checks"
