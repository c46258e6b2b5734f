// Macros for compilers, platforms and sanitizers, the settings of evac, and the inline namespace named after them; and
// the few functions that every other header needs. Other headers ask for EVAC_HAS_..., not for a compiler or a system,
// but for detail/platform/thread_annotations.hpp (clang), detail/platform/probes.hpp (<sys/sdt.h>) and
// detail/face/from_range.hpp (the standard library).
#ifndef EVAC_DETAIL_CONFIG_HPP
#define EVAC_DETAIL_CONFIG_HPP

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>

#include "evac/version.hpp"

#if defined(__has_feature)
#define EVAC_HAS_FEATURE(x) __has_feature(x)
#else
#define EVAC_HAS_FEATURE(x) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || EVAC_HAS_FEATURE(address_sanitizer)
#define EVAC_ADDRESS_SANITIZER 1
#else
#define EVAC_ADDRESS_SANITIZER 0
#endif

#if defined(__SANITIZE_THREAD__) || EVAC_HAS_FEATURE(thread_sanitizer)
#define EVAC_THREAD_SANITIZER 1
#else
#define EVAC_THREAD_SANITIZER 0
#endif

// Tag words are compared with SSE2 or NEON where the target always has them, else in a general register.
#if defined(__SSE2__)
#define EVAC_HAS_SSE2 1
#else
#define EVAC_HAS_SSE2 0
#endif
#if defined(__SSSE3__)
#define EVAC_HAS_SSSE3 1
#else
#define EVAC_HAS_SSSE3 0
#endif
#if defined(__ARM_NEON) && defined(__aarch64__)
#define EVAC_HAS_NEON 1
#else
#define EVAC_HAS_NEON 0
#endif

// Baseline x86-64 has no instruction that every processor decodes as LZCNT: see platform/highest_bit.hpp.
#if defined(__x86_64__) && !defined(__LZCNT__)
#define EVAC_LZCNT_OR_BSR 1
#else
#define EVAC_LZCNT_OR_BSR 0
#endif

// Large segments come from anonymous mappings, except under AddressSanitizer, whose leak checker does not search them.
#if defined(__linux__) && !EVAC_ADDRESS_SANITIZER
#define EVAC_HAS_ANONYMOUS_MAPPINGS 1
#else
#define EVAC_HAS_ANONYMOUS_MAPPINGS 0
#endif

// The settings. Each may be given any value that #if takes, and ends as a digit of EVAC_ABI below.

// Fences that cost readers nothing need membarrier(2); ThreadSanitizer does not know it, and a model checker neither.
#ifndef EVAC_HAS_MEMBARRIER
#if defined(__linux__) && !EVAC_THREAD_SANITIZER
#define EVAC_HAS_MEMBARRIER 1
#else
#define EVAC_HAS_MEMBARRIER 0
#endif
#endif
#if EVAC_HAS_MEMBARRIER
#define EVAC_ABI_FENCE 1
#else
#define EVAC_ABI_FENCE 0
#endif

// Whether large segments ask for huge pages. Define as 0 before including evac to keep to ordinary pages.
#ifndef EVAC_HUGE_PAGES
#define EVAC_HUGE_PAGES 1
#endif
#if EVAC_HUGE_PAGES
#define EVAC_ABI_HUGE_PAGES 1
#else
#define EVAC_ABI_HUGE_PAGES 0
#endif

// Probes for tracers of the system, which need <sys/sdt.h>: detail/platform/probes.hpp. Define EVAC_USDT as 1 for those
// of rare events, and EVAC_USDT_OPERATIONS too for those of each erase.
#ifndef EVAC_USDT
#define EVAC_USDT 0
#endif
#ifndef EVAC_USDT_OPERATIONS
#define EVAC_USDT_OPERATIONS 0
#endif
#if EVAC_USDT && EVAC_USDT_OPERATIONS
#define EVAC_ABI_USDT 2
#elif EVAC_USDT
#define EVAC_ABI_USDT 1
#elif EVAC_USDT_OPERATIONS
#error "evac: EVAC_USDT_OPERATIONS adds to the probes of EVAC_USDT, which has to be defined as 1 as well"
#else
#define EVAC_ABI_USDT 0
#endif

// The default hash of the maps: absl::Hash, or with 1 one that needs nothing but the standard library (evac/hash.hpp).
#ifndef EVAC_OWN_HASH
#define EVAC_OWN_HASH 0
#endif
#if EVAC_OWN_HASH
#define EVAC_ABI_HASH 1
#else
#define EVAC_ABI_HASH 0
#endif

// The expression that a violated precondition or a detected misuse calls with a message; it may throw or must not
// return.
#ifndef EVAC_ASSERT_HANDLER
#define EVAC_ASSERT_HANDLER(message) ::evac::detail::stop_with(message)
#define EVAC_OWN_HANDLER 0
#else
#define EVAC_OWN_HANDLER 1
#endif

#ifdef NDEBUG
#define EVAC_CHECKS 0
#else
#define EVAC_CHECKS 1
#endif

#if defined(__cpp_exceptions)
#define EVAC_EXCEPTIONS 1
#else
#define EVAC_EXCEPTIONS 0
#endif

// Everything lives in an inline namespace named after the version and each setting that changes a layout or what a
// function does: translation units that disagree on one use different types, so that a program which passes a map from
// one to the other does not link, where it would otherwise crash. The digits, in order: checks, a handler of the user's
// own, the thread sanitizer, plain addresses for the leak checker, asymmetric fences, huge pages, exceptions, probes,
// the default hash. What the processor has (SSE2, NEON, LZCNT) is none of them: it changes how a number is computed,
// and not the number.
#define EVAC_ABI_PASTE(major_part, minor_part, patch_part, checks, handler, tsan, asan, fence, huge, throws, usdt, \
                       hash)                                                                                       \
  v##major_part##_##minor_part##_##patch_part##_##checks##handler##tsan##asan##fence##huge##throws##usdt##hash
#define EVAC_ABI_EXPAND(...) EVAC_ABI_PASTE(__VA_ARGS__)
#define EVAC_ABI                                                                                                       \
  EVAC_ABI_EXPAND(EVAC_VERSION_MAJOR, EVAC_VERSION_MINOR, EVAC_VERSION_PATCH, EVAC_CHECKS, EVAC_OWN_HANDLER,           \
                  EVAC_THREAD_SANITIZER, EVAC_ADDRESS_SANITIZER, EVAC_ABI_FENCE, EVAC_ABI_HUGE_PAGES, EVAC_EXCEPTIONS, \
                  EVAC_ABI_USDT, EVAC_ABI_HASH)

/// The name of that namespace as a text: what belongs together across shared objects is found by it.
#define EVAC_ABI_QUOTE(name) #name
#define EVAC_ABI_QUOTE_EXPANDED(name) EVAC_ABI_QUOTE(name)
#define EVAC_ABI_TEXT EVAC_ABI_QUOTE_EXPANDED(EVAC_ABI)

#define EVAC_ASSERT(condition, message) \
  do {                                  \
    if constexpr (EVAC_CHECKS != 0) {   \
      if (!(condition)) [[unlikely]] {  \
        EVAC_ASSERT_HANDLER(message);   \
      }                                 \
    }                                   \
  } while (false)

// With -fno-exceptions nothing can be caught, and what would be thrown is a message and the end of the program.
#if EVAC_EXCEPTIONS
#define EVAC_TRY try
#define EVAC_CATCH_ALL catch (...)
#define EVAC_RETHROW throw
#define EVAC_THROW(exception, message) throw exception
#else
#define EVAC_TRY if constexpr (true)
#define EVAC_CATCH_ALL else
#define EVAC_RETHROW static_cast<void>(0)
#define EVAC_THROW(exception, message) ::evac::detail::stop_with(message)
#endif

// For clang's warnings and clang-tidy: a result that refers to the object it was asked of (behind the parameters of a
// function, or behind one of them), and a function after which a moved-from object has a known state again.
#if defined(__has_cpp_attribute)
#if __has_cpp_attribute(clang::lifetimebound)
#define EVAC_LIFETIME_BOUND [[clang::lifetimebound]]
#endif
#if __has_cpp_attribute(clang::reinitializes)
#define EVAC_REINITIALIZES [[clang::reinitializes]]
#endif
#endif
#ifndef EVAC_LIFETIME_BOUND
#define EVAC_LIFETIME_BOUND
#endif
#ifndef EVAC_REINITIALIZES
#define EVAC_REINITIALIZES
#endif

// Where nothing is optimised, calls of small functions are left as calls, so that a debugger can step into them; and
// under sanitizers, whose functions get so large otherwise that they take twice as long to compile, and longer to run.
#if defined(__OPTIMIZE__) && !EVAC_ADDRESS_SANITIZER && !EVAC_THREAD_SANITIZER
#define EVAC_ALWAYS_INLINE [[gnu::__always_inline__]] inline
#else
#define EVAC_ALWAYS_INLINE inline
#endif
#define EVAC_NEVER_INLINE [[gnu::__noinline__]]

namespace evac::inline EVAC_ABI::detail {

[[noreturn]] inline void stop_with(const char* message) noexcept {
  std::fputs(message, stderr);
  std::fputc('\n', stderr);
  std::abort();
}

/// A case that an invariant excludes. g++ warns of null pointers that it thinks possible otherwise.
[[noreturn]] EVAC_ALWAYS_INLINE void impossible() noexcept {
  if constexpr (EVAC_CHECKS != 0) stop_with("evac: an invariant does not hold");
  __builtin_unreachable();
}

[[noreturn]] inline void throw_length_error(const char* message) { EVAC_THROW(std::length_error(message), message); }
[[noreturn]] inline void throw_out_of_range(const char* message) { EVAC_THROW(std::out_of_range(message), message); }
[[noreturn]] inline void throw_bad_alloc() { EVAC_THROW(std::bad_alloc(), "evac: no memory"); }

EVAC_ALWAYS_INLINE void prefetch_for_read(const void* address) noexcept { __builtin_prefetch(address, 0, 3); }
EVAC_ALWAYS_INLINE void prefetch_for_write(const void* address) noexcept { __builtin_prefetch(address, 1, 3); }

/// The unit that processors pass on to each other.
inline constexpr std::size_t cache_line = 64;
/// The unit that some processors fetch at a time: words that different threads write are so far apart.
inline constexpr std::size_t line_pair = 2 * cache_line;

[[nodiscard]] constexpr std::size_t round_up(std::size_t value, std::size_t multiple) noexcept {
  return (value + multiple - 1) / multiple * multiple;
}

/// value < bound ? value : otherwise, by a conditional move: for what no processor can foresee. In long functions g++
/// 12 makes a branch of it whatever it is told about its odds; that cost sharded look-ups 0.35 mispredictions each.
[[nodiscard]] EVAC_ALWAYS_INLINE std::size_t below_or(std::size_t value, std::size_t bound,
                                                      std::size_t otherwise) noexcept {
#if defined(__x86_64__) && defined(__LP64__) && !defined(__clang__)
  asm("cmpq %2, %1\n\tcmovbq %1, %0" : "+r"(otherwise) : "r"(value), "rm"(bound) : "cc");
  return otherwise;
#else
  return value < bound ? value : otherwise;
#endif
}

/// The same address, behind which the compiler expects anything: a rare path that reads again what a frequent one has
/// read leaves the registers of that one alone.
template <class T>
[[nodiscard]] EVAC_ALWAYS_INLINE T* to_read_again(T* address) noexcept {
  asm("" : "+r"(address));
  return address;
}

/// For the body of a loop that waits for another thread: lets the other half of the core run.
EVAC_ALWAYS_INLINE void spin_pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
