// A value of several words that are always the same, so that a torn one shows.
#ifndef EVAC_TESTS_SUPPORT_SAME_WORDS_HPP
#define EVAC_TESTS_SUPPORT_SAME_WORDS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace evac_test {

template <std::size_t Words>
struct same_words {
  std::array<std::uint64_t, Words> words{};
  explicit same_words(std::uint64_t word = 0) { words.fill(word); }
  [[nodiscard]] bool is_torn() const {
    return std::any_of(words.begin(), words.end(), [&](std::uint64_t word) { return word != words[0]; });
  }
  friend bool operator==(const same_words&, const same_words&) = default;
};

}  // namespace evac_test

#endif
