// Anonymous mappings: zeroed memory from the system, page by page as it is touched.
#ifndef EVAC_DETAIL_PLATFORM_PAGES_HPP
#define EVAC_DETAIL_PLATFORM_PAGES_HPP

#include <sys/sysinfo.h>

#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"

#if EVAC_HAS_ANONYMOUS_MAPPINGS
#include <sys/mman.h>
#include <sys/prctl.h>
#endif

namespace evac::inline EVAC_ABI::detail {

inline constexpr std::size_t page = 4096;
inline constexpr std::size_t huge_page = std::size_t{2} << 20U;

/// Whether memory and swap of this machine are larger than that. Mappings of more than there is succeed, because
/// nothing is set aside for them; filling one would bring down the program, or others.
[[nodiscard]] inline bool machine_could_hold(std::size_t bytes) noexcept {
  struct ::sysinfo machine{};
  if (::sysinfo(&machine) != 0 || machine.mem_unit == 0) return true;
  return bytes / machine.mem_unit <= machine.totalram + machine.totalswap;
}

#if EVAC_HAS_ANONYMOUS_MAPPINGS

/// Zeroed memory, aligned to a huge page. Throws std::bad_alloc.
[[nodiscard]] inline void* map_pages(std::size_t bytes) {
  const std::size_t wanted = bytes + huge_page;
  if (wanted < bytes) throw_bad_alloc();
  void* raw = ::mmap(nullptr, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (raw == MAP_FAILED) throw_bad_alloc();
  const auto begin = reinterpret_cast<std::uintptr_t>(raw);
  const std::uintptr_t rounded = (begin + huge_page - 1) / huge_page * huge_page;
  if (rounded != begin) ::munmap(raw, rounded - begin);
  const std::uintptr_t end = begin + wanted;
  if (end != rounded + bytes) ::munmap(reinterpret_cast<void*>(rounded + bytes), end - (rounded + bytes));
  return reinterpret_cast<void*>(rounded);
}
inline void unmap_pages(void* memory, std::size_t bytes) noexcept { ::munmap(memory, bytes); }
inline void discard_pages(void* memory, std::size_t bytes) noexcept { ::madvise(memory, bytes, MADV_DONTNEED); }

// Advice: a system that does not know it goes on as if it had not been asked.

inline void populate_pages(void* memory, std::size_t bytes) noexcept {
  constexpr int populate_write = 23;  // MADV_POPULATE_WRITE of Linux 5.14, which older headers do not name
  ::madvise(memory, bytes, populate_write);
}
inline void prefer_huge_pages(void* memory, std::size_t bytes) noexcept {
  if constexpr (EVAC_ABI_HUGE_PAGES != 0) ::madvise(memory, bytes, MADV_HUGEPAGE);
}
/// Names a mapping for people who read /proc/PID/smaps: [anon:NAME]. `name` must live as long as the program.
inline void name_pages(void* memory, std::size_t bytes, const char* name) noexcept {
  constexpr int set_vma = 0x53564d41;  // PR_SET_VMA and PR_SET_VMA_ANON_NAME of Linux 5.17
  constexpr unsigned long anonymous_name = 0;
  ::prctl(set_vma, anonymous_name, memory, bytes, name);
}

#else

[[nodiscard]] inline void* map_pages(std::size_t) { throw_bad_alloc(); }
inline void unmap_pages(void*, std::size_t) noexcept {}
inline void discard_pages(void*, std::size_t) noexcept {}
inline void populate_pages(void*, std::size_t) noexcept {}
inline void prefer_huge_pages(void*, std::size_t) noexcept {}
inline void name_pages(void*, std::size_t, const char*) noexcept {}

#endif

}  // namespace evac::inline EVAC_ABI::detail

#endif
