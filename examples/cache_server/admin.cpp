// The pages, and as much of HTTP as they need: one request a connection.
#include "admin.hpp"

#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/read_until.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <algorithm>
#include <chrono>
#include <evac/openmetrics.hpp>
#include <memory>
#include <utility>

namespace cache_server {

namespace {

using asio::ip::tcp;

constexpr auto as_result = asio::experimental::as_tuple(asio::use_awaitable);
constexpr std::string_view plain = "text/plain; charset=utf-8";

}  // namespace

admin::admin(const store& data, const server& of, const std::string& address, unsigned short port,
             const evac::health_limits& limits)
    : data_(data), server_(of), limits_(limits) {
  const tcp::endpoint where(asio::ip::make_address(address), port);
  acceptor_.open(where.protocol());
  acceptor_.set_option(tcp::acceptor::reuse_address(true));
  acceptor_.bind(where);
  acceptor_.listen();
  asio::co_spawn(io_, accept_all(), asio::detached);
  asio::co_spawn(io_, judge_now_and_then(), asio::detached);
  thread_ = std::thread([this] { io_.run(); });
}
admin::~admin() {
  io_.stop();
  thread_.join();
}

asio::awaitable<void> admin::accept_all() {
  asio::steady_timer pause(io_);
  for (;;) {
    auto [error, socket] = co_await acceptor_.async_accept(as_result);
    if (!error) {
      asio::co_spawn(io_, serve(std::move(socket)), asio::detached);
      continue;
    }
    pause.expires_after(std::chrono::milliseconds(50));
    co_await pause.async_wait(as_result);
  }
}

asio::awaitable<void> admin::serve(tcp::socket accepted) {
  const auto with = std::make_shared<tcp::socket>(std::move(accepted));
  asio::steady_timer patience(io_, std::chrono::seconds(10));
  patience.async_wait([with](const asio::error_code& error) {
    if (!error) with->close();
  });
  constexpr std::size_t longest_request = 8192;
  std::string asked;
  const auto [error, size] =
      co_await asio::async_read_until(*with, asio::dynamic_buffer(asked, longest_request), "\r\n\r\n", as_result);
  if (error) {
    patience.cancel();
    co_return;
  }
  const std::string_view line = std::string_view(asked).substr(0, asked.find('\r'));
  const std::string_view target = line.substr(std::min(line.size(), std::string_view("GET ").size()));
  const page found = line.starts_with("GET ") ? page_at(target.substr(0, target.find_first_of(" ?")))
                                              : page{"405 Method Not Allowed", plain, "only GET\n"};
  std::string reply = "HTTP/1.1 " + std::string(found.status) + "\r\nContent-Type: " + std::string(found.type) +
                      "\r\nContent-Length: " + std::to_string(found.text.size()) + "\r\nConnection: close\r\n\r\n";
  reply += found.text;
  co_await asio::async_write(*with, asio::buffer(reply), as_result);
  patience.cancel();
}

/// Two samples tell of a thread that waits if they are as far apart as health_limits::longest_wait.
asio::awaitable<void> admin::judge_now_and_then() {
  asio::steady_timer pause(io_);
  evac::map_counters before = data_.counters();
  for (;;) {
    const auto began = std::chrono::steady_clock::now();
    pause.expires_after(limits_.longest_wait);
    co_await pause.async_wait(as_result);
    const evac::map_counters now = data_.counters();
    verdict_ = evac::health(before, now, std::chrono::steady_clock::now() - began, limits_, data_.name());
    before = now;
  }
}

admin::page admin::page_at(std::string_view path) const {
  if (path == "/metrics") return {"200 OK", evac::openmetrics_type, metrics()};
  if (path == "/healthz" && verdict_.healthy()) return {"200 OK", plain, "well\n"};
  if (path == "/healthz") return {"503 Service Unavailable", plain, verdict_.text()};
  if (path == "/debug/maps") return {"200 OK", "application/json", data_.stats_json() + '\n'};
  if (path == "/debug/locks") return {"200 OK", plain, data_.locks()};
  return {"404 Not Found", plain, "there are /metrics, /healthz, /debug/maps and /debug/locks\n"};
}

std::string admin::metrics() const {
  const std::string label = "{store=\"" + std::string(data_.name()) + "\"} ";
  std::string text =
      "# HELP cache_server_requests Requests that were carried out.\n# TYPE cache_server_requests counter\n";
  text += "cache_server_requests_total" + label + std::to_string(server_.requests());
  text += "\n# HELP cache_server_clients Connections.\n# TYPE cache_server_clients gauge\n";
  text += "cache_server_clients" + label + std::to_string(server_.clients()) + '\n';
  evac::metrics_page of_map;
  data_.add_to(of_map);
  return text + of_map.openmetrics();
}

}  // namespace cache_server
