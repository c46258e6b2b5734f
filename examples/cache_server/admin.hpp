// What operators ask a server for, over HTTP: figures for a scrape, its health, and looks inside the map.
//
//   GET /metrics       OpenMetrics
//   GET /healthz       200, or 503 with reasons
//   GET /debug/maps    figures of all buckets, as JSON: O(buckets)
//   GET /debug/locks   who holds what
//
// It has a thread of its own, so that no client waits for a walk over all buckets.
#ifndef EVAC_EXAMPLES_CACHE_SERVER_ADMIN_HPP
#define EVAC_EXAMPLES_CACHE_SERVER_ADMIN_HPP

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <evac/health.hpp>
#include <string>
#include <string_view>
#include <thread>

#include "server.hpp"
#include "store.hpp"

namespace cache_server {

class admin {
 public:
  /// Listens, at any free port for 0. Throws std::system_error where it cannot. The health is judged by these limits,
  /// and as often as a thread may wait.
  admin(const store& data, const server& of, const std::string& address, unsigned short port,
        const evac::health_limits& limits = {});
  admin(const admin&) = delete;
  admin& operator=(const admin&) = delete;
  ~admin();

  [[nodiscard]] unsigned short port() const { return acceptor_.local_endpoint().port(); }

 private:
  struct page {
    std::string_view status;
    std::string_view type;
    std::string text;
  };

  asio::awaitable<void> accept_all();
  asio::awaitable<void> serve(asio::ip::tcp::socket accepted);
  asio::awaitable<void> judge_now_and_then();
  [[nodiscard]] page page_at(std::string_view path) const;
  [[nodiscard]] std::string metrics() const;

  const store& data_;
  const server& server_;
  const evac::health_limits limits_;
  asio::io_context io_{1};
  asio::ip::tcp::acceptor acceptor_{io_};
  evac::health_verdict verdict_;
  std::thread thread_;
};

}  // namespace cache_server

#endif
