// Connections: accepting, reading, answering, sending, and their end.
#include "server.hpp"

#include <unistd.h>

#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <algorithm>
#include <cstdint>
#include <list>
#include <new>
#include <sstream>
#include <utility>

#include "input_buffer.hpp"
#include "request_parser.hpp"

namespace cache_server {

namespace {

using asio::ip::tcp;
using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

/// Errors come as the first part of a result: most of them are clients that have gone.
constexpr auto as_result = asio::experimental::as_tuple(asio::use_awaitable);

[[nodiscard]] time_ms now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

/// One thread and its connections. Nothing but stop() and the counts is for other threads.
class server::core {
 public:
  core(server& owner, const tcp::endpoint& where, bool sweeps) : owner_(owner) {
    acceptor_.open(where.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.set_option(reuse_port(true));
    acceptor_.bind(where);
    acceptor_.listen();
    port_ = acceptor_.local_endpoint().port();
    asio::co_spawn(io_, accept_all(), asio::detached);
    if (sweeps) asio::co_spawn(io_, sweep_expired(), asio::detached);
  }

  void run() { io_.run(); }
  /// Takes no more connections, and ends those that there are as soon as they have been answered, or after a while.
  void stop() {
    asio::post(io_, [this] {
      stopping_ = true;
      acceptor_.close();
      sweep_timer_.cancel();
      for (connection* each : connections_) {
        if (each->is_reading) each->socket.cancel();
      }
      drain_timer_.expires_after(connections_.empty() ? std::chrono::seconds(0) : owner_.settings_.longest_drain);
      drain_timer_.async_wait([this](const asio::error_code&) {
        for (connection* each : connections_) each->socket.close();
      });
    });
  }
  [[nodiscard]] unsigned short port() const { return port_; }
  /// Requests that were carried out.
  [[nodiscard]] std::size_t requests() const { return requests_.load(std::memory_order_relaxed); }

 private:
  struct connection {
    connection(core& home, tcp::socket&& accepted)
        : here(home), socket(std::move(accepted)), from{++home.owner_.last_id_, {}, false} {
      ++here.owner_.clients_;
      place = here.connections_.insert(here.connections_.end(), this);
    }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    ~connection() {
      here.connections_.erase(place);
      --here.owner_.clients_;
      if (here.stopping_ && here.connections_.empty()) here.drain_timer_.cancel();
    }

    core& here;
    tcp::socket socket;
    client from;
    input_buffer input;
    request_parser parser;
    reply out;
    bool is_reading = false;
    std::list<connection*>::iterator place;
  };

  asio::awaitable<void> accept_all() {
    asio::steady_timer pause(io_);
    while (!stopping_) {
      auto [error, socket] = co_await acceptor_.async_accept(as_result);
      if (!error) {
        asio::co_spawn(io_, serve(std::move(socket)), asio::detached);
      } else if (!stopping_) {  // there are no descriptors left, most of all: a client will leave
        pause.expires_after(std::chrono::milliseconds(50));
        co_await pause.async_wait(as_result);
      }
    }
  }

  asio::awaitable<void> serve(tcp::socket accepted) {
    connection with(*this, std::move(accepted));
    asio::error_code ignored;
    with.socket.non_blocking(true, ignored);
    with.socket.set_option(tcp::no_delay(true), ignored);
    with.socket.set_option(asio::socket_base::keep_alive(true), ignored);  // so that a client that is gone is noticed
    if (owner_.clients_ > owner_.settings_.most_clients) {
      with.out.error("ERR max number of clients reached");
      co_await send(with);
    } else {
      co_await exchange(with);
    }
  }

  asio::awaitable<void> exchange(connection& with) {
    for (;;) {
      const bool is_answered = co_await answer(with);
      if (!is_answered) break;
      const bool is_sent = co_await send(with);
      if (!is_sent || with.from.quits || stopping_) break;
      const auto room = with.input.room();
      with.is_reading = true;
      const auto buffer = asio::buffer(room.data(), room.size());
      auto [error, count] = co_await with.socket.async_read_some(buffer, as_result);
      with.is_reading = false;
      // What has come before the end is answered.
      if (stopping_ && error == asio::error::operation_aborted) count = with.socket.read_some(buffer, error);
      if (error) break;
      with.input.add(count);
    }
  }

  /// Carries out all requests that have come as a whole. False: the connection is at its end.
  asio::awaitable<bool> answer(connection& with) {
    const time_ms now = now_ms();
    while (!with.from.quits) {
      const auto outcome = with.parser.parse(with.input.unused());
      if (outcome == request_parser::outcome::incomplete) break;
      if (outcome == request_parser::outcome::malformed) {
        with.out.error("ERR " + with.parser.error());
        with.from.quits = true;
        break;
      }
      if (!with.parser.words().empty()) {
        request asked{with.parser.words(), owner_.data_, owner_.facts_, with.from, with.out, now};
        do {
          if (with.out.is_full()) {
            const bool is_sent = co_await send(with);
            if (!is_sent) co_return false;
          }
          carry_out(with, asked);
        } while (asked.next != 0);
      }
      with.input.use(with.parser.consumed());
    }
    co_return true;
  }

  void carry_out(connection& with, request& asked) {
    const std::size_t before = with.out.bytes().size();
    const bool is_first_part = asked.next == 0;
    try {
      execute(asked);
    } catch (const std::bad_alloc&) {
      with.out.take_back(before);
      asked.next = 0;
      with.out.error("OOM there is no memory for that");
      with.from.quits = !is_first_part;
    }
    // relaxed: a number for people
    requests_.store(requests_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  asio::awaitable<bool> send(connection& with) {
    std::string_view left = with.out.bytes();
    asio::error_code error;
    while (!left.empty() && !error) {
      left.remove_prefix(with.socket.write_some(asio::buffer(left), error));
      if (error == asio::error::would_block) {
        const auto [failed] = co_await with.socket.async_wait(tcp::socket::wait_write, as_result);
        error = failed;
      }
    }
    with.out.clear();
    co_return !error;
  }

  /// Ten times a second a page; where much of it is over some more, but never so many that clients would notice.
  asio::awaitable<void> sweep_expired() {
    constexpr std::size_t page = 256;
    constexpr int most_pages = 16;
    std::uint64_t cursor = 0;
    while (!stopping_) {
      sweep_timer_.expires_after(std::chrono::milliseconds(100));
      co_await sweep_timer_.async_wait(as_result);
      for (int pages = 0; pages < most_pages; ++pages) {
        if (!sweep_page(cursor, page) || cursor == 0) break;
      }
    }
  }
  /// Erases what is over of the next entries. Whether that was so many that it is worth to go on at once.
  bool sweep_page(std::uint64_t& cursor, std::size_t count) {
    const time_ms now = now_ms();
    std::size_t seen = 0;
    try {
      std::vector<std::string> over;
      cursor = owner_.data_.walk(cursor, count, [&](std::string_view key, const entry& it) {
        ++seen;
        if (!it.is_live(now)) over.emplace_back(key);
      });
      for (const std::string& each : over)
        owner_.data_.erase_if(each, [&](const entry& it) { return !it.is_live(now); });
      return over.size() > seen / 4;
    } catch (const std::bad_alloc&) {
      return false;  // it will be swept, or found to be over, another time
    }
  }

  server& owner_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  unsigned short port_ = 0;  // set by the constructor: any thread asks for it
  asio::steady_timer sweep_timer_{io_};
  asio::steady_timer drain_timer_{io_};
  std::list<connection*> connections_;  // each adds and removes itself
  bool stopping_ = false;
  std::atomic<std::size_t> requests_{0};  // written by the thread of this core
};

server::server(store& data, const server_settings& settings) : data_(data), settings_(settings) {
  facts_.info = [this] { return info(); };
  facts_.settings = {{"appendonly", "no"},
                     {"databases", "1"},
                     {"maxclients", std::to_string(settings_.most_clients)},
                     {"maxmemory", std::to_string(settings_.most_bytes)},
                     {"proto-max-bulk-len", std::to_string(longest_word)},
                     {"save", ""},
                     {"timeout", "0"}};
  if (settings_.threads == 0) settings_.threads = std::max(1U, std::thread::hardware_concurrency());
  tcp::endpoint where(asio::ip::make_address(settings_.address), settings_.port);
  for (unsigned i = 0; i < settings_.threads; ++i) {
    cores_.push_back(std::make_unique<core>(*this, where, i == 0));
    where.port(port());  // where any was asked for, all take the first one's
  }
}
server::~server() = default;

void server::run() {
  for (std::size_t i = 1; i < cores_.size(); ++i) threads_.emplace_back([this, i] { cores_[i]->run(); });
  cores_.front()->run();
  for (std::thread& each : threads_) each.join();
  threads_.clear();
}
void server::stop() {
  for (const auto& each : cores_) each->stop();
}

unsigned short server::port() const { return cores_.front()->port(); }
std::size_t server::requests() const {
  std::size_t sum = 0;
  for (const auto& each : cores_) sum += each->requests();
  return sum;
}

std::string server::info() const {
  const auto up = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - began_);
  std::ostringstream text;
  text << "# Server\r\nredis_version:7.0.0\r\nredis_mode:standalone\r\nevac_store:" << data_.name()
       << "\r\nprocess_id:" << getpid() << "\r\ntcp_port:" << port() << "\r\nuptime_in_seconds:" << up.count()
       << "\r\nio_threads_active:" << cores_.size() << "\r\n# Clients\r\nconnected_clients:" << clients()
       << "\r\nmaxclients:" << settings_.most_clients << "\r\n# Stats\r\ntotal_connections_received:" << last_id_
       << "\r\ntotal_commands_processed:" << requests() << "\r\n";
  return text.str();
}

}  // namespace cache_server
