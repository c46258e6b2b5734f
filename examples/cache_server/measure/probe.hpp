// A client that asks a thousand times a second, whatever the server does: how long would a user wait?
//
// Each request has a moment at which it is due, and its time counts from there. A server that stands still for a second
// keeps a thousand requests waiting, not one, as with clients that ask again only when they have been answered
// (coordinated omission).
#ifndef EVAC_EXAMPLES_CACHE_SERVER_MEASURE_PROBE_HPP
#define EVAC_EXAMPLES_CACHE_SERVER_MEASURE_PROBE_HPP

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "../tests/peer.hpp"

namespace cache_server_measure {

using clock = std::chrono::steady_clock;

class probe {
 public:
  struct sample {
    std::size_t progress;  // of what the server was doing, when the request was due
    std::chrono::nanoseconds time;
  };

  /// Asks from now on. The key must be there, and its value be "probe".
  probe(unsigned short port, const std::atomic<std::size_t>& progress)
      : with_(port), progress_(progress), thread_([this] { run(); }) {}
  /// Waits for the last replies.
  [[nodiscard]] std::vector<sample> stop() {
    stopped_ = true;
    thread_.join();
    return std::move(samples_);
  }

 private:
  struct asked {
    clock::time_point due;
    std::size_t progress;
  };

  void run() {
    fcntl(with_.descriptor(), F_SETFL, fcntl(with_.descriptor(), F_GETFL) | O_NONBLOCK);
    const clock::time_point give_up_behind_stop = clock::time_point::max();
    clock::time_point due = clock::now();
    clock::time_point end = give_up_behind_stop;
    for (;;) {
      const clock::time_point now = clock::now();
      if (stopped_ && end == give_up_behind_stop) end = now + std::chrono::seconds(60);
      if (stopped_ && (waiting_.empty() || now > end)) return;
      for (; !stopped_ && due <= now; due += std::chrono::milliseconds(1)) {
        with_.send(request_);
        waiting_.push_back({due, progress_});
      }
      const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(due - clock::now()).count();
      const timespec pause{0, stopped_ ? 1'000'000 : std::max(0L, static_cast<long>(rest))};
      pollfd waits{with_.descriptor(), POLLIN, 0};
      if (ppoll(&waits, 1, &pause, nullptr) == 1) receive();
    }
  }
  void receive() {
    std::array<char, 65536> buffer;
    const ssize_t got = recv(with_.descriptor(), buffer.data(), buffer.size(), 0);
    const clock::time_point now = clock::now();
    for (read_ += static_cast<std::size_t>(std::max<ssize_t>(got, 0)); read_ >= reply_size; read_ -= reply_size) {
      samples_.push_back({waiting_.front().progress, now - waiting_.front().due});
      waiting_.pop_front();
    }
  }

  static constexpr std::size_t reply_size = std::string_view("$5\r\nprobe\r\n").size();

  cache_server_test::connection with_;
  const std::string request_ = cache_server_test::request_of({"GET", "probe"});
  const std::atomic<std::size_t>& progress_;
  std::atomic<bool> stopped_{false};
  std::size_t read_ = 0;
  std::deque<asked> waiting_;
  std::vector<sample> samples_;
  std::thread thread_;
};

}  // namespace cache_server_measure

#endif
