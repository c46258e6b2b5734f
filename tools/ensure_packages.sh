# shellcheck shell=bash
# Installs Debian packages. Sourced by tests/run and bench/run: `ensure_packages NAME...` returns when every named package
# works, installs missing ones through apt, and otherwise names them and ends the program with status 2.

# A package is tested by the use that evac makes of it, wherever it came from. 99: there is no test.
package_works() {
  case "$1" in
    cmake) command -v cmake ;;
    ninja-build) command -v ninja ;;
    g++) command -v g++ ;;
    pkg-config) command -v pkg-config || command -v pkgconf ;;
    clang-19) command -v clang++-19 ;;
    clang-tools-19) command -v clang-query-19 ;;
    clang-tidy-19) command -v clang-tidy-19 ;;
    libclang-rt-19-dev) clang_runtime_exists ;;
    catch2) header_exists catch2/catch.hpp || header_exists catch2/catch_all.hpp ;;
    libabsl-dev) header_exists absl/hash/hash.h ;;
    relacy-dev) [ -e /usr/include/relacy/relacy.hpp ] ;;
    libbenchmark-dev) header_exists benchmark/benchmark.h ;;
    libcli11-dev) header_exists CLI/CLI.hpp ;;
    libasio-dev) header_exists asio.hpp ;;
    redis-tools) command -v redis-benchmark && command -v redis-cli ;;
    redis-server) command -v redis-server ;;
    nlohmann-json3-dev) header_exists nlohmann/json.hpp ;;
    libboost1.81-dev) header_exists boost/unordered/unordered_flat_map.hpp ;;
    libtbb-dev) header_exists tbb/concurrent_hash_map.h ;;
    golang-go) command -v go ;;
    libcuckoo-dev) header_exists libcuckoo/cuckoohash_map.hh ;;
    g++-aarch64-linux-gnu) command -v aarch64-linux-gnu-g++ ;;
    qemu-user-static) command -v qemu-aarch64-static ;;
    libc++-19-dev | libc++abi-19-dev) clang_library_exists ;;
    gdb) command -v gdb ;;
    valgrind) command -v valgrind && header_exists valgrind/callgrind.h ;;
    systemtap-sdt-dev) header_exists sys/sdt.h ;;
    *) return 99 ;;
  esac >/dev/null 2>&1
}

header_exists() {
  echo "#include <$1>" | g++ -std=c++20 -E -x c++ - -o /dev/null
}

clang_runtime_exists() {
  echo "int main() {}" | clang++-19 -fsanitize=address -x c++ - -o /dev/null
}

clang_library_exists() {
  printf '#include <string>\nint main() { return std::string().size() != 0; }\n' |
    clang++-19 -stdlib=libc++ -x c++ - -o /dev/null
}

ensure_packages() {
  local package status
  local missing=()
  for package in "$@"; do
    status=0
    package_works "$package" || status=$?
    if [ "$status" -eq 99 ]; then
      echo "ensure_packages: no test for the package $package" >&2
      exit 2
    fi
    [ "$status" -eq 0 ] || missing+=("$package")
  done
  [ "${#missing[@]}" -eq 0 ] && return 0

  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo)
  fi
  if ! command -v apt-get >/dev/null || { [ "${#as_root[@]}" -gt 0 ] && ! command -v sudo >/dev/null; }; then
    echo "missing (names of Debian packages), and there is no apt-get or no right to use it: ${missing[*]}" >&2
    exit 2
  fi

  echo "installing ${missing[*]}"
  # Fetching the lists is slow and may fail for an unrelated source; it is needed only when they are absent or stale.
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
    >/dev/null 2>&1 ||
    { "${as_root[@]}" apt-get update -qq &&
      "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; } ||
    {
      echo "apt-get could not install: ${missing[*]}" >&2
      exit 2
    }

  for package in "$@"; do
    package_works "$package" || {
      echo "the package $package is installed, but does not do what it is needed for" >&2
      exit 2
    }
  done
}
