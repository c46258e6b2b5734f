// A seed for each table: unpredictable across processes, different for each table of a process.
#ifndef EVAC_DETAIL_TABLE_SEED_HPP
#define EVAC_DETAIL_TABLE_SEED_HPP

#include <cstdint>
#include <random>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Where the seeds of this process come from; random at start. A test may set it, to repeat a run.
[[nodiscard]] inline atomic<std::uint64_t>& seed_sequence() noexcept {
  static atomic<std::uint64_t> sequence{[]() noexcept -> std::uint64_t {
    EVAC_TRY {
      std::random_device device;
      return (std::uint64_t{device()} << 32U) | device();
    }
    EVAC_CATCH_ALL {
      return reinterpret_cast<std::uintptr_t>(&sequence);  // no entropy source: the address is what is left
    }
  }()};
  return sequence;
}

/// SplitMix64 (Steele, Lea, Flood 2014): the step of its Weyl sequence, and its finaliser.
inline constexpr std::uint64_t split_mix_step = 0x9E3779B97F4A7C15ULL;
[[nodiscard]] constexpr std::uint64_t split_mix(std::uint64_t value) noexcept {
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31U);
}

/// The next number of the sequence. Any thread.
[[nodiscard]] inline std::uint64_t next_seed() noexcept {
  return split_mix(seed_sequence().fetch_add(split_mix_step, relaxed));  // relaxed: only distinctness matters.
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
