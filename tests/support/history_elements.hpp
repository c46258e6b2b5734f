// Keys and values of recorded histories: numbers in types of several kinds, with hashes that stumble.
#ifndef EVAC_TESTS_SUPPORT_HISTORY_ELEMENTS_HPP
#define EVAC_TESTS_SUPPORT_HISTORY_ELEMENTS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "support/history.hpp"
#include "support/in_threads.hpp"

namespace evac_test {

/// Four words that belong together.
struct four_words {
  std::array<std::uint64_t, 4> words{};
  [[nodiscard]] friend bool operator==(const four_words&, const four_words&) = default;
};

template <class T>
[[nodiscard]] T encode(std::uint32_t number) {
  if constexpr (std::is_same_v<T, std::string>) {
    return std::to_string(number) + " is too long for the room that a string has of its own " + std::to_string(number);
  } else if constexpr (std::is_same_v<T, four_words>) {
    const std::uint64_t word = number;
    return {{word, ~word, word << 32U, word + 1}};
  } else {
    return static_cast<T>(number);
  }
}
template <class T>
[[nodiscard]] std::uint32_t decode(const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    std::uint32_t number = 0;
    for (const char digit : value) {
      if (digit < '0' || digit > '9') break;
      number = number * 10 + static_cast<std::uint32_t>(digit - '0');
    }
    return encode<T>(number) == value ? number : torn;
  } else if constexpr (std::is_same_v<T, four_words>) {
    const auto number = static_cast<std::uint32_t>(value.words[0]);
    return encode<T>(number) == value ? number : torn;
  } else {
    return static_cast<std::uint32_t>(value);
  }
}

// Hashes that give way to other threads now and then, in writes with a bucket locked.
template <class Base>
struct stumbling {
  using is_avalanching = void;
  template <class Key>
  std::size_t operator()(const Key& key) const {
    stumble();
    return Base::of(key);
  }
};
struct good {
  template <class Key>
  static std::size_t of(const Key& key) {
    return static_cast<std::size_t>((decode(key) + 1) * 0x9E3779B97F4A7C15ULL);
  }
};
struct constant {
  template <class Key>
  static std::size_t of(const Key&) {
    return 42;
  }
};
/// Four bits, in different places: they are the home in a small table and after a growth.
struct four_bits {
  template <class Key>
  static std::size_t of(const Key& key) {
    const std::uint32_t number = decode(key);
    return (number & 3U) | ((number & 12U) << 2U);
  }
};
struct stumbling_equal {
  template <class Key>
  bool operator()(const Key& left, const Key& right) const {
    stumble();
    return left == right;
  }
};

}  // namespace evac_test

#endif
