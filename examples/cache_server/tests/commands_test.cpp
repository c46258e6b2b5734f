// Every command beside redis-server: the same random requests to both, with the same replies.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "peer.hpp"
#include "support/catch.hpp"
#include "support/dice.hpp"

namespace {

using cache_server_test::cache_server_process;
using cache_server_test::connection;
using cache_server_test::process;
using cache_server_test::request_of;
using words = std::vector<std::string>;

/// redis-server at a port that was free a moment ago; null where it is not installed.
struct redis {
  std::unique_ptr<process> running;
  unsigned short port = 0;

  redis() {
    if (std::system("command -v redis-server >/dev/null 2>&1") != 0) return;
    port = [] {
      const cache_server_process free;
      return free.port();
    }();
    running = std::make_unique<process>(words{"redis-server", "--port", std::to_string(port), "--save", "",
                                              "--appendonly", "no", "--bind", "127.0.0.1", "--dir", "/tmp"});
    while (!connection(port).is_open()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
};

/// Random requests over few keys, so that each command meets keys of all kinds.
class requests {
 public:
  explicit requests(std::size_t stream) : roll_(stream) {}

  words next() {
    static const std::vector<words (requests::*)()> kinds = {
        &requests::plain_set, &requests::set_with_options, &requests::expiry, &requests::one_key,   &requests::one_key,
        &requests::numbers,   &requests::many_keys,        &requests::pairs,  &requests::appending, &requests::whole,
        &requests::wrong};
    return (this->*kinds[roll_(kinds.size())])();
  }

 private:
  template <class... Options>
  std::string any(const Options&... options) {
    const std::string all[] = {std::string(options)...};
    return all[roll_(sizeof...(options))];
  }
  std::string key() { return "key:" + std::to_string(roll_(12)); }
  std::string value() {
    switch (roll_(6)) {
      case 0:
        return std::to_string(roll_(1000));
      case 1:
        return any("9223372036854775807", "-9223372036854775808", "9223372036854775800", "007", " 1", "-0", "1.5");
      case 2:
        return std::string(roll_(300), 'x');
      case 3:
        return std::string("\0\r\n\xff", 4);
      case 4:
        return "";
      default:
        return "value" + std::to_string(roll_(100));
    }
  }
  // Far enough from the present that both servers have the same seconds left, or over already.
  std::string time() {
    return any("100", "1000", "100000", "-1", "0", "x", "", "9223372036854775807", "9223372036854775",
               "-9223372036854775808", "01");
  }
  std::string in_any_case(std::string word) {
    if (roll_(2) == 0) std::ranges::transform(word, word.begin(), [](char c) { return static_cast<char>(c | 0x20); });
    return word;
  }

  words plain_set() { return {in_any_case("SET"), key(), value()}; }
  words set_with_options() {
    words result{"SET", key(), value()};
    for (std::size_t i = roll_(4); i != 0; --i) {
      const std::string option = in_any_case(any("NX", "XX", "GET", "KEEPTTL", "EX", "PX", "EX", "PX", "YY"));
      result.push_back(option);
      if (((option[0] | 0x20) == 'e' || (option[0] | 0x20) == 'p') && roll_(10) != 0)
        result.push_back(seconds_or_more(option));
    }
    return result;
  }
  std::string seconds_or_more(const std::string& option) {
    const std::string chosen = time();
    return (option[0] | 0x20) == 'p' && chosen.size() > 1 && chosen.size() < 7 ? chosen + "000" : chosen;
  }
  words expiry() {
    const bool in_seconds = roll_(2) == 0;
    words result{in_seconds ? "EXPIRE" : "PEXPIRE", key(), in_seconds ? time() : seconds_or_more("px")};
    bool compares = false;
    for (std::size_t i = roll_(3); i != 0; --i) {
      result.push_back(in_any_case(any("NX", "XX", "GT", "LT", "ZZ")));
      compares |= (result.back().back() | 0x20) == 't';
    }
    // A moment that no other request names: which of two equal ones is later would depend on the milliseconds between
    // them.
    const std::size_t step = 40 * compared_;
    if (compares) result[2] = std::to_string(++compared_ % 2 == 0 ? 200'000 + step : 99'000 - step % 80'000);
    if (compares && !in_seconds) result[2] += "000";
    return result;
  }
  words one_key() {
    return {
        in_any_case(any("GET", "GETDEL", "STRLEN", "TTL", "PTTL", "PERSIST", "TYPE", "DEL", "EXISTS", "INCR", "DECR")),
        key()};
  }
  words numbers() {
    return {"INCRBY", key(), any("1", "-1", "1000", "9223372036854775807", "-9223372036854775808", "x", "", "1.0")};
  }
  words many_keys() {
    words result{any("DEL", "UNLINK", "EXISTS", "MGET")};
    for (std::size_t i = roll_(5); i != 0; --i) result.push_back(key());
    return result;
  }
  words pairs() {
    words result{"MSET"};
    for (std::size_t i = roll_(6); i != 0; --i) result.push_back(i % 2 == 0 ? key() : value());
    return result;
  }
  words appending() { return {"APPEND", key(), value()}; }
  words whole() {
    switch (roll_(24)) {
      case 0:
        return {"FLUSHALL"};
      case 1:
        return {"FLUSHALL", any("ASYNC", "sync", "x")};
      case 2:
        return {"PING"};
      case 3:
        return {"PING", value()};
      case 4:
        return {"ECHO", value()};
      case 5:
        return {"CLIENT", "SETNAME", "name" + std::to_string(roll_(3))};
      case 6:
        return {"CLIENT", "GETNAME"};
      case 7:
        return {"SELECT", any("0", "99", "x")};
      case 8:
        return {"HELLO", any("9", "4")};
      case 9:
        return {"SCAN", any("x", "-1x"), "COUNT", "10"};
      case 10:
        return {"SCAN", "0", any("COUNT", "MATCH", "xyz")};
      case 11:
        return {"SCAN", "0", "COUNT", any("0", "x", "-1")};
      default:
        return {"DBSIZE"};
    }
  }
  words wrong() {
    words result{any("NOSUCH", "no\r\nsuch", "GET", "SET", "PING", "ECHO", "TTL", "DBSIZE", "MSET", "EXPIRE", "INCRBY",
                     "SCAN", "CLIENT", "APPEND", "TYPE", "")};
    for (std::size_t i = roll_(5); i != 0; --i) result.push_back(any("a", "b c", "'", std::string(200, 'z').c_str()));
    if (result[0] == "CLIENT" && result.size() > 1) result.resize(1);  // the subcommands of Redis are many
    return result;
  }

  evac_test::dice roll_;
  std::size_t compared_ = 0;
};

/// Whether two replies are the same; milliseconds that are left may differ by what the one server was later.
[[nodiscard]] bool same(const words& request, const std::string& ours, const std::string& theirs) {
  if (ours == theirs) return true;
  if (request.size() != 2 || ours[0] != ':' || theirs[0] != ':') return false;
  const long long apart = std::stoll(ours.substr(1)) - std::stoll(theirs.substr(1));
  const std::string name = request[0].substr(0, 2);
  if (name == "PT" || name == "pt") return std::abs(apart) < 30'000 && std::stoll(ours.substr(1)) > 30'000;
  return (name == "TT" || name == "tt") && std::abs(apart) <= 30 && std::stoll(ours.substr(1)) > 30;
}
[[nodiscard]] std::string shown(const words& request) {
  std::string text;
  for (const std::string& each : request) text += '\'' + each + "' ";
  return text;
}

/// All keys, by a whole SCAN. Each is told once, or the result is empty.
[[nodiscard]] std::optional<std::set<std::string>> scanned(connection& with, const std::string& count,
                                                           const std::string& pattern = "*") {
  std::set<std::string> keys;
  std::string cursor = "0";
  do {
    with.send(request_of({"SCAN", cursor, "COUNT", count, "MATCH", pattern}));
    const std::string reply = with.reply();
    const std::size_t behind = reply.find("\r\n", reply.find('$')) + 2;
    cursor = reply.substr(behind, reply.find("\r\n", behind) - behind);
    for (std::string& each : connection::elements_of(std::string_view(reply).substr(reply.find('*', 1)))) {
      if (!keys.insert(std::move(each)).second) return std::nullopt;
    }
  } while (cursor != "0");
  return keys;
}

}  // namespace

TEST_CASE("each reply to thousands of random requests is that of redis-server") {
  const redis peer;
  if (peer.running == nullptr) {
    WARN("skipped: there is no redis-server (Debian: redis-server)");
    return;
  }
  for (const std::string store : {"sync", "sharded", "cache", "std"}) {
    CAPTURE(store);
    const cache_server_process server({"--store", store});
    connection ours = server.connect();
    connection theirs(peer.port);
    REQUIRE(theirs.ask({"FLUSHALL"}) == ours.ask({"FLUSHALL"}));
    requests source(1);
    std::size_t different = 0;
    const std::size_t count = evac_test::rounds(4000);
    for (std::size_t i = 0; i < count && different < 5; i += 16) {
      std::vector<words> batch(16);
      std::string all;
      for (words& each : batch) all += request_of(each = source.next());
      ours.send(all);
      theirs.send(all);
      for (const words& each : batch) {
        const std::string our_reply = ours.reply();
        const std::string their_reply = theirs.reply();
        if (same(each, our_reply, their_reply)) continue;
        ++different;
        UNSCOPED_INFO(shown(each) << " -> " << our_reply << " of redis: " << their_reply);
      }
    }
    CHECK(different == 0);
    const auto keys = scanned(ours, "3");
    CHECK(keys.has_value());
    CHECK(keys == scanned(theirs, "3"));
  }
}

TEST_CASE("keys whose time is over are gone, whatever asks for them, as with redis-server") {
  const redis peer;
  const std::vector<words> asked = {{"GET", "k"},
                                    {"EXISTS", "k"},
                                    {"TTL", "k"},
                                    {"DEL", "k"},
                                    {"GETDEL", "k"},
                                    {"STRLEN", "k"},
                                    {"TYPE", "k"},
                                    {"MGET", "k", "k"},
                                    {"PERSIST", "k"},
                                    {"EXPIRE", "k", "100"},
                                    {"INCR", "k"},
                                    {"APPEND", "k", "x"},
                                    {"SET", "k", "v", "XX"},
                                    {"SET", "k", "v", "NX"},
                                    {"SET", "k", "v", "GET"},
                                    {"SET", "k", "v", "KEEPTTL"}};
  for (const std::string store : {"sync", "sharded", "cache", "std"}) {
    const cache_server_process server({"--store", store});
    connection ours = server.connect();
    std::optional<connection> theirs;
    if (peer.running != nullptr) theirs.emplace(peer.port);
    for (const words& each : asked) {
      for (connection* one : {&ours, theirs ? &*theirs : nullptr}) {
        if (one == nullptr) continue;
        static_cast<void>(one->ask({"FLUSHALL"}));
        static_cast<void>(one->ask({"SET", "k", "7", "PX", "1"}));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      CAPTURE(store, shown(each));
      const std::string reply = ours.ask(each);
      CHECK((!theirs || reply == theirs->ask(each)));
      CHECK(reply.find("$1\r\n7") == std::string::npos);
      const std::string left = ours.ask({"PTTL", "k"});
      CHECK((!theirs || left == theirs->ask({"PTTL", "k"})));
    }
  }
}

TEST_CASE("what is over is swept although nobody asks for it") {
  for (const std::string store : {"sync", "sharded", "cache", "std"}) {
    CAPTURE(store);
    const cache_server_process server({"--store", store});
    connection with = server.connect();
    std::string all;
    for (int i = 0; i < 20'000; ++i)
      all += request_of({"SET", "k" + std::to_string(i), "v", "PX", i % 4 == 0 ? "1000000" : "1"});
    with.send(all);
    for (int i = 0; i < 20'000; ++i) static_cast<void>(with.reply());
    bool swept = false;
    for (int tries = 0; !swept && tries < 600; ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      swept = with.ask({"DBSIZE"}) == ":5000\r\n";
    }
    CHECK(swept);
  }
}

TEST_CASE("patterns of SCAN are those of redis-server") {
  const redis peer;
  if (peer.running == nullptr) {
    WARN("skipped: there is no redis-server (Debian: redis-server)");
    return;
  }
  const cache_server_process server;
  connection ours = server.connect();
  connection theirs(peer.port);
  evac_test::dice roll(3);
  const auto word = [&](std::string_view letters, std::size_t longest) {
    std::string text;
    for (std::size_t i = roll(longest + 1); i != 0; --i) text += letters[roll(letters.size())];
    return text;
  };
  for (int i = 0; i < 300; ++i) {
    const std::string key = 'a' + word("abc-]*\\", 4);  // not empty: only Redis tells it from what ** stands for
    CHECK(ours.ask({"SET", key, "v"}) == theirs.ask({"SET", key, "v"}));
  }
  std::size_t found = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string pattern = "*?a["[roll(4)] + word("abc-*?[]^\\", 7);
    const auto keys = scanned(ours, "1000", pattern);
    CAPTURE(pattern);
    CHECK(keys == scanned(theirs, "1000", pattern));
    found += keys ? keys->size() : 0;
  }
  CHECK(found > 0);
}
