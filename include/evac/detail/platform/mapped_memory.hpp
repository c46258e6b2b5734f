// Whether there is memory at an address, for checks.
#ifndef EVAC_DETAIL_PLATFORM_MAPPED_MEMORY_HPP
#define EVAC_DETAIL_PLATFORM_MAPPED_MEMORY_HPP

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

/// True also if the system does not tell. A system call, some 100 ns.
[[nodiscard]] inline bool is_mapped(const void* address) noexcept {
  const auto is_there = [page_bytes = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE))](const void* at) {
    unsigned char resident = 0;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the beginning of a page
    void* const begin = reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(at) & ~(page_bytes - 1));
    return ::mincore(begin, 1, &resident) == 0;
  };
  static constexpr char something = 0;
  return is_there(address) || !is_there(&something);
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
