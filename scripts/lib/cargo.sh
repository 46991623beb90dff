# shellcheck shell=bash
# Cargo over a build folder that several checkouts share.

# use_target_dir: wait for the build folder and make it ours until this script ends.
#
# Cargo names the files of a cdylib without a hash. A build folder that two checkouts share would so
# take the plugin of the one for the other's and call it fresh. The crates of this workspace are
# therefore forgotten when the checkout changes; the dependencies, which take the time, stay.
use_target_dir() {
  [ "${FLOE_TARGET_DIR_HELD:-}" != "$CARGO_TARGET_DIR" ] || return 0
  need cargo "install Rust (rustup, the toolchain of rust-version in Cargo.toml)"
  mkdir -p "$CARGO_TARGET_DIR"
  exec 8>"$CARGO_TARGET_DIR/.floe-lock"
  lock_fd 8 "$CARGO_TARGET_DIR"
  export FLOE_TARGET_DIR_HELD=$CARGO_TARGET_DIR
  local owner=$CARGO_TARGET_DIR/.floe-checkout
  if [ "$(cat "$owner" 2>/dev/null)" != "$REPO" ]; then
    rm -rf "$CARGO_TARGET_DIR"/release/.fingerprint/floe-*
    printf '%s\n' "$REPO" >"$owner"
  fi
}

# cargo_run ARGS: cargo, without handing the lock on to what it starts.
cargo_run() { (cd "$REPO" && exec cargo "$@" 8>&-); }
