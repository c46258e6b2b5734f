// The server: a thread for each core, each with connections of its own.
//
//   port --- SO_REUSEPORT ---> core 0: io_context, acceptor, connections: one coroutine each
//                         ---> core 1: ...
//                                               all of them: one store, which takes any thread
//
// A connection reads, carries out whatever requests are complete, sends the replies, and only then reads on: so a
// client that does not read holds a read buffer and little more than one reply. No coroutine is suspended inside a call
// of the store.
#ifndef EVAC_EXAMPLES_CACHE_SERVER_SERVER_HPP
#define EVAC_EXAMPLES_CACHE_SERVER_SERVER_HPP

#include <atomic>
#include <chrono>
#include <cstddef>
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

class server {
 public:
  /// Listens. Throws std::system_error where it cannot.
  server(store& data, const server_settings& settings);
  ~server();

  void run();
  /// Any thread: run() returns when all connections have ended.
  void stop();
  [[nodiscard]] unsigned short port() const;
  /// Recent numbers, for any thread.
  [[nodiscard]] std::size_t requests() const;
  [[nodiscard]] std::size_t clients() const { return clients_; }

 private:
  class core;
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
