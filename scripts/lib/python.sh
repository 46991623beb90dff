# shellcheck shell=bash
# Python environments, one for each set of requirements, kept in the cache.

find_python() {
  local candidate
  for candidate in "${FLOE_PYTHON:-}" python3 python3.13 python3.12 python3.11 python3.10; do
    if [ -n "$candidate" ] && "$candidate" -c 'import sys, ensurepip, venv; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  die "Python 3.10 to 3.13 with venv is needed and was not found" \
    "install it (Debian: apt-get install python3-venv), or name one in FLOE_PYTHON"
}

# python_env NAME REQUIREMENTS: print the folder of an environment with what the file asks for.
#
# The folder is keyed by the requirements and the interpreter. It counts once its marker is there; a half one
# is made anew. A lock keeps two scripts from making the same one.
python_env() {
  local name=$1 requirements=$2 python key folder
  python=$(find_python) || exit 1
  key=$({
    cat "$requirements"
    "$python" -c 'import sys; print(sys.executable, sys.version)'
  } | sha256_stdin)
  folder=$FLOE_CACHE/python/$name-${key:0:16}
  if [ ! -e "$folder/.complete" ]; then
    mkdir -p "${folder%/*}"
    (
      exec 7>"$folder.lock"
      lock_fd 7 "$folder"
      [ -e "$folder/.complete" ] || make_python_env "$name" "$python" "$requirements" "$folder"
    ) || die "the Python environment $name could not be made" \
      "the lines above say why; the same again by hand: $folder/bin/python -m pip install -r $requirements"
  fi
  printf '%s\n' "$folder"
}

sha256_stdin() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum; else shasum -a 256; fi | cut -d' ' -f1
}

# Its steps are chained: a caller's "||" switches set -e off in here.
make_python_env() {
  say "Making the Python environment $1 ($(grep -vcE '^[[:space:]]*(#|$)' "$3") requirements)"
  rm -rf "$4"
  if command -v uv >/dev/null 2>&1; then
    uv venv --quiet --python "$2" "$4" >&2 &&
      uv pip install --quiet --compile-bytecode --python "$4/bin/python" -r "$3" >&2 &&
      touch "$4/.complete"
  else
    "$2" -m venv "$4" >&2 &&
      "$4/bin/python" -m pip install --quiet --disable-pip-version-check -r "$3" >&2 &&
      touch "$4/.complete"
  fi
}
