// Patterns of keys, as Redis has them: * ? [a-z] [^a] and \ in front of a character that stands for itself.
#ifndef EVAC_EXAMPLES_CACHE_SERVER_GLOB_HPP
#define EVAC_EXAMPLES_CACHE_SERVER_GLOB_HPP

#include <cstddef>
#include <string_view>
#include <utility>

namespace cache_server {

/// Whether `c` is in the set whose [ was taken from the front of the pattern; takes the rest of the set. One that does
/// not end is the whole rest.
[[nodiscard]] inline bool is_in_set(std::string_view& pattern, char c) {
  const bool negated = pattern.starts_with('^');
  if (negated) pattern.remove_prefix(1);
  bool found = false;
  while (!pattern.empty() && pattern.front() != ']') {
    const bool is_escaped = pattern.front() == '\\' && pattern.size() >= 2;
    if (is_escaped) pattern.remove_prefix(1);
    char low = pattern.front();
    char high = low;
    pattern.remove_prefix(1);
    if (!is_escaped && pattern.size() >= 2 && pattern.front() == '-') {
      high = pattern[1];
      pattern.remove_prefix(2);
    }
    if (static_cast<unsigned char>(low) > static_cast<unsigned char>(high)) std::swap(low, high);
    found |= static_cast<unsigned char>(low) <= static_cast<unsigned char>(c) &&
             static_cast<unsigned char>(c) <= static_cast<unsigned char>(high);
  }
  if (!pattern.empty()) pattern.remove_prefix(1);
  return found != negated;
}

/// Whether the pattern is for the whole text. O(pattern * text): where a * has taken too little, only the last one
/// takes more.
[[nodiscard]] inline bool matches(std::string_view pattern, std::string_view text) {
  std::string_view pattern_behind_star;
  std::string_view text_behind_star;
  bool has_star = false;
  while (!text.empty()) {
    std::string_view rest = pattern;
    bool fits = false;
    if (!rest.empty()) {
      const char first = rest.front();
      rest.remove_prefix(1);
      if (first == '*') {
        pattern = pattern_behind_star = rest;
        text_behind_star = text;
        has_star = true;
        continue;
      }
      if (first == '[') {
        fits = is_in_set(rest, text.front());
      } else if (first == '\\' && !rest.empty()) {
        fits = rest.front() == text.front();
        rest.remove_prefix(1);
      } else {
        fits = first == '?' || first == text.front();
      }
    }
    if (fits) {
      pattern = rest;
      text.remove_prefix(1);
    } else if (has_star) {
      text_behind_star.remove_prefix(1);
      pattern = pattern_behind_star;
      text = text_behind_star;
    } else {
      return false;
    }
  }
  while (pattern.starts_with('*')) pattern.remove_prefix(1);
  return pattern.empty();
}

}  // namespace cache_server

#endif
