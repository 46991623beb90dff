# shellcheck shell=bash
# Cargo over a build folder that several checkouts share.

# use_target_dir: wait for the build folder and make it ours until this script ends.
#
# Cargo judges the crates of a workspace by the times of their files, and names the files of a cdylib without a hash.
# In a build folder that two checkouts share it would so take the one's plugin for the other's, and call it fresh
# (tried with cargo 1.95). The crates of this workspace are therefore forgotten when the checkout changes; the
# dependencies, which take the time, stay.
use_target_dir() {
  [ "${FLOE_TARGET_DIR_HELD:-}" != "$CARGO_TARGET_DIR" ] || return 0
  need cargo "install Rust (rustup, the toolchain of rust-version in Cargo.toml)"
  mkdir -p "$CARGO_TARGET_DIR"
  exec 8>"$CARGO_TARGET_DIR/.floe-lock"
  lock_fd 8 "$CARGO_TARGET_DIR"
  export FLOE_TARGET_DIR_HELD=$CARGO_TARGET_DIR
  local owner=$CARGO_TARGET_DIR/.floe-checkout
  if [ "$(cat "$owner" 2>/dev/null)" != "$REPO" ]; then
    forget_workspace
    printf '%s\n' "$REPO" >"$owner"
  fi
}

forget_workspace() {
  local name
  while IFS= read -r name; do
    rm -rf "$CARGO_TARGET_DIR/release/.fingerprint/$name"-*
  done < <(find "$REPO" -name Cargo.toml -not -path '*/target/*' -exec sed -n 's/^name = "\([a-z0-9_-]*\)"/\1/p' {} +)
}

# cargo_run ARGS: cargo, without handing the lock on to what it starts.
cargo_run() { (cd "$REPO" && exec cargo "$@" 8>&-); }
