// A parser of requests in the protocol of Redis (RESP2), which come in pieces of any size.
//
//   *2\r\n$3\r\nGET\r\n$1\r\nk\r\n     an array of bulk strings: what clients send
//   GET "k"\r\n                        words on a line: what a person types
//
// A request that has not arrived as a whole is not looked at from its beginning again when more of it comes: offsets
// are kept, not addresses, so that the buffer may move meanwhile. Sizes are bounded before memory is used for them.
#ifndef EVAC_EXAMPLES_CACHE_SERVER_REQUEST_PARSER_HPP
#define EVAC_EXAMPLES_CACHE_SERVER_REQUEST_PARSER_HPP

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cache_server {

inline constexpr std::size_t most_words = 1 << 20;         ///< elements of an array
inline constexpr std::size_t longest_word = 64 << 20;      ///< bytes of a bulk string
inline constexpr std::size_t longest_request = 128 << 20;  ///< bytes of all together
inline constexpr std::size_t longest_line = 64 << 10;      ///< an inline request, or a length

/// The whole of `text` as a number, written as Redis writes it: without a plus sign, blanks or leading zeros.
[[nodiscard]] inline std::optional<long long> integer_of(std::string_view text) {
  if (text.size() == 1 && '0' <= text.front() && text.front() <= '9') return text.front() - '0';  // most lengths
  long long number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  const std::string_view digits = text.substr(text.front() == '-' ? 1 : 0);
  const bool canonical = digits.front() != '0' || text == "0";
  return canonical ? std::optional(number) : std::nullopt;
}

/// The parser of one connection.
class request_parser {
 public:
  enum class outcome {
    incomplete,  ///< more bytes are needed
    complete,    ///< words() holds the request
    malformed,   ///< error() says why; the connection cannot go on
  };

  /// Looks at `input`: all that has come since the request before this one ended.
  outcome parse(std::string_view input) {
    if (done_) start_again();
    if (input.empty()) return outcome::incomplete;
    const outcome result = input.front() == '*' ? parse_array(input) : parse_line(input);
    done_ = result != outcome::incomplete;
    return result;
  }
  /// The words of a complete request, which may be none. They lie in the input or in the parser: valid until either
  /// changes.
  [[nodiscard]] std::span<const std::string_view> words() const { return words_; }
  /// Bytes of the input that a complete request takes.
  [[nodiscard]] std::size_t consumed() const { return at_; }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  struct extent {
    std::size_t begin;
    std::size_t size;
  };

  void start_again() {
    at_ = searched_ = 0;
    left_.reset();
    awaited_.reset();
    extents_.clear();
    if (extents_.capacity() > most_kept) extents_ = {};
    words_.clear();
    if (words_.capacity() > most_kept) words_ = {};
    unquoted_.clear();
    done_ = false;
  }
  outcome malformed(std::string why) {
    error_ = "Protocol error: " + std::move(why);
    return outcome::malformed;
  }

  /// The line that begins at at_, without its end; at_ is behind it then.
  std::optional<std::string_view> next_line(std::string_view input) {
    const std::size_t end = input.find('\n', std::max(at_, searched_));
    if (end == std::string_view::npos) {
      searched_ = input.size();
      return std::nullopt;
    }
    std::string_view line = input.substr(at_, end - at_);
    if (line.ends_with('\r')) line.remove_suffix(1);
    at_ = end + 1;
    return line;
  }
  [[nodiscard]] bool line_is_too_long(std::string_view input) const { return input.size() - at_ > longest_line; }

  outcome parse_array(std::string_view input) {
    if (!left_) {
      const auto line = next_line(input);
      if (!line) return line_is_too_long(input) ? malformed("too big mbulk count string") : outcome::incomplete;
      const auto count = integer_of(line->substr(1));
      if (!count || *count > static_cast<long long>(most_words)) return malformed("invalid multibulk length");
      left_ = static_cast<std::size_t>(std::max(*count, 0LL));
    }
    for (; *left_ != 0; --*left_) {
      if (const outcome word = parse_bulk(input); word != outcome::complete) return word;
    }
    words_.reserve(extents_.size());
    for (const extent& each : extents_) words_.push_back(input.substr(each.begin, each.size));
    return outcome::complete;
  }
  outcome parse_bulk(std::string_view input) {
    if (!awaited_) {
      if (at_ == input.size()) return outcome::incomplete;
      if (input[at_] != '$') return malformed(std::string("expected '$', got '") + input[at_] + '\'');
      const auto line = next_line(input);
      if (!line) return line_is_too_long(input) ? malformed("too big bulk count string") : outcome::incomplete;
      const auto size = integer_of(line->substr(1));
      if (!size || *size < 0 || *size > static_cast<long long>(longest_word)) return malformed("invalid bulk length");
      awaited_ = static_cast<std::size_t>(*size);
      if (at_ + *awaited_ > longest_request) return malformed("too big request");
    }
    if (input.size() - at_ < *awaited_ + 2) return outcome::incomplete;
    if (input.substr(at_ + *awaited_, 2) != "\r\n") return malformed("a bulk string longer than its length");
    extents_.push_back({at_, *awaited_});
    at_ += *awaited_ + 2;
    awaited_.reset();
    return outcome::complete;
  }

  outcome parse_line(std::string_view input) {
    const auto line = next_line(input);
    if (!line) return line_is_too_long(input) ? malformed("too big inline request") : outcome::incomplete;
    for (std::string_view rest = *line;;) {
      while (!rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
      if (rest.empty()) return outcome::complete;
      std::string& word = unquoted_.emplace_back();
      if (!take_word(rest, word)) return malformed("unbalanced quotes in request");
      words_.emplace_back(word);
    }
  }
  [[nodiscard]] static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\0'; }
  /// Moves a word from the front of `line`; false if its quotes do not end, or something follows them.
  [[nodiscard]] static bool take_word(std::string_view& line, std::string& word) {
    while (!line.empty() && !is_blank(line.front())) {
      const char first = line.front();
      line.remove_prefix(1);
      if (first != '"' && first != '\'') {
        word += first;
        continue;
      }
      if (!take_quoted(line, first, word)) return false;
      return line.empty() || is_blank(line.front());
    }
    return true;
  }
  [[nodiscard]] static bool take_quoted(std::string_view& line, char quote, std::string& word) {
    while (!line.empty()) {
      const char c = line.front();
      line.remove_prefix(1);
      if (c == quote) return true;
      if (c != '\\' || line.empty() || (quote == '\'' && line.front() != '\'')) {
        word += c;
        continue;
      }
      take_escape(line, quote, word);
    }
    return false;
  }
  static void take_escape(std::string_view& line, char quote, std::string& word) {
    unsigned char code = 0;
    if (quote == '"' && line.size() >= 3 && line.front() == 'x' &&
        std::from_chars(line.data() + 1, line.data() + 3, code, 16).ptr == line.data() + 3) {
      word += static_cast<char>(code);
      line.remove_prefix(3);
      return;
    }
    constexpr std::string_view letters = "nrtba";
    constexpr std::string_view meant = "\n\r\t\b\a";
    const std::size_t which = letters.find(line.front());
    word += which == std::string_view::npos ? line.front() : meant[which];
    line.remove_prefix(1);
  }

  static constexpr std::size_t most_kept = 1024;  // words for which the memory of a large request is kept

  bool done_ = false;
  std::size_t at_ = 0;                  // bytes that are understood
  std::size_t searched_ = 0;            // bytes in which there is no further end of a line
  std::optional<std::size_t> left_;     // words that the array still lacks
  std::optional<std::size_t> awaited_;  // size of the bulk string that has begun
  std::vector<extent> extents_;
  std::vector<std::string_view> words_;
  std::deque<std::string> unquoted_;  // words of a line; they stay where they are
  std::string error_;
};

}  // namespace cache_server

#endif
