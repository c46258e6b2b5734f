// A key that views stand for, and that counts how often it is made of one; with its hash and its equality.
#ifndef EVAC_TESTS_SUPPORT_MADE_KEY_HPP
#define EVAC_TESTS_SUPPORT_MADE_KEY_HPP

#include <cstddef>
#include <evac/hash.hpp>
#include <string>
#include <string_view>

namespace evac_test {

struct made_key {
  static inline int made = 0;
  explicit made_key(std::string_view from) : text(from) { ++made; }
  std::string text;
};
struct made_key_hash {
  using is_transparent = void;
  using is_avalanching = void;
  std::size_t operator()(std::string_view key) const { return evac::hash<std::string>{}(key); }
  std::size_t operator()(const made_key& key) const { return (*this)(std::string_view(key.text)); }
};
struct made_key_equal {
  using is_transparent = void;
  static std::string_view view(const made_key& key) { return key.text; }
  static std::string_view view(std::string_view key) { return key; }
  template <class K, class L>
  bool operator()(const K& left, const L& right) const {
    return view(left) == view(right);
  }
};

}  // namespace evac_test

#endif
