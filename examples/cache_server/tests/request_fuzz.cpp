// Any bytes as requests: the parser never reads beyond them, and finds the same in pieces as in the whole.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "../request_parser.hpp"

namespace {

using cache_server::request_parser;

/// All words of all requests, and how it ended.
[[nodiscard]] std::vector<std::string> words_of(std::string_view input, std::size_t piece) {
  std::vector<std::string> words;
  request_parser parser;
  std::string buffer;
  for (std::size_t at = 0; at < input.size(); at += piece) {
    buffer = std::string(std::string_view(buffer)) + std::string(input.substr(at, piece));
    buffer.shrink_to_fit();
    for (;;) {
      const auto outcome = parser.parse(buffer);
      if (outcome == request_parser::outcome::incomplete) break;
      if (outcome == request_parser::outcome::malformed) {
        words.push_back(parser.error());
        return words;
      }
      words.push_back(std::to_string(parser.words().size()));
      for (const std::string_view each : parser.words()) words.emplace_back(each);
      buffer.erase(0, parser.consumed());
    }
  }
  words.push_back(std::to_string(buffer.size()));
  return words;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece = 1 + data[0];
  if (words_of(input, piece) != words_of(input, input.size() + 1)) std::abort();
  return 0;
}
