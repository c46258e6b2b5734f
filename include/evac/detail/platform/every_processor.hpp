// A fence in every thread of the process where membarrier(2) is refused: this thread runs on every processor once.
//
// The thread that runs on a processor when this one is moved there is switched out, which is a full fence; a thread
// that has left a processor since the call began has passed one, too. No thread of the process runs on a processor that
// the system does not let this thread on: the set that it may be moved to (cpuset(7)) is that of the process.
//
// Changing the protection of a page, which is the more usual stand-in, interrupts the other processors on some machines
// only: arm64 and newer AMD processors tell them in hardware, without a fence.
#ifndef EVAC_DETAIL_PLATFORM_EVERY_PROCESSOR_HPP
#define EVAC_DETAIL_PLATFORM_EVERY_PROCESSOR_HPP

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Runs on every processor that the process may use; false if the system does not let it. Takes some 20 us for each.
class every_processor {
 public:
  [[nodiscard]] static bool visit() noexcept {
    const int saved_errno = errno;
    mask before{};
    // The system says how many bytes of a mask it uses.
    const long bytes = ::syscall(SYS_sched_getaffinity, 0, sizeof before, &before);
    bool moved = false;
    bool refused = false;
    for (std::size_t processor = 0; bytes > 0 && processor < static_cast<std::size_t>(bytes) * 8; ++processor) {
      mask only{};
      only.words[processor / word_bits] = 1UL << (processor % word_bits);
      // Returns when this thread runs there. EINVAL for one that is off, or that the process may not use; anything else
      // leaves one out that may run a thread of the process.
      const bool runs_there = ::syscall(SYS_sched_setaffinity, 0, bytes, &only) == 0;
      moved = runs_there || moved;
      refused = refused || (!runs_there && errno != EINVAL);
    }
    if (moved) ::syscall(SYS_sched_setaffinity, 0, bytes, &before);
    errno = saved_errno;
    return moved && !refused;
  }

 private:
  static constexpr std::size_t word_bits = sizeof(unsigned long) * 8;
  struct mask {
    unsigned long words[8192 / word_bits];  // as many processors as Linux can be built for
  };
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
