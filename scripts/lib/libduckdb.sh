# shellcheck shell=bash
# The official prebuilt libduckdb, from the package that carries it for Node.

LIBDUCKDB_VERSION=1.5.5
LIBDUCKDB_PACKAGE_VERSION=1.5.5-r.5

libduckdb_sha256() {
  case $1 in
    linux-x64) echo 86d2bda909785550e8a14a57a8a4584827aff0e268d8f1a58c3fd48559f7020e ;;
    linux-arm64) echo 3b85f3ea438f7dc3691d7b5e6e4222ffe9127fd17885f96ca72e0c99925c348e ;;
    darwin-arm64) echo 08b3cfd7d4d620a5fb67ef49db28551b767107266af3a8e2600e49d99ee59456 ;;
    darwin-x64) echo 1266f62ac7c02f7971554a2b0b2c4c19923a97258bfdf1b203873e174e7a28c4 ;;
  esac
}

# use_libduckdb: fetch it once, verify it, and set DUCKDB_LIB_DIR, which libduckdb-sys links against.
use_libduckdb() {
  local folder
  folder=$FLOE_CACHE/libduckdb/$LIBDUCKDB_VERSION/$(platform)
  if [ ! -e "$folder" ]; then
    need npm "install Node.js with npm, or build DuckDB into the plugin with: scripts/build --bundled"
    mkdir -p "${folder%/*}"
    (
      exec 7>"$folder.lock"
      lock_fd 7 "$folder"
      [ -e "$folder" ] || fetch_libduckdb "$(platform)" "$folder"
    ) || exit 1
  fi
  export DUCKDB_LIB_DIR=$folder
}

# fetch_libduckdb PLATFORM FOLDER: the folder appears whole or not at all.
fetch_libduckdb() {
  local package=@duckdb/node-bindings-$1@$LIBDUCKDB_PACKAGE_VERSION temp tarball found expected
  say "Fetching libduckdb $LIBDUCKDB_VERSION for $1"
  temp=$(mktemp -d "$2.XXXXXX")
  # shellcheck disable=SC2064 # the folder's name of now
  trap "rm -rf '$temp'" EXIT
  tarball=$temp/$(cd "$temp" && npm pack --silent "$package" | tail -n 1)
  [ -f "$tarball" ] || die "npm could not fetch $package" "see what npm says: npm pack $package"
  found=$(sha256_of "$tarball")
  expected=$(libduckdb_sha256 "$1")
  [ "$found" = "$expected" ] ||
    die "$package is not the file that was pinned: sha256 $found, expected $expected" \
      "do not use it; see whether the registry that npm asks serves the package unchanged"
  mkdir "$temp/out"
  tar -xzmf "$tarball" -C "$temp/out" --strip-components 1 "package/libduckdb.$(library_suffix)" package/LICENSE ||
    die "$package could not be unpacked"
  chmod 644 "$temp"/out/*
  mv "$temp/out" "$2"
}
