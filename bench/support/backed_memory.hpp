// Memory that the host of a virtual machine has backed: so that no map pays for pages that another has used before it.
//
// A host backs a page when it is first touched, which takes longer than anything a map does: 4 ms for a huge page that
// otherwise takes 0.1 ms. It may take back what has been free for some two seconds (free page reporting). So memory is
// touched just before a map needs it, and what a longer run needs later is held until then.
#ifndef EVAC_BENCH_SUPPORT_BACKED_MEMORY_HPP
#define EVAC_BENCH_SUPPORT_BACKED_MEMORY_HPP

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <iostream>

#include "support/measure.hpp"

namespace bench {

class backed_memory {
 public:
  /// Touches so many bytes, but no more than a third of what there is, and holds them.
  explicit backed_memory(std::size_t bytes) : left_(std::min(bytes, available_bytes() / 3) / piece * piece) {
    void* const memory = ::mmap(nullptr, left_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      left_ = 0;
      return;
    }
    begin_ = static_cast<char*>(memory);
    // As huge pages where the system gives some: later huge pages would come from memory that small ones had left
    // alone.
    ::madvise(memory, left_, MADV_HUGEPAGE);
    for (std::size_t at = 0; at < left_; at += 4096) static_cast<volatile char*>(memory)[at] = 1;
  }
  backed_memory(const backed_memory&) = delete;
  backed_memory& operator=(const backed_memory&) = delete;
  ~backed_memory() { give_back(left_); }

  [[nodiscard]] std::size_t left() const noexcept { return left_; }
  /// Gives so many bytes to whoever asks the system for memory next, the last ones first.
  void give_back(std::size_t bytes) noexcept {
    bytes = std::min(left_, (bytes + piece - 1) / piece * piece);
    if (bytes == 0) return;
    left_ -= bytes;
    ::munmap(begin_ + left_, bytes);
  }

  static constexpr std::size_t piece = std::size_t{2} << 20U;

 private:
  std::size_t left_;
  char* begin_ = nullptr;
};

/// Touches memory once and gives it back: for what is measured within two seconds.
inline void warm_up_memory() {
  const backed_memory all(std::size_t{2} << 30U);
  std::cerr << "touched " << (all.left() >> 20U)
            << " MiB once, so that no map pays for fresh pages of a virtual machine\n";
}

}  // namespace bench

#endif
