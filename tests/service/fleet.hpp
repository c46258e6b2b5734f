// The service: its maps, the threads that stay (residents), and for each cycle of a resident one that comes and goes
// (guest).
#ifndef EVAC_TESTS_SERVICE_FLEET_HPP
#define EVAC_TESTS_SERVICE_FLEET_HPP

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "evac/counters.hpp"
#include "evac/epoch.hpp"
#include "evac/sharded_set.hpp"
#include "evac/sync_set.hpp"
#include "service/gate.hpp"
#include "service/owned_tables.hpp"
#include "service/sharded_tables.hpp"
#include "service/sync_tables.hpp"
#include "service/windows.hpp"
#include "service/worker.hpp"

namespace service {

class fleet {
 public:
  /// Calls of each part in one cycle of a resident; a guest makes an eighth of them.
  static constexpr std::uint64_t calls = 16'000;

  fleet(std::size_t residents, std::uint64_t seed, fault planted)
      : planted_(planted), seed_(seed), gate_(residents), sessions_(planted), hits_(planted), next_guest_(residents) {
    for (std::size_t i = 0; i < residents; ++i) residents_.push_back(std::make_unique<resident>(*this, i));
    for (const auto& each : residents_) each->thread = std::thread([this, &each] { live(*each); });
    if (planted_ == fault::old_guard) hold_a_guard();
  }
  fleet(const fleet&) = delete;
  fleet& operator=(const fleet&) = delete;
  /// Waits for the end of all threads.
  ~fleet() {
    gate_.end();
    for (const auto& each : residents_) each->thread.join();
    over_ = true;
    if (guard_holder_.joinable()) guard_holder_.join();
  }

  [[nodiscard]] gate& entrance() { return gate_; }

  /// While all residents stand at the gate: whether everything adds up.
  void check_sums() {
    sessions_.check_sums();
    hits_.check_sums();
    routes_.check_sums();
    cache_.check_sums();
    std::uint64_t seen = 0;
    std::uint64_t tags = 0;
    for (const auto& each : residents_) {
      seen += each->seen.size();
      tags += each->tags.size();
    }
    seen_.check_sums(seen);
    tags_.check_sums(tags);
  }
  /// While all residents stand at the gate.
  [[nodiscard]] evac::map_counters counters(part which) {
    switch (which) {
      case part::sessions:
        return sessions_.counters();
      case part::hits:
        return hits_.counters();
      case part::routes:
        return routes_.counters();
      case part::seen:
        return seen_.counters();
      case part::tags:
        return tags_.counters();
      case part::cache:
        return cache_.counters();
      case part::owned:
        break;
    }
    evac::map_counters all;
    for (const auto& each : residents_) all += each->owned.counters();
    return all;
  }
  /// The latencies since the last call. While all residents stand at the gate.
  [[nodiscard]] std::unique_ptr<part_latencies> take_latencies() {
    auto all = std::make_unique<part_latencies>();
    for (const auto& each : residents_) add_latencies(*all, each->self);
    const std::lock_guard lock(guests_mutex_);
    for (std::size_t i = 0; i < all->size(); ++i) (*all)[i].add(latencies_of_guests_[i]);
    latencies_of_guests_ = {};
    return all;
  }
  /// After the last cycle, while all residents stand at the gate: nothing waits for its end any more.
  [[nodiscard]] bool nothing_waits() { return routes_.domain().flush() && cache_.domain().flush(); }
  /// For faults that become worse.
  void next_interval() { ++interval_; }

 private:
  struct resident {
    resident(fleet& in, std::size_t number)
        : self(number, in.seed_ + number), seen(in.seen_, self), tags(in.tags_, self) {}
    worker self;
    owned_tables owned;
    windows<evac::sync_set<std::uint64_t>>::window seen;
    windows<evac::sharded_set<std::string>>::window tags;
    std::thread thread;
  };

  static void add_latencies(part_latencies& to, worker& from) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i].add(from.latencies[i]);
    from.latencies = {};
  }

  void live(resident& self) {
    while (gate_.pass()) {
      std::thread guest([&] { visit(); });
      // Residents begin with different parts, so that each meets the others everywhere.
      for (std::size_t i = 0; i < part_names.size(); ++i) {
        work(self, static_cast<part>((i + self.self.number) % part_names.size()));
      }
      cell_.work(self.self, calls / 8);
      guest.join();
    }
    self.seen.close();
    self.tags.close();
  }
  void work(resident& self, part which) {
    switch (which) {
      case part::owned:
        return self.owned.cycle(self.self);
      case part::sessions:
        return sessions_.work(self.self, calls);
      case part::hits:
        return work_on_hits(self.self);
      case part::routes:
        return routes_.work(self.self, calls);
      case part::seen:
        return self.seen.move(calls / 2);
      case part::tags:
        return self.tags.move(calls / 2);
      case part::cache:
        return cache_.work(self.self, calls);
    }
  }
  void work_on_hits(worker& who) {
    hits_.work(who, calls);
    if (planted_ != fault::slower_calls) return;
    // The fault: calls that take longer and longer, some in a thousand.
    for (std::uint64_t i = 0; i < calls / 400; ++i) {
      who.timed(part::hits, [&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(4) * interval_.load());
        return true;
      });
    }
  }
  void visit() {
    const std::size_t number = next_guest_.fetch_add(1);
    worker self(number, seed_ + number);
    constexpr std::uint64_t few = calls / 8;
    windows<evac::sync_set<std::uint64_t>>::window seen(seen_, self);
    windows<evac::sharded_set<std::string>>::window tags(tags_, self);
    seen.move(few);
    sessions_.work(self, few);
    routes_.work(self, few);
    tags.move(few);
    hits_.work(self, few);
    cache_.work(self, few);
    cell_.work(self, few);
    seen.close();
    tags.close();
    const std::lock_guard lock(guests_mutex_);
    add_latencies(latencies_of_guests_, self);
  }
  // The fault: a guard that is held for ever.
  void hold_a_guard() {
    guard_holder_ = std::thread([this] {
      const evac::epoch_domain::guard inside(routes_.domain());
      while (!over_.load()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    });
  }

  const fault planted_;
  const std::uint64_t seed_;
  gate gate_;
  sessions sessions_;
  hits hits_;
  routes routes_;
  windows<evac::sync_set<std::uint64_t>> seen_{part::seen};
  windows<evac::sharded_set<std::string>> tags_{part::tags};
  cache cache_;
  replaced_cell cell_{routes_.domain()};
  std::vector<std::unique_ptr<resident>> residents_;
  std::mutex guests_mutex_;
  part_latencies latencies_of_guests_;
  std::atomic<std::size_t> next_guest_;
  std::atomic<std::uint64_t> interval_ = 0;
  std::atomic<bool> over_ = false;
  std::thread guard_holder_;
};

}  // namespace service

#endif
