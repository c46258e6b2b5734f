# shellcheck shell=bash
# Whether gdb can look into programs here. Sourced by the scripts that need it.

# Says why not.
gdb_works() {
  if ! command -v gdb >/dev/null; then
    echo "skipped: there is no gdb (Debian: gdb)"
  elif ! gdb -nx -batch -ex 'python import sys' >/dev/null 2>&1; then
    echo "skipped: this gdb was built without Python"
  elif ! gdb -nx -batch -ex starti -ex kill --args /bin/true 2>/dev/null </dev/null | grep -q '^Program stopped'; then
    echo "skipped: gdb may not trace processes here"
  else
    return 0
  fi
  return 1
}
