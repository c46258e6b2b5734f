// The server: a thread for each core, each with connections of its own.
//
//   port --- SO_REUSEPORT ---> core 0: io_context, acceptor, connections: one coroutine each
//                         ---> core 1: ...
//                                               all of them: one store, which takes any thread
//
// A connection reads, carries out whatever requests are complete, sends the replies, and only then reads on: so a client that
// does not read holds a read buffer and little more than one reply. No coroutine is suspended inside a call of the store.
#ifndef EVAC_EXAMPLES_CACHE_SERVER_SERVER_HPP
#define EVAC_EXAMPLES_CACHE_SERVER_SERVER_HPP

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "commands.hpp"
#include "store.hpp"

namespace cache_server {

struct server_settings {
  std::string address = "127.0.0.1";
  unsigned short port = 6379;
  unsigned threads = 0;  // 0: as many as there are cores
  std::size_t most_clients = 10'000;
  std::size_t most_bytes = 0;  ///< of a store that is bounded; for CONFIG GET
  std::chrono::seconds longest_drain{5};
};

class server;

/// One thread and its connections. Nothing but stop() and the counts is for other threads.
class core {
 public:
  core(server& owner, const asio::ip::tcp::endpoint& where, bool sweeps);

  void run() { io_.run(); }
  /// Takes no more connections, and ends those that there are as soon as they have been answered, or after a while.
  void stop();
  [[nodiscard]] unsigned short port() const { return port_; }
  /// Requests that were carried out.
  [[nodiscard]] std::size_t requests() const { return requests_.load(std::memory_order_relaxed); }

 private:
  struct connection;

  asio::awaitable<void> accept_all();
  asio::awaitable<void> serve(asio::ip::tcp::socket accepted);
  asio::awaitable<void> exchange(connection& with);
  asio::awaitable<bool> answer(connection& with);
  asio::awaitable<bool> send(connection& with);
  /// Ten times a second a page; where much of it is over some more, but never so many that clients would notice.
  asio::awaitable<void> sweep_expired();
  void carry_out(connection& with, request& asked);
  bool sweep_page(std::uint64_t& cursor, std::size_t count);

  server& owner_;
  asio::io_context io_{1};
  asio::ip::tcp::acceptor acceptor_;
  unsigned short port_ = 0;  // set by the constructor: any thread asks for it
  asio::steady_timer sweep_timer_;
  asio::steady_timer drain_timer_;
  std::list<connection*> connections_;  // each adds and removes itself
  bool stopping_ = false;
  std::atomic<std::size_t> requests_{0};  // written by the thread of this core
};

class server {
 public:
  /// Listens. Throws std::system_error where it cannot.
  server(store& data, const server_settings& settings);
  ~server();

  void run();
  /// Any thread: run() returns when all connections have ended.
  void stop();
  [[nodiscard]] unsigned short port() const { return cores_.front()->port(); }
  /// Recent numbers, for any thread.
  [[nodiscard]] std::size_t requests() const;
  [[nodiscard]] std::size_t clients() const { return clients_; }

 private:
  friend class core;
  [[nodiscard]] std::string info() const;

  store& data_;
  server_settings settings_;
  server_facts facts_;
  std::atomic<long long> last_id_{0};
  std::atomic<std::size_t> clients_{0};
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::vector<std::unique_ptr<core>> cores_;
  std::vector<std::thread> threads_;
};

}  // namespace cache_server

#endif
