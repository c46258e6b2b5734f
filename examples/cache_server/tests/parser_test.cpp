// The parser of requests: every split of its input, inline requests, and what it refuses.
#include <string>
#include <string_view>
#include <vector>

#include "../request_parser.hpp"
#include "support/catch.hpp"

using cache_server::request_parser;
using words = std::vector<std::string>;

namespace {

struct parsed {
  std::vector<words> requests;
  std::string error;
  std::size_t left = 0;  // bytes of an incomplete request

  bool operator==(const parsed&) const = default;
};

/// What a connection does with input that comes in these pieces; each time the bytes lie somewhere else.
[[nodiscard]] parsed parse_pieces(const std::vector<std::string_view>& pieces) {
  parsed result;
  request_parser parser;
  std::string buffer;
  for (const std::string_view piece : pieces) {
    buffer = std::string(std::string_view(buffer)) + std::string(piece);
    buffer.shrink_to_fit();
    for (;;) {
      const auto outcome = parser.parse(buffer);
      if (outcome == request_parser::outcome::incomplete) break;
      if (outcome == request_parser::outcome::malformed) {
        result.error = parser.error();
        return result;
      }
      result.requests.emplace_back(parser.words().begin(), parser.words().end());
      buffer.erase(0, parser.consumed());
    }
  }
  result.left = buffer.size();
  return result;
}
[[nodiscard]] parsed parse_whole(std::string_view input) { return parse_pieces({input}); }

[[nodiscard]] std::vector<words> requests_of(std::string_view input) {
  const parsed result = parse_whole(input);
  CHECK(result.error.empty());
  CHECK(result.left == 0);
  return result.requests;
}
[[nodiscard]] std::string error_of(std::string_view input) { return parse_whole(input).error; }

[[nodiscard]] std::string bulk(std::string_view text) {
  return '$' + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}

// Everything that may stand behind each other in a connection.
const std::string conversation =
    "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n"
    "PING\r\n"
    "*0\r\n"
    "\r\n"
    "*1\r\n$6\r\n\r\n*1\r\n\r\n"
    "  GET\t\"a \\x41\\n\" 'it\\'s' \n"
    "*-1\r\n"
    "*2\r\n$4\r\nECHO\r\n$11\r\nhello world\r\n";
const std::vector<words> conversation_words = {
    {"SET", "k", ""}, {"PING"}, {}, {}, {"\r\n*1\r\n"}, {"GET", "a A\n", "it's"}, {}, {"ECHO", "hello world"}};

}  // namespace

TEST_CASE("requests come out as they were sent, arrays and inline ones in turn") {
  CHECK(requests_of(conversation) == conversation_words);
}

TEST_CASE("any split of the input into two pieces gives the same requests") {
  for (std::size_t at = 0; at <= conversation.size(); ++at) {
    const std::string_view all = conversation;
    CAPTURE(at);
    CHECK(parse_pieces({all.substr(0, at), all.substr(at)}) == parse_whole(all));
  }
}

TEST_CASE("any split of the input into three pieces gives the same requests") {
  const std::string_view all = conversation;
  const parsed whole = parse_whole(all);
  std::size_t different = 0;
  for (std::size_t first = 0; first <= all.size(); ++first) {
    for (std::size_t second = first; second <= all.size(); ++second) {
      const auto pieces = {all.substr(0, first), all.substr(first, second - first), all.substr(second)};
      different += parse_pieces(pieces) == whole ? 0 : 1;
    }
  }
  CHECK(different == 0);
}

TEST_CASE("input that comes byte by byte gives the same requests, and the same error at the end of it") {
  for (const std::string tail : {"", "*1\r\n$x\r\n", "*1\r\n+1\r\n", "GET \"a\r\n", "*1\r\n$1\r\nabc"}) {
    const std::string all = conversation + tail;
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i < all.size(); ++i) bytes.push_back(std::string_view(all).substr(i, 1));
    CAPTURE(tail);
    CHECK(parse_pieces(bytes) == parse_whole(all));
    CHECK(parse_whole(all).error.empty() == tail.empty());
  }
}

TEST_CASE("a request is not complete before its last byte") {
  const std::string all = "*2\r\n" + bulk("GET") + bulk("key");
  for (std::size_t size = 0; size < all.size(); ++size) {
    CHECK(parse_whole(std::string_view(all).substr(0, size)).requests.empty());
    CHECK(parse_whole(std::string_view(all).substr(0, size)).left == size);
  }
}

TEST_CASE("quotes of inline requests hold what the shell of Redis holds in them") {
  CHECK(requests_of("\"\\x00\\xff\\x4\\n\\r\\t\\b\\a\\q\\\"\\\\\"\n") ==
        std::vector<words>{{std::string("\0\xffx4\n\r\t\b\aq\"\\", 12)}});
  CHECK(requests_of("'\\x41\\n'\n") == std::vector<words>{{"\\x41\\n"}});
  CHECK(requests_of("a\"b\" ''\n") == std::vector<words>{{"ab", ""}});
  for (const char* const line : {"\"a\n", "'a\n", "\"a\"b\n", "'a''b'\n", "\"\\\"\n"}) {
    CAPTURE(line);
    CHECK(error_of(line) == "Protocol error: unbalanced quotes in request");
  }
}

TEST_CASE("lengths that are no numbers or are too large are refused before there is memory for them") {
  for (const char* const count : {"1048577", "x", "", "+1", "01", " 1", "99999999999999999999"}) {
    CAPTURE(count);
    CHECK(error_of('*' + std::string(count) + "\r\n") == "Protocol error: invalid multibulk length");
  }
  for (const char* const size : {"67108865", "-1", "x", "", "1x", "99999999999999999999"}) {
    CAPTURE(size);
    CHECK(error_of("*1\r\n$" + std::string(size) + "\r\n") == "Protocol error: invalid bulk length");
  }
  CHECK(error_of("*1048576\r\n$67108864\r\n").empty());
  CHECK(error_of("*1\r\n:1\r\n") == "Protocol error: expected '$', got ':'");
  CHECK(error_of("*1\r\n$1\r\nabc") == "Protocol error: a bulk string longer than its length");
}

TEST_CASE("lines without an end are refused") {
  const std::string endless(cache_server::longest_line + 2, '1');
  CHECK(error_of(endless) == "Protocol error: too big inline request");
  CHECK(error_of('*' + endless) == "Protocol error: too big mbulk count string");
  CHECK(error_of("*1\r\n$" + endless) == "Protocol error: too big bulk count string");
}

TEST_CASE("a request that is too large as a whole is refused when its last part is announced") {
  const std::string word = bulk(std::string(cache_server::longest_word, 'a'));
  CHECK(error_of("*3\r\n" + word + word + "$67108864\r\n") == "Protocol error: too big request");
}

TEST_CASE("an array of the largest number of words is taken") {
  std::string all = "*1048576\r\n";
  for (std::size_t i = 0; i < cache_server::most_words; ++i) all += "$0\r\n\r\n";
  const auto requests = requests_of(all + "PING\r\n");
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].size() == cache_server::most_words);
  CHECK(requests[1] == words{"PING"});
}

TEST_CASE("a request that comes in many pieces is looked at once") {
  // Looking at all of it again for each piece would take hours.
  request_parser parser;
  std::string all = "*1000000\r\n";
  all.reserve(8'000'000);
  std::size_t incomplete = 0;
  for (int i = 0; i < 999'999; ++i) {
    all += "$0\r\n\r\n";
    incomplete += parser.parse(all) == request_parser::outcome::incomplete ? 1 : 0;
  }
  CHECK(incomplete == 999'999);
  all += "$0\r\n\r\n";
  CHECK(parser.parse(all) == request_parser::outcome::complete);
  CHECK(parser.words().size() == 1'000'000);
}

TEST_CASE("integers are those that Redis takes") {
  using cache_server::integer_of;
  CHECK(integer_of("0") == 0);
  CHECK(integer_of("-1") == -1);
  CHECK(integer_of("9223372036854775807") == 9223372036854775807);
  CHECK(integer_of("-9223372036854775808") == -9223372036854775807 - 1);
  for (const char* const text : {"", "-", "-0", "00", "01", "-01", "+1", " 1", "1 ", "1.0", "9223372036854775808"}) {
    CAPTURE(text);
    CHECK_FALSE(integer_of(text).has_value());
  }
}
