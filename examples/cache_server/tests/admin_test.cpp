// The pages for operators.
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "../admin.hpp"
#include "../server.hpp"
#include "../store.hpp"
#include "peer.hpp"
#include "support/catch.hpp"
#include "support/in_threads.hpp"
#include "support/openmetrics_reader.hpp"

namespace {

using cache_server_test::cache_server_process;
using cache_server_test::connection;

struct page {
  std::string head;
  std::string text;
};

/// The port in "admin at http://127.0.0.1:40123".
[[nodiscard]] unsigned short admin_port_of(const cache_server_process& server) {
  const std::string line = server.said();
  return static_cast<unsigned short>(std::stoi(line.substr(line.rfind(':') + 1)));
}
[[nodiscard]] page answer_to(unsigned short port, const std::string& request) {
  connection with(port);
  with.send(request);
  const std::string all = with.rest();
  const std::size_t end = all.find("\r\n\r\n");
  return end == std::string::npos ? page() : page{all.substr(0, end), all.substr(end + 4)};
}
[[nodiscard]] page page_at(unsigned short port, const std::string& path) {
  return answer_to(port, "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

/// The page for health, when it begins as is said; the last one that came, if that is long in coming.
[[nodiscard]] page health_when(unsigned short port, const std::string& beginning) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(cache_server_test::patience_ms);
  for (;;) {
    page found = page_at(port, "/healthz");
    if (found.head.starts_with(beginning) || std::chrono::steady_clock::now() > end) return found;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace

TEST_CASE("the pages for operators tell what the store holds") {
  for (const std::string store : {"sync", "sharded", "std"}) {
    CAPTURE(store);
    const cache_server_process server({"--store", store, "--admin-port", "0"});
    const unsigned short port = admin_port_of(server);
    connection client = server.connect();
    for (int i = 0; i < 100; ++i) REQUIRE(client.ask({"SET", "k" + std::to_string(i), "v"}) == "+OK\r\n");

    const page metrics = page_at(port, "/metrics");
    CHECK(metrics.head.starts_with("HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics-text"));
    const evac_test::openmetrics_reader reader(metrics.text);
    CHECK(reader.value("evac_map_size", "map=" + store) == "100");
    CHECK(reader.value("cache_server_requests", "store=" + store) == "100");
    CHECK(reader.value("cache_server_clients", "store=" + store) == "1");

    const page health = page_at(port, "/healthz");
    CHECK(health.head.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(health.text == "well\n");

    const page maps = page_at(port, "/debug/maps?pretty");
    CHECK(maps.head.find("application/json") != std::string::npos);
    CHECK(maps.text.find("\"size\":100,") != std::string::npos);
    CHECK_FALSE(page_at(port, "/debug/locks").text.empty());
  }
}

TEST_CASE("the page for health says 503 and why while a client waits for a lock that is not released, and then 200") {
  const std::unique_ptr<cache_server::store> data = cache_server::make_store("sharded", 0);
  const cache_server::server of(*data, {.port = 0, .threads = 1});
  const cache_server::admin pages(*data, of, "127.0.0.1", 0, {.longest_wait = std::chrono::milliseconds(20)});
  CHECK(page_at(pages.port(), "/healthz").text == "well\n");

  data->put("key", {.data = "first"});  // what is there is changed under the lock of its shard
  std::atomic<bool> is_held{false};
  std::atomic<bool> release{false};
  std::thread holder([&] {
    data->update("key", [&](cache_server::entry&, bool) {
      is_held = true;
      evac_test::await([&] { return release.load(); });
      return cache_server::verdict::put;
    });
  });
  evac_test::await([&] { return is_held.load(); });
  std::thread waiter([&] { data->put("key", {.data = "value"}); });
  const page sick = health_when(pages.port(), "HTTP/1.1 503 ");
  release = true;
  holder.join();
  waiter.join();

  CHECK(sick.head.starts_with("HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain"));
  CHECK(sick.head.find("\r\nContent-Length: " + std::to_string(sick.text.size()) + "\r\n") != std::string::npos);
  CHECK(sick.text.starts_with("sharded has kept 1 thread waiting for its locks for the last "));
  CHECK(sick.text.ends_with('\n'));
  CHECK(health_when(pages.port(), "HTTP/1.1 200 ").text == "well\n");
}

TEST_CASE("anything else that is asked of the admin port is refused") {
  const cache_server_process server({"--admin-port", "0"});
  const unsigned short port = admin_port_of(server);
  CHECK(page_at(port, "/").head.starts_with("HTTP/1.1 404"));
  CHECK(answer_to(port, "POST /metrics HTTP/1.1\r\n\r\n").head.starts_with("HTTP/1.1 405"));
  CHECK(answer_to(port, "GET\r\n\r\n").head.starts_with("HTTP/1.1 405"));
  CHECK(answer_to(port, "GET /" + std::string(10'000, 'a')).head.empty());
  const connection silent(port);
  CHECK(page_at(port, "/healthz").text == "well\n");
}
