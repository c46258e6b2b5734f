// The pages for operators.
#include <string>
#include <vector>

#include "peer.hpp"
#include "support/catch.hpp"
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
