# shellcheck shell=bash
# The checks of scripts/test that are more than one command.

CARGO_DENY_VERSION=0.20.2

check_dependencies() {
  local tools=$FLOE_CACHE/tools/cargo-deny-$CARGO_DENY_VERSION
  [ -x "$tools/bin/cargo-deny" ] || install_cargo_deny "$tools" || return 1
  # Fills cargo's own cache, so that the check itself can do without a network.
  cargo_run fetch --quiet --locked &&
    (cd "$REPO" && "$tools/bin/cargo-deny" deny --offline check bans licenses sources)
}

# install_cargo_deny FOLDER: the folder appears whole or not at all. It runs for a second; to optimise it would take minutes.
install_cargo_deny() (
  note "installing cargo-deny $CARGO_DENY_VERSION (some three minutes, once)"
  mkdir -p "${1%/*}"
  temp=$(mktemp -d "$1.XXXXXX")
  trap 'rm -rf "$temp"' EXIT
  CARGO_TARGET_DIR=$temp/target CARGO_PROFILE_DEV_DEBUG=0 \
    cargo_run install cargo-deny --debug --quiet --locked --version "$CARGO_DENY_VERSION" --root "$temp/out" &&
    mv "$temp/out" "$1"
)

# Shell scripts are found by their first line, since most have no suffix.
shell_scripts() {
  git -C "$REPO" ls-files -co --exclude-standard -- scripts .ci | while IFS= read -r file; do
    case $(head -n 1 "$REPO/$file") in '#!/usr/bin/env bash' | '# shellcheck shell=bash') printf '%s\n' "$file" ;; esac
  done
}

check_scripts() {
  local tools files
  tools=$(python_env tools "$REPO/scripts/requirements/tools.txt") || return 1
  files=$(shell_scripts)
  # shellcheck disable=SC2086 # a list of names without blanks
  (cd "$REPO" && "$tools/bin/shellcheck" --external-sources --source-path=SCRIPTDIR $files) &&
    (cd "$REPO" && "$tools/bin/ruff" check --quiet --no-cache --isolated --line-length 120 --select E,F,W,I,UP,B scripts examples tests) &&
    (cd "$REPO" && "$tools/bin/ruff" format --quiet --no-cache --isolated --line-length 120 --diff scripts examples tests)
}

# The repository names no host of a package registry: mirrors must work as they are.
check_registry_hosts() {
  local found
  found=$(git -C "$REPO" grep -nIiE 'crates\.[i]o|pypi\.[o]rg|pythonhoste[d]|npmj[s]|deb\.[d]ebian' -- . ':!Cargo.lock') || return 0
  printf '%s\n' "$found"
  echo "error: hosts of package registries are named above; the repository names none"
  return 1
}

# The seeds of the example are what its generator writes.
check_example_seeds() {
  local temp status=0
  temp=$(mktemp -d)
  "$(find_python)" "$REPO/examples/coffee-orders/tools/generate_seeds.py" "$temp" &&
    diff -r --exclude='*.yml' "$temp" "$REPO/examples/coffee-orders/seeds" || status=1
  rm -rf "$temp"
  return $status
}

# check_none_skipped LOG: every test of `cargo test` ran.
check_none_skipped() {
  local results skipped
  results=$(grep -E '^test result:' "$1") || {
    echo "error: no test ran"
    return 1
  }
  printf '%s\n' "$results" | awk '{passed += $4; failed += $6; skipped += $8 + $12}
    END {printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped}'
  # No line names a test that was filtered out; what its binary summed up tells of it.
  skipped=$(grep -E '^test (.* \.\.\. ignored|result: .* [1-9][0-9]* (ignored|filtered out);)' "$1") || skipped=
  if [ -n "$skipped" ]; then
    printf '%s\n' "$skipped"
    echo "error: tests were skipped; every test of this repository runs"
    return 1
  fi
}
