// The accesses of a thread to memory, one by one: in sources that are compiled with -fsanitize=thread, but linked with
// access_log.cpp in place of the sanitizer. The compiler then calls a function before each access to memory, and one
// instead of each atomic operation. So atomics and plain memory are seen where they lie in the library that users
// include. (A replacement of std::atomic would be larger, and the cache lines would not be the same.)
//
// Not seen: what the compiler keeps in registers, prefetches, allocation, system calls.
#ifndef EVAC_BENCH_SCALE_ACCESS_LOG_HPP
#define EVAC_BENCH_SCALE_ACCESS_LOG_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

enum class access_kind : std::uint8_t { read, write, atomic_load, atomic_store, read_modify_write };

class access {
 public:
  access(std::uint64_t line, access_kind kind) : bits_(line << 3U | static_cast<std::uint64_t>(kind)) {}
  [[nodiscard]] std::uint64_t line() const { return bits_ >> 3U; }
  [[nodiscard]] access_kind kind() const { return static_cast<access_kind>(bits_ & 7U); }

 private:
  std::uint64_t bits_;
};

/// The accesses of one thread.
struct access_log {
  std::vector<access> accesses;
  std::vector<std::size_t> ends;  // of each operation, in accesses
  void clear() {
    accesses.clear();
    ends.clear();
  }
};

/// While it lives, accesses of this thread go to the log, but for those to its stack: one operation.
class logged_operation {
 public:
  explicit logged_operation(access_log& log) noexcept;
  logged_operation(const logged_operation&) = delete;
  logged_operation& operator=(const logged_operation&) = delete;
  ~logged_operation();

 private:
  access_log& log_;
};

}  // namespace bench

#endif
