# shellcheck shell=bash
# What tests need of Debian's packages: unpacked in the cache, so that nothing is installed on the system.

# promtool_program: print the path of promtool, which checks Prometheus' rules.
promtool_program() { debian_program promtool usr/bin/promtool prometheus; }

# minisign_program: print the path of minisign.
minisign_program() { debian_program minisign usr/bin/minisign minisign libsodium23; }

# debian_program NAME PATH PACKAGE…: print the path of a program: the system's, or the one at PATH of the packages, with their libraries.
debian_program() {
  local folder
  if command -v "$1"; then return; fi
  folder=$FLOE_CACHE/programs/$1
  cached_folder "$folder" unpack_program "$@"
  printf '%s\n' "$folder/$1"
}

# unpack_program FOLDER NAME PATH PACKAGE…
unpack_program() {
  local folder=$1 name=$2 path=$3 temp package
  shift 3
  say "Fetching $name"
  need apt-get "install $name by the package manager of this system"
  have_package_lists
  temp=$(mktemp -d "$folder.XXXXXX")
  # apt downloads as a user of its own.
  chmod 755 "$temp"
  (cd "$temp" && apt-get download -qq "$@") >&2 || die "$name could not be fetched" "see what apt-get says: apt-get download $*"
  for package in "$temp"/*.deb; do dpkg-deb -x "$package" "$temp/root"; done
  mkdir "$temp/out"
  cp "$temp/root/$path" "$temp/out/$name.bin"
  find "$temp/root/usr" -name 'lib*.so.*' -exec cp {} "$temp/out/" \;
  # shellcheck disable=SC2016 # the wrapper's own variables
  printf '#!/bin/sh\nhere=$(dirname "$0")\nLD_LIBRARY_PATH=$here exec "$here/%s.bin" "$@"\n' "$name" >"$temp/out/$name"
  chmod 755 "$temp/out/$name"
  mv "$temp/out" "$folder"
  rm -rf "$temp"
}

# have_package_lists: apt knows its packages; a new machine has to ask for them first.
have_package_lists() {
  apt-cache show pgbouncer >/dev/null 2>&1 || as_root apt-get update -qq >&2
}

# as_root COMMAND…: as root, by sudo where we are somebody else.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# cached_folder FOLDER FETCH ARG…: have a folder that FETCH makes, whole or not at all, once for all that ask.
cached_folder() {
  local folder=$1 fetch=$2
  shift 2
  [ ! -e "$folder" ] || return 0
  mkdir -p "${folder%/*}"
  (
    exec 7>"$folder.lock"
    lock_fd 7 "$folder"
    [ -e "$folder" ] || "$fetch" "$folder" "$@"
  ) || exit 1
}
