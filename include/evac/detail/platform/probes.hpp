// Probes for tracers of the system (USDT): places in the program that bpftrace, perf or SystemTap can watch in a
// running process.
//
// Without EVAC_USDT they are nothing. With it each is one instruction that does nothing (nop), and a note in the file
// of the program that tells where the instruction is and where its arguments lie. tools/bpf/ has scripts that watch
// them; the provider is `evac`.
#ifndef EVAC_DETAIL_PLATFORM_PROBES_HPP
#define EVAC_DETAIL_PLATFORM_PROBES_HPP

#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"

#if EVAC_ABI_USDT
#if !__has_include(<sys/sdt.h>)
#error "evac: EVAC_USDT needs <sys/sdt.h> (Debian: systemtap-sdt-dev, Fedora: systemtap-sdt-devel)"
#endif
#include <sys/sdt.h>
#define EVAC_PROBE(count, ...) DTRACE_PROBE##count(evac, __VA_ARGS__)
#else
#define EVAC_PROBE(...) static_cast<void>(0)
#endif

namespace evac::inline EVAC_ABI::detail {

/// One function for each probe, with the arguments of the probe. The map is an address.
struct probes {
  static void cleared([[maybe_unused]] const void* map, [[maybe_unused]] std::size_t size) noexcept {
    EVAC_PROBE(2, cleared, map, size);
  }
  static void growth_begun([[maybe_unused]] const void* map, [[maybe_unused]] std::size_t slots_before,
                           [[maybe_unused]] std::size_t slots_after, [[maybe_unused]] std::size_t size) noexcept {
    EVAC_PROBE(4, growth_begun, map, slots_before, slots_after, size);
  }
  static void growth_ended([[maybe_unused]] const void* map, [[maybe_unused]] std::size_t slots_before,
                           [[maybe_unused]] std::size_t slots_after, [[maybe_unused]] std::size_t size) noexcept {
    EVAC_PROBE(4, growth_ended, map, slots_before, slots_after, size);
  }
  static void shrunk([[maybe_unused]] const void* map, [[maybe_unused]] std::size_t slots_before,
                     [[maybe_unused]] std::size_t slots_after, [[maybe_unused]] std::size_t size) noexcept {
    EVAC_PROBE(4, shrunk, map, slots_before, slots_after, size);
  }
  /// Once for a domain, whatever maps it has.
  static void over_cap([[maybe_unused]] std::size_t charged_bytes, [[maybe_unused]] std::size_t cap_bytes,
                       [[maybe_unused]] bool waits) noexcept {
    EVAC_PROBE(3, over_cap, charged_bytes, cap_bytes, waits);
  }
  /// After each wait in which the thread has slept, however short.
  static void waited([[maybe_unused]] const void* map, [[maybe_unused]] std::size_t shard,
                     [[maybe_unused]] std::uint64_t nanoseconds) noexcept {
    EVAC_PROBE(3, waited, map, shard, nanoseconds);
  }
  static void reentered([[maybe_unused]] const void* map) noexcept { EVAC_PROBE(1, reentered, map); }
};

/// The probes around one erase by its key, from construction to the end of the scope, with EVAC_USDT_OPERATIONS.
class probed_erase {
 public:
#if EVAC_ABI_USDT == 2
  EVAC_ALWAYS_INLINE explicit probed_erase(const void* map) noexcept : map_(map) { EVAC_PROBE(1, erase_begun, map); }
  probed_erase(const probed_erase&) = delete;
  probed_erase& operator=(const probed_erase&) = delete;
  EVAC_ALWAYS_INLINE ~probed_erase() { EVAC_PROBE(1, erase_ended, map_); }

 private:
  const void* map_;
#else
  EVAC_ALWAYS_INLINE explicit probed_erase(const void*) noexcept {}
#endif
};

}  // namespace evac::inline EVAC_ABI::detail

#undef EVAC_PROBE

#endif
