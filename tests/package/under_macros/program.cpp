// Every header of evac after the macros of other libraries. What evac includes comes first, as it does in a program
// that works: the standard library is not written for such macros either.
#include <absl/base/thread_annotations.h>
#include <absl/hash/hash.h>
#include <absl/strings/string_view.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cmath>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <exception>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <list>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <ostream>
#include <random>
#include <ranges>
#include <shared_mutex>
#include <source_location>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>
#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#include "macros.hpp"

// Written by CMake: all that cmake/headers.cmake lists.
#include "every_header.hpp"

#include "../every_verb/every_verb.hpp"

int main() {
  const char* wrong = every_verb::use_everything();
  std::puts(*wrong == 0 ? "every verb works under the macros" : wrong);
  return *wrong == 0 ? 0 : 1;
}
