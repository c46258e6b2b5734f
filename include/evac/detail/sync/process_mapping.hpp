// Memory that all shared objects of a process find, also those that see none of each other's symbols: an executable and
// a plug-in, plug-ins with version scripts, or any two that clang has built.
//
//   | name | content ... |        at one of a few addresses that follow from the name and from random bytes that the
//                               system gives to each process (AT_RANDOM): equal in a process, not known outside
//
// The first shared object maps it; later ones find the address taken and look for the name there. One that finds
// something else, or cannot look, goes to the next address: so there may be two, which users must be able to live with.
// Never unmapped, at a multiple of its size, and below 2^42, so that 22 bits name it.
#ifndef EVAC_DETAIL_SYNC_PROCESS_MAPPING_HPP
#define EVAC_DETAIL_SYNC_PROCESS_MAPPING_HPP

#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/backoff.hpp"

namespace evac::inline EVAC_ABI::detail {

class process_mapping {
 public:
  static constexpr std::size_t size = std::size_t{1} << 20U;  // less than a huge page; pages come as they are touched
  static constexpr std::size_t header_size = cache_line;      // content begins here

  /// The content; at first use what construct(address of the content) makes of zeros. Null if there is no memory.
  template <class Construct>
  [[nodiscard]] static void* find_or_make(std::string_view what, const Construct& construct) noexcept {
    const int saved_errno = errno;
    const std::uint64_t name = name_of(what);
    std::uint64_t random = name ^ process_bits();
    void* content = nullptr;
    for (int attempt = 0; attempt < attempts && content == nullptr; ++attempt) {
      random = random * 6364136223846793005U + 1442695040888963407U;  // Knuth's; the upper bits are the better ones
      content = at(place(random >> 32U, attempt), name, construct);
    }
    errno = saved_errno;
    return content;
  }

  [[nodiscard]] static std::uint32_t number_of(const void* content) noexcept {
    return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(content) / size);
  }
  [[nodiscard]] static void* content_of(std::uint32_t number) noexcept {
    const std::uintptr_t address = std::uintptr_t{number} * size + header_size;
    return reinterpret_cast<void*>(address);  // NOLINT(performance-no-int-to-ptr): what number_of() took apart
  }

 private:
  // Pairs
  //   made   the thread that constructs releases the name, those that find it acquire
  using name_word = atomic<std::uint64_t>;
  static_assert(sizeof(name_word) <= header_size);

  static constexpr int attempts = 32;  // where nobody can look, each shared object takes one, and so does the next load
  static constexpr int fixed_noreplace = 0x100000;  // MAP_FIXED_NOREPLACE, which older headers lack

  // In turn from 64 to 320 GiB, where hardly anything is mapped, and from 1 to 1.5 GiB, which AddressSanitizer leaves
  // to programs.
  [[nodiscard]] static std::uint64_t place(std::uint64_t random, int attempt) noexcept {
    constexpr std::uint64_t gibibyte = std::uint64_t{1} << 30U;
    if (attempt % 2 == 0) return 64 * gibibyte + random % 16384 * (16 * size);
    return gibibyte + random % 512 * size;
  }
  [[nodiscard]] static std::uint64_t name_of(std::string_view what) noexcept {
    std::uint64_t name = 14695981039346656037U;  // FNV-1a
    for (const char each : what) name = (name ^ static_cast<unsigned char>(each)) * 1099511628211U;
    return name | 1;  // not that of a mapping that is still being made
  }
  [[nodiscard]] static std::uint64_t process_bits() noexcept {
    std::uint64_t bits[2] = {};
    const unsigned long address = ::getauxval(AT_RANDOM);
    // NOLINTNEXTLINE(performance-no-int-to-ptr): an address that the system gives as a number
    if (address != 0) std::memcpy(bits, reinterpret_cast<const void*>(address), sizeof bits);
    // Mixed, for the bytes themselves are what stack protectors go by.
    return (bits[0] ^ (bits[1] >> 7U)) * 0x9E3779B97F4A7C15U;
  }

  template <class Construct>
  [[nodiscard]] static void* at(std::uint64_t place, std::uint64_t name, const Construct& construct) noexcept {
    if (place > UINTPTR_MAX - size) return nullptr;
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    void* const wanted = reinterpret_cast<void*>(std::uintptr_t{place});
    constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | fixed_noreplace;
    void* const mapped = ::mmap(wanted, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    auto* const content = static_cast<unsigned char*>(wanted) + header_size;
    if (mapped == wanted) {
      construct(static_cast<void*>(content));
      (::new (wanted) name_word{0})->store(name, release);  // release: made
      return content;
    }
    if (mapped != MAP_FAILED) ::munmap(mapped, size);  // systems that do not know the flag take it for a hint
    return is_there(wanted, name) ? content : nullptr;
  }
  // Whether that memory is there under that name. Through the system: nothing may be there any more.
  [[nodiscard]] static bool is_there(const void* place, std::uint64_t name) noexcept {
    // Zero for a moment: another thread is making it. After waiting in vain, this one goes on without.
    constexpr backoff patience{.pauses = 0, .yields = 1000};
    for (int looks = 0; looks < 1000; ++looks) {
      std::uint64_t found = 0;
      const iovec local{&found, sizeof found};
      const iovec remote{const_cast<void*>(place), sizeof found};
      // All as wide as a register: some are passed on the stack, where an int leaves half of its place as it was.
      const long read = ::syscall(SYS_process_vm_readv, long{::getpid()}, &local, 1L, &remote, 1L, 0L);
      if (read != sizeof found) return false;
      if (found == name) return static_cast<const name_word*>(place)->load(acquire) == name;  // acquire: made
      if (found != 0) return false;
      patience.wait(looks);
    }
    return false;
  }
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
