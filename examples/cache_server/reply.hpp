// Replies in the protocol of Redis (RESP2), written one behind the other.
#ifndef EVAC_EXAMPLES_CACHE_SERVER_REPLY_HPP
#define EVAC_EXAMPLES_CACHE_SERVER_REPLY_HPP

#include <array>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>

namespace cache_server {

/// What a connection has still to send.
class reply {
 public:
  void status(std::string_view text) { line('+', text); }
  /// One line: ends of lines in the text become blanks.
  void error(std::string text) {
    for (char& each : text) {
      if (each == '\r' || each == '\n') each = ' ';
    }
    line('-', text);
  }
  void integer(long long number) { numbered(':', number); }
  void null() { bytes_ += "$-1\r\n"; }
  /// The head of an array: so many elements follow.
  void array(std::size_t count) { numbered('*', static_cast<long long>(count)); }
  void bulk(std::string_view text) {
    numbered('$', static_cast<long long>(text.size()));
    bytes_ += text;
    bytes_ += "\r\n";
  }

  /// Whether it is time to send: a command that has more to say stops and is called again.
  [[nodiscard]] bool is_full() const { return bytes_.size() >= enough; }
  [[nodiscard]] std::string_view bytes() const { return bytes_; }
  /// Takes back what was added since there were so many bytes.
  void take_back(std::size_t bytes) { bytes_.resize(bytes); }
  /// Everything has been sent. The memory of a large reply is given back.
  void clear() {
    bytes_.clear();
    if (bytes_.capacity() > 2 * enough) bytes_ = {};
  }

 private:
  static constexpr std::size_t enough = 64 << 10;

  void line(char kind, std::string_view text) {
    bytes_ += kind;
    bytes_ += text;
    bytes_ += "\r\n";
  }
  void numbered(char kind, long long number) {
    std::array<char, 24> text{kind};
    char* const end = std::to_chars(text.data() + 1, text.data() + text.size() - 2, number).ptr;
    end[0] = '\r';
    end[1] = '\n';
    bytes_.append(text.data(), static_cast<std::size_t>(end - text.data()) + 2);
  }

  std::string bytes_;
};

}  // namespace cache_server

#endif
