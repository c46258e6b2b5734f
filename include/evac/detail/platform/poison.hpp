// Memory that is not to be touched for now, as AddressSanitizer is told.
#ifndef EVAC_DETAIL_PLATFORM_POISON_HPP
#define EVAC_DETAIL_PLATFORM_POISON_HPP

#include <cstddef>

#include "evac/detail/config.hpp"

#if EVAC_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

namespace evac::inline EVAC_ABI::detail {

struct poison {
#if EVAC_ADDRESS_SANITIZER
  static constexpr bool known = true;
  /// The memory begins at a multiple of 8.
  static void set(const void* memory, std::size_t bytes, bool poisoned) noexcept {
    poisoned ? __asan_poison_memory_region(memory, bytes) : __asan_unpoison_memory_region(memory, bytes);
  }
#else
  static constexpr bool known = false;
  static void set(const void*, std::size_t, bool) noexcept {}
#endif
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
