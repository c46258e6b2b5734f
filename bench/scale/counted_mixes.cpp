// Compiled with -fsanitize=thread, as access_log.hpp says: this file and the maps that it includes.
#include "scale/counted_mixes.hpp"

#include <sys/sysinfo.h>
#include <unistd.h>

#include <cstdint>
#include <deque>
#include <evac/sharded_map.hpp>
#include <evac/sync_map.hpp>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <thread>
#include <vector>

#include "scale/access_log.hpp"
#include "support/measure.hpp"

namespace bench {
namespace {

constexpr std::size_t turn = 256;  // operations
int pretended_cores = 0;

}  // namespace
}  // namespace bench

// Found before that of the system by std::thread::hardware_concurrency(), and through it used by the maps.
int get_nprocs() noexcept {
  return bench::pretended_cores != 0 ? bench::pretended_cores : static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
}

namespace bench {
namespace {

class sharded_calls {
 public:
  explicit sharded_calls(std::size_t expected) : map_(expected) {}
  bool find(std::uint64_t key, std::uint64_t& out) const {
    return map_.cvisit(key, [&](const auto& element) { out = element.second; }) != 0;
  }
  bool insert(std::uint64_t key) { return map_.try_emplace(key, ~key); }
  bool erase(std::uint64_t key) { return map_.erase(key) != 0; }
  /// So many reads that every lock is biased if no thread writes.
  [[nodiscard]] std::size_t settling_reads() const { return map_.shard_count() * 2048; }

 private:
  evac::sharded_map<std::uint64_t, std::uint64_t> map_;
};

class sync_calls {
 public:
  explicit sync_calls(std::size_t expected) : map_(expected) {}
  bool find(std::uint64_t key, std::uint64_t& out) const {
    return map_.load(key, [&](const std::uint64_t& value) { out = value; });
  }
  bool insert(std::uint64_t key) { return !map_.load_or_store(key, ~key).loaded; }
  bool erase(std::uint64_t key) { return map_.erase(key); }
  [[nodiscard]] std::size_t settling_reads() const { return 0; }

 private:
  evac::sync_map<std::uint64_t, std::uint64_t> map_;
};

template <class Calls>
class counted_run {
 public:
  explicit counted_run(const counted_mix& mix)
      : mix_(mix), ranks_(2 * mix.resident), calls_(2 * mix.resident), directory_(mix.threads) {
    for (std::size_t i = 0; i < mix.resident; ++i) calls_.insert(resident_key(i));
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < calls_.settling_reads(); ++i) calls_.find(random_key(i % (2 * mix.resident)), value);
  }

  [[nodiscard]] operation_counts run() {
    for (std::size_t t = 0; t < mix_.threads; ++t) workers_.emplace_back();
    for (std::size_t t = 0; t < mix_.threads; ++t) {
      workers_[t].thread = std::thread([this, t] { work(t); });
    }
    const std::size_t each_time = turn * mix_.threads;
    for (std::size_t done = 0; done < mix_.unrecorded; done += each_time) take_turns();
    directory_.restart_count();
    sums_ = {};
    std::size_t operations = 0;
    for (; operations < mix_.recorded; operations += each_time) take_turns();
    over_ = true;
    for (worker& each : workers_) {
      each.go.release();
      each.thread.join();
      if (each.wrong != 0) throw std::runtime_error("a map that is counted gave a wrong answer");
    }
    return averages(static_cast<double>(operations));
  }

 private:
  struct worker {
    std::thread thread;
    std::binary_semaphore go{0};
    std::binary_semaphore done{0};
    access_log log;
    std::uint64_t steps = 0;
    std::uint64_t wrong = 0;
  };
  struct totals {
    std::uint64_t of_kind[5] = {};
    std::uint64_t shared_reads = 0;
    std::uint64_t shared_writes = 0;
  };

  void work(std::size_t t) {
    worker& own = workers_[t];
    for (;;) {
      own.go.acquire();
      if (over_) return;
      own.log.clear();
      for (std::size_t i = 0; i < turn; ++i) step(own, ~(std::uint64_t{t + 1} << 40U | own.steps++));
      own.done.release();
    }
  }
  void step(worker& own, std::uint64_t index) {
    const std::uint64_t random = random_key(index);
    const std::uint64_t dice = random_key(random);
    const std::uint64_t key = mix_.which == counted_mix::keys::one_hot ? resident_key(0) : random_key(rank(random));
    const bool inserts = dice >> 63U != 0;
    const std::uint64_t value = perform(own.log, key, dice % 100 < mix_.updates, inserts);
    own.wrong += value != ~key ? 1 : 0;
  }
  /// The value that was found; the expected one if nothing was looked up or found.
  std::uint64_t perform(access_log& log, std::uint64_t key, bool updates, bool inserts) {
    std::uint64_t value = ~key;
    const logged_operation logged(log);
    if (!updates) {
      calls_.find(key, value);
    } else if (inserts) {
      calls_.insert(key);
    } else {
      calls_.erase(key);
    }
    return value;
  }
  [[nodiscard]] std::uint64_t rank(std::uint64_t random) const {
    return mix_.of == skew::uniform ? random % (2 * mix_.resident)
                                    : ranks_(static_cast<double>(random >> 11U) * 0x1p-53);
  }

  void take_turns() {
    for (worker& each : workers_) {
      each.go.release();
      each.done.acquire();
    }
    for (std::size_t i = 0; i < turn; ++i) {
      for (std::size_t t = 0; t < workers_.size(); ++t) replay(t, i);
    }
  }
  void replay(std::size_t t, std::size_t operation) {
    const access_log& log = workers_[t].log;
    for (std::size_t i = operation == 0 ? 0 : log.ends[operation - 1]; i < log.ends[operation]; ++i) {
      const access each = log.accesses[i];
      const access_kind kind = each.kind();
      ++sums_.of_kind[static_cast<std::size_t>(kind)];
      if (kind == access_kind::read || kind == access_kind::atomic_load) {
        sums_.shared_reads += directory_.read(t, each.line()) ? 1 : 0;
      } else {
        sums_.shared_writes += directory_.write(t, each.line()) ? 1 : 0;
      }
    }
  }
  [[nodiscard]] operation_counts averages(double operations) const {
    const auto each = [&](std::uint64_t count) { return static_cast<double>(count) / operations; };
    const auto of = [&](access_kind kind) { return each(sums_.of_kind[static_cast<std::size_t>(kind)]); };
    return {of(access_kind::atomic_load), of(access_kind::atomic_store), of(access_kind::read_modify_write),
            each(sums_.shared_reads),     each(sums_.shared_writes),     each(directory_.hottest())};
  }

  counted_mix mix_;
  zipf_ranks ranks_;
  Calls calls_;
  line_directory directory_;
  std::deque<worker> workers_;
  totals sums_;
  bool over_ = false;  // written between turns
};

}  // namespace

std::optional<operation_counts> count_mix(counted_map map, const counted_mix& mix) {
  return in_child([&] {
    pretended_cores = static_cast<int>(mix.threads);
    if (std::thread::hardware_concurrency() != mix.threads) {
      throw std::logic_error("with this C++ library the number of cores cannot be pretended");
    }
    return map == counted_map::sharded ? counted_run<sharded_calls>(mix).run() : counted_run<sync_calls>(mix).run();
  });
}

}  // namespace bench
