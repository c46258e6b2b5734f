// Clients that behave badly, many of them, and the end of the server.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "peer.hpp"
#include "support/catch.hpp"

namespace {

using cache_server_test::cache_server_process;
using cache_server_test::connection;
using cache_server_test::request_of;
using words = std::vector<std::string>;

constexpr std::size_t mib = 1 << 20;

[[nodiscard]] bool serves(const cache_server_process& server) {
  connection fresh = server.connect();
  return fresh.is_open() && fresh.ask({"PING"}) == "+PONG\r\n";
}
/// The figure of INFO, as a number.
[[nodiscard]] long figure(const cache_server_process& server, const std::string& name) {
  const std::string text = server.connect().ask({"INFO"});
  const std::size_t at = text.find("\n" + name + ":");
  return at == std::string::npos ? -1 : std::stol(text.substr(at + name.size() + 2));
}
/// Whether the server comes to have only the client that asks.
[[nodiscard]] bool forgets_all_clients(const cache_server_process& server) {
  for (int tries = 0; tries < 600; ++tries) {
    if (figure(server, "connected_clients") == 1) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return false;
}
/// Sends as much as the other side takes without reading any reply; returns whether it stopped to take before `most`
/// bytes.
[[nodiscard]] bool fills(const connection& with, const std::string& text, std::size_t most) {
  fcntl(with.descriptor(), F_SETFL, fcntl(with.descriptor(), F_GETFL) | O_NONBLOCK);
  std::size_t sent = 0;
  for (int idle = 0; idle < 20 && sent < most;) {
    const ssize_t now = send(with.descriptor(), text.data(), text.size(), MSG_NOSIGNAL);
    if (now > 0) {
      sent += static_cast<std::size_t>(now);
      idle = 0;
    } else {
      ++idle;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  return sent < most;
}

}  // namespace

TEST_CASE("a client that never reads is not read from any more, and costs little memory") {
  const cache_server_process server;
  const std::string value(1 * mib, 'x');
  REQUIRE(server.connect().ask({"SET", "large", value}) == "+OK\r\n");
  const std::size_t before = server.memory();
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += request_of({"GET", "large"});
  std::vector<connection> silent;
  for (int i = 0; i < 20; ++i) {
    silent.push_back(server.connect());
    CHECK(fills(silent.back(), requests, 64 * mib));
  }
  CHECK(serves(server));
  // What was asked for is 100 GB and more; each is to hold a reply of 1 MiB, twice at most, and a buffer.
  CHECK(server.memory() < before + 20 * 4 * mib);
  silent.clear();
  CHECK(forgets_all_clients(server));
}

TEST_CASE("a reply to many keys of a client that never reads is not made as a whole") {
  const cache_server_process server;
  REQUIRE(server.connect().ask({"SET", "large", std::string(8 * mib, 'x')}) == "+OK\r\n");
  const std::size_t before = server.memory();
  words request{"MGET"};
  request.resize(1000, "large");
  connection silent = server.connect();
  REQUIRE(silent.send(request_of(request)));
  CHECK(serves(server));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  CHECK(server.memory() < before + 200 * mib);  // the whole has 8 GB; sanitizers take their share of each byte
}

TEST_CASE("a long reply is the same for a client that reads slowly") {
  const cache_server_process server;
  connection slow(server.port(), 4096);
  REQUIRE(slow.ask({"SET", "k", std::string(100'000, 'x')}) == "+OK\r\n");
  words request{"MGET"};
  request.resize(101, "k");
  request.back() = "absent";
  slow.send(request_of(request) + request_of({"ECHO", "behind"}));
  const std::string reply = slow.reply();
  CHECK(reply.size() == 6 + 99 * (9 + 100'000 + 2) + 5);
  CHECK(reply.starts_with("*100\r\n$100000\r\nx"));
  CHECK(reply.ends_with("x\r\n$-1\r\n"));
  CHECK(slow.reply() == "$6\r\nbehind\r\n");
}

TEST_CASE("clients that are killed in the middle of everything leave nothing behind") {
  const cache_server_process server;
  for (int round = 0; round < 10; ++round) {
    const pid_t client = fork();
    if (client == 0) {
      std::vector<connection> all;
      for (int i = 0; i < 20; ++i) all.push_back(server.connect());
      for (;;) {
        for (const connection& each : all) {
          each.send(request_of({"SET", "k", std::string(10'000, 'x')}) + request_of({"GET", "k"}) + "*2\r\n$3\r\nGE");
        }
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    kill(client, SIGKILL);
    waitpid(client, nullptr, 0);
  }
  CHECK(serves(server));
  CHECK(forgets_all_clients(server));
}

TEST_CASE("a client that has only stopped to send gets all its replies") {
  const cache_server_process server;
  connection half_open = server.connect();
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += request_of({"ECHO", std::to_string(i)});
  half_open.send(requests);
  half_open.stop_sending();
  std::size_t right = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string text = std::to_string(i);
    right += half_open.reply() == '$' + std::to_string(text.size()) + "\r\n" + text + "\r\n" ? 1 : 0;
  }
  CHECK(right == 1000);
  CHECK(half_open.ends());
}

TEST_CASE("a thousand connections are served at one time, and one too many is told so") {
  const cache_server_process server({"--max-clients", "1000"});
  std::vector<connection> all;
  for (int i = 0; i < 1000; ++i) all.push_back(server.connect());
  std::size_t right = 0;
  for (connection& each : all) each.send(request_of({"INCR", "sum"}));
  for (connection& each : all) right += each.reply()[0] == ':' ? 1 : 0;
  CHECK(right == 1000);
  CHECK(all.front().ask({"GET", "sum"}) == "$4\r\n1000\r\n");
  connection one_more = server.connect();
  CHECK(one_more.reply() == "-ERR max number of clients reached\r\n");
  CHECK(one_more.ends());
  all.pop_back();
  bool is_served = false;
  for (int tries = 0; !is_served && tries < 600; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    is_served = serves(server);
  }
  CHECK(is_served);
}

TEST_CASE("malformed requests are told why, and end their connection only") {
  const cache_server_process server;
  connection bystander = server.connect();
  connection wrong = server.connect();
  wrong.send("PING\r\n*1\r\n$x\r\nPING\r\n");
  CHECK(wrong.reply() == "+PONG\r\n");
  CHECK(wrong.reply() == "-ERR Protocol error: invalid bulk length\r\n");
  CHECK(wrong.ends());
  CHECK(bystander.ask({"PING"}) == "+PONG\r\n");
  connection quits = server.connect();
  quits.send("QUIT\r\nPING\r\n");
  CHECK(quits.reply() == "+OK\r\n");
  CHECK(quits.ends());
}

TEST_CASE("memory that a client has announced and not sent is not taken") {
  const cache_server_process server;
  const std::size_t before = server.memory();
  std::vector<connection> all;
  for (int i = 0; i < 50; ++i) {
    all.push_back(server.connect());
    all.back().send("*2\r\n$67108864\r\nabc");
  }
  CHECK(serves(server));
  CHECK(server.memory() < before + 50 * mib);
}

TEST_CASE("SIGTERM ends the server when its clients have their replies") {
  cache_server_process server;
  connection idle = server.connect();
  connection busy = server.connect();
  REQUIRE(idle.ask({"SET", "k", std::string(16 * mib, 'x')}) == "+OK\r\n");
  REQUIRE(busy.ask({"PING"}) == "+PONG\r\n");
  busy.send(request_of({"GET", "k"}));
  kill(server.id(), SIGTERM);
  CHECK(idle.ends());
  CHECK(busy.reply().size() == 16 * mib + 13);
  CHECK(busy.ends());
  const int status = server.end(0);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  CHECK_FALSE(server.connect().is_open());
}

TEST_CASE("SIGTERM ends the server although a client never takes its reply") {
  cache_server_process server({"--drain-seconds", "1"});
  connection silent = server.connect();
  REQUIRE(silent.ask({"SET", "k", std::string(16 * mib, 'x')}) == "+OK\r\n");
  silent.send(request_of({"GET", "k"}));
  const int status = server.end(SIGTERM);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

TEST_CASE("the memory of a bounded store stays below its limit under load, and all is answered") {
  const cache_server_process server({"--store", "cache", "--max-memory", "16"});
  connection with = server.connect();
  const std::size_t before = server.memory();
  std::size_t wrong = 0;
  for (int round = 0; round < 200; ++round) {
    std::string batch;
    for (int i = 0; i < 100; ++i) {
      const std::string key = "k" + std::to_string(round * 100 + i);
      batch += request_of({"SET", key, std::string(10'000, 'x')}) + request_of({"STRLEN", key});
    }
    with.send(batch);
    for (int i = 0; i < 100; ++i) {
      wrong += with.reply() == "+OK\r\n" ? 0 : 1;
      wrong += with.reply() == ":10000\r\n" ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
  CHECK(server.memory() < before + 64 * mib);  // 200 MB were put
}

TEST_CASE("FLUSHALL while others write and read leaves each reply well formed") {
  for (const std::string store : {"sync", "sharded", "cache", "std"}) {
    CAPTURE(store);
    const cache_server_process server({"--store", store});
    std::size_t wrong = 0;
    std::vector<connection> all;
    for (int i = 0; i < 8; ++i) all.push_back(server.connect());
    std::string batch;
    for (int i = 0; i < 500; ++i) {
      const std::string key = "k" + std::to_string(i);
      batch += request_of({"SET", key, "value"}) + request_of({"GET", key});
    }
    connection flusher = server.connect();
    for (int round = 0; round < 20; ++round) {
      for (const connection& each : all) each.send(batch);
      wrong += flusher.ask({"FLUSHALL"}) == "+OK\r\n" ? 0 : 1;
      for (connection& each : all) {
        for (int i = 0; i < 500; ++i) {
          wrong += each.reply() == "+OK\r\n" ? 0 : 1;
          const std::string value = each.reply();
          wrong += value == "$5\r\nvalue\r\n" || value == "$-1\r\n" ? 0 : 1;
        }
      }
    }
    CHECK(wrong == 0);
    CHECK(flusher.ask({"FLUSHALL"}) == "+OK\r\n");
    CHECK(flusher.ask({"DBSIZE"}) == ":0\r\n");
  }
}
