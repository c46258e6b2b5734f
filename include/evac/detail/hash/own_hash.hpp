// Hashes of keys without abseil, for EVAC_OWN_HASH: nothing to link, and no header but the standard library's.
//
// Numbers are finished (finish_hash.hpp), bytes are read as wyhash does (Wang Yi): 16 at a time, multiplied with what
// came before. All begin with a seed of the process.
#ifndef EVAC_DETAIL_HASH_OWN_HASH_HPP
#define EVAC_DETAIL_HASH_OWN_HASH_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/hash/finish_hash.hpp"
#include "evac/detail/hash/strings.hpp"

namespace evac::inline EVAC_ABI::detail {

/// The address of a function of the C library: all modules of a process see the same, it is there before the first
/// constructor runs, and in position-independent programs it differs from run to run where the system loads libraries
/// at random addresses. (In others it is that of an entry of the program, and always the same.)
[[nodiscard]] EVAC_ALWAYS_INLINE std::uint64_t seed_of_process() noexcept {
  return reinterpret_cast<std::uintptr_t>(&std::abort);
}

template <class Word>
[[nodiscard]] EVAC_ALWAYS_INLINE std::uint64_t read_word(const unsigned char* at) noexcept {
  Word word;
  std::memcpy(&word, at, sizeof(Word));
  return word;
}

[[nodiscard]] inline std::size_t hash_of_bytes(const void* begin, std::size_t size) noexcept {
  constexpr std::uint64_t first_secret = 0x2D358DCCAA6C78A5ULL;
  constexpr std::uint64_t second_secret = 0x8BB84B93962EACC9ULL;
  constexpr std::uint64_t third_secret = 0x4B33A62ED433D4A3ULL;
  const auto* at = static_cast<const unsigned char*>(begin);
  // In both factors of each product: else whoever knows the other one could choose bytes that make it 0, for each seed.
  const std::uint64_t seed = folded_product(seed_of_process() ^ first_secret, second_secret);
  const auto mixed = [&](std::size_t offset, std::uint64_t secret, std::uint64_t state) {
    return folded_product(read_word<std::uint64_t>(at + offset) ^ seed ^ secret,
                          read_word<std::uint64_t>(at + offset + 8) ^ state);
  };
  std::uint64_t state = seed;
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  if (size > 16) {
    std::size_t left = size;
    if (left > 48) {
      // Three chains of multiplications, which do not wait for each other.
      std::uint64_t second = seed;
      std::uint64_t third = seed;
      for (; left > 48; left -= 48, at += 48) {
        state = mixed(0, first_secret, state);
        second = mixed(16, second_secret, second);
        third = mixed(32, third_secret, third);
      }
      state ^= second ^ third;
    }
    for (; left > 16; left -= 16, at += 16) state = mixed(0, first_secret, state);
    // The last 16 bytes, some of which may have been read before.
    low = read_word<std::uint64_t>(at + left - 16);
    high = read_word<std::uint64_t>(at + left - 8);
  } else if (size >= 8) {
    low = read_word<std::uint64_t>(at);
    high = read_word<std::uint64_t>(at + size - 8);
  } else if (size >= 4) {
    low = read_word<std::uint32_t>(at);
    high = read_word<std::uint32_t>(at + size - 4);
  } else if (size != 0) {
    low = std::uint64_t{at[0]} << 16U | std::uint64_t{at[size / 2]} << 8U | at[size - 1];
  }
  return folded_product(seed ^ third_secret ^ size,
                        folded_product(low ^ seed ^ first_secret, high ^ state) ^ second_secret);
}

template <class T>
struct own_hash;

/// Types that have a hash which spreads over all bits: numbers, enumerations, pointers, strings, and what the standard
/// library makes of them. Others have the std::hash that is written for them, which each map finishes.
template <class T>
concept own_hashable = requires(const T& value) { own_hash<T>::of(value); };

template <own_hashable T>
[[nodiscard]] EVAC_ALWAYS_INLINE std::size_t own_hash_of(const T& value) {
  return own_hash<T>::of(value);
}

/// The hash of what came before, and one part more. The sum of a spread number and another one is as spread; what came
/// earlier has been finished once more.
template <own_hashable T>
[[nodiscard]] std::size_t joined_hash(std::size_t before, const T& part) {
  return finish_hash(before + own_hash_of(part), seed_of_process());
}
/// The hash of several parts, in their order.
template <class... Parts>
[[nodiscard]] std::size_t hash_of_parts(const Parts&... parts) {
  std::size_t state = sizeof...(Parts);
  ((state = joined_hash(state, parts)), ...);
  return state;
}

template <class T>
struct own_hash {
  [[nodiscard]] EVAC_ALWAYS_INLINE static std::size_t of(const T& value) noexcept
    requires(std::is_integral_v<T> && sizeof(T) <= sizeof(std::uint64_t))
  {
    return finish_hash(static_cast<std::size_t>(value), seed_of_process());
  }
  [[nodiscard]] static std::size_t of(const T& value) noexcept
    requires(std::is_integral_v<T> && sizeof(T) > sizeof(std::uint64_t))
  {
    return hash_of_parts(static_cast<std::uint64_t>(value), static_cast<std::uint64_t>(value >> 64));
  }
  [[nodiscard]] EVAC_ALWAYS_INLINE static std::size_t of(const T& value) noexcept
    requires(std::is_enum_v<T>)
  {
    return finish_hash(static_cast<std::size_t>(static_cast<std::underlying_type_t<T>>(value)), seed_of_process());
  }
  [[nodiscard]] EVAC_ALWAYS_INLINE static std::size_t of(const T& value) noexcept
    requires(std::is_pointer_v<T> || std::is_null_pointer_v<T>)
  {
    return finish_hash(reinterpret_cast<std::uintptr_t>(value), seed_of_process());
  }
  /// Both zeros are equal, and so are their hashes.
  [[nodiscard]] EVAC_ALWAYS_INLINE static std::size_t of(const T& value) noexcept
    requires(std::is_same_v<T, float> || std::is_same_v<T, double>)
  {
    using bits = std::conditional_t<std::is_same_v<T, float>, std::uint32_t, std::uint64_t>;
    return finish_hash(value == 0 ? 0 : std::bit_cast<bits>(value), seed_of_process());
  }
  [[nodiscard]] static std::size_t of(const T& value) noexcept
    requires string_of_plain_characters<T>
  {
    return hash_of_bytes(value.data(), value.size() * sizeof(typename T::value_type));
  }
};

template <own_hashable First, own_hashable Second>
struct own_hash<std::pair<First, Second>> {
  [[nodiscard]] static std::size_t of(const std::pair<First, Second>& value) {
    return hash_of_parts(value.first, value.second);
  }
};
template <own_hashable... Parts>
struct own_hash<std::tuple<Parts...>> {
  [[nodiscard]] static std::size_t of(const std::tuple<Parts...>& value) {
    return std::apply([](const Parts&... parts) { return hash_of_parts(parts...); }, value);
  }
};
template <own_hashable T, std::size_t Size>
struct own_hash<std::array<T, Size>> {
  [[nodiscard]] static std::size_t of(const std::array<T, Size>& value) {
    std::size_t state = Size;
    for (const T& part : value) state = joined_hash(state, part);
    return state;
  }
};
template <own_hashable T>
struct own_hash<std::optional<T>> {
  [[nodiscard]] static std::size_t of(const std::optional<T>& value) {
    return value ? hash_of_parts(true, *value) : hash_of_parts(false);
  }
};
template <class T, class Deleter>
struct own_hash<std::unique_ptr<T, Deleter>> {
  [[nodiscard]] static std::size_t of(const std::unique_ptr<T, Deleter>& value)
    requires(std::is_pointer_v<typename std::unique_ptr<T, Deleter>::pointer>)
  {
    return own_hash_of(value.get());
  }
};
template <class T>
struct own_hash<std::shared_ptr<T>> {
  [[nodiscard]] static std::size_t of(const std::shared_ptr<T>& value) noexcept { return own_hash_of(value.get()); }
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
