# shellcheck shell=bash
# Sourced by every script: the checkout, the cache folder, plain messages, locks.

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
FLOE_CACHE=${FLOE_CACHE:-$HOME/.cache/floe}
mkdir -p "$FLOE_CACHE"
FLOE_CACHE=$(cd "$FLOE_CACHE" && pwd -P)
# Outside the checkout, so that a second clone builds in seconds.
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$FLOE_CACHE/target}
export REPO FLOE_CACHE CARGO_TARGET_DIR
# What is built must be writable by its owner alone: floe checks that of its plugins.
umask 022

say() { printf '==> %s\n' "$*" >&2; }
note() { printf '    %s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf '  help: %s\n' "$@" >&2
  exit 1
}

# need COMMAND HELP: stop with one clear line when a program is missing.
need() { command -v "$1" >/dev/null 2>&1 || die "$1 is needed and was not found" "$2"; }

sha256_of() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d' ' -f1
}

# The platform as Node's packages name it: linux-x64, linux-arm64, darwin-arm64, darwin-x64.
platform() {
  local os arch
  case $(uname -s) in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    *) die "floe is built on Linux and macOS, this is $(uname -s)" ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) die "floe is built for x86_64 and arm64, this is $(uname -m)" ;;
  esac
  printf '%s-%s\n' "$os" "$arch"
}

library_suffix() { case $(uname -s) in Darwin) echo dylib ;; *) echo so ;; esac; }

# lock_fd FD FILE: wait until this process holds the lock of FILE on descriptor FD, which must be open.
lock_fd() {
  if command -v flock >/dev/null 2>&1; then
    flock -n "$1" || {
      note "waiting for another script that uses $2"
      flock "$1"
    }
  else
    perl -e 'use Fcntl ":flock"; open(my $f, ">&=", $ARGV[0]) or die; flock($f, LOCK_EX) or die' "$1"
  fi
}
