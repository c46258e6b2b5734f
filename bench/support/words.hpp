// Reads all regular files under a path and cuts them into identifier-like words.
#ifndef EVAC_BENCH_SUPPORT_WORDS_HPP
#define EVAC_BENCH_SUPPORT_WORDS_HPP

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

namespace bench {

struct text_of_files {
  std::string text;
  std::size_t files = 0;
  std::size_t unreadable = 0;
};

inline void read_one(const std::filesystem::path& path, text_of_files& into) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    ++into.unreadable;
    return;
  }
  into.text.append(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  into.text.push_back('\n');  // so that the last word of one file and the first of the next stay two
  ++into.files;
  if (into.files % 2000 == 0) {
    std::cerr << "\rread " << into.files << " files, " << (into.text.size() >> 20U) << " MiB" << std::flush;
  }
}

[[nodiscard]] inline text_of_files read_files(const std::filesystem::path& root) {
  namespace fs = std::filesystem;
  text_of_files all;
  std::error_code failed;
  if (fs::is_regular_file(root, failed)) {
    read_one(root, all);
  } else {
    fs::recursive_directory_iterator at(root, fs::directory_options::skip_permission_denied, failed);
    for (const fs::recursive_directory_iterator end; !failed && at != end; at.increment(failed)) {
      std::error_code ignored;
      if (at->is_regular_file(ignored)) read_one(at->path(), all);
    }
  }
  std::cerr << "\rread " << all.files << " files, " << (all.text.size() >> 20U) << " MiB\n";
  return all;
}

[[nodiscard]] constexpr bool starts_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
[[nodiscard]] constexpr bool continues_word(char c) { return starts_word(c) || (c >= '0' && c <= '9'); }

/// visit(word) for each identifier-like word; a number does not begin one.
template <class Visit>
void for_each_word(std::string_view text, const Visit& visit) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    if (!continues_word(text[at])) {
      ++at;
      continue;
    }
    while (at < text.size() && continues_word(text[at])) ++at;
    if (starts_word(text[begin])) visit(text.substr(begin, at - begin));
  }
}

}  // namespace bench

#endif
