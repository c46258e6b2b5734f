// evac_planted STEP: runs sync_maps whose protocol leaves one step out (shadow/.../protocol.hpp), or none, on
// atomics that give way (shadow/.../atomic.hpp), until something goes wrong or the time is over. Prints one line,
//   STEP: found: WHAT: details       or       STEP: not found in N rounds
// and succeeds if that is as it should be. What can go wrong ends or stops a program, so the rounds run in a child.
//
// The lines EVAC_PLANTED(step, findings) below are tests: without the step one of these is found.
//   history   what no order of the calls explains      lost    a key that was inserted is not there, or twice
//   twice     range() has visited a key twice          gone    a value was destroyed before its reader was ready
//   hang      nobody wakes who sleeps, or a ring       crash   a link or an address that is none
// An order that is too weak shows only on a processor that moves stores or loads about: tests/model finds those.
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <evac/epoch.hpp>
#include <evac/sync_map.hpp>
#include <iostream>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/environment.hpp"
#include "support/in_threads.hpp"
#include "support/sync_histories.hpp"

using namespace evac_test;

namespace {

struct planted_step {
  std::string_view name;
  std::string_view findings;
};
#define EVAC_PLANTED(step, findings) \
  planted_step { #step, findings }

constexpr planted_step steps[] = {
    EVAC_PLANTED(validates_what_it_read, "history lost twice crash hang"),
    EVAC_PLANTED(compares_depth, "lost history"),
    EVAC_PLANTED(compares_tags, "history lost twice"),
    EVAC_PLANTED(stores_slot_before_tag, "crash twice history lost"),
    EVAC_PLANTED(says_changing, "history lost twice crash hang"),
    EVAC_PLANTED(renews_version_of_losers, "twice history"),
    EVAC_PLANTED(clears_tags_before_publishing, "lost history crash hang"),
    EVAC_PLANTED(waits_for_readers, "gone history crash"),
    EVAC_PLANTED(wakes_sleepers, "hang"),
};

using key = std::uint64_t;

/// Memory that comes back only when nobody can be looking at it: what is found after it was given back is found as it
/// was left, and not as something else.
class quarantine {
 public:
  static void give_back(void* block, std::size_t alignment) {
    const std::lock_guard guard(lock_);
    blocks_.emplace_back(block, alignment);
  }
  static void empty() {
    const std::lock_guard guard(lock_);
    for (const auto& [block, alignment] : blocks_) ::operator delete(block, std::align_val_t(alignment));
    blocks_.clear();
  }

 private:
  inline static std::mutex lock_;
  inline static std::vector<std::pair<void*, std::size_t>> blocks_;
};
template <class T>
struct quarantining {
  using value_type = T;
  quarantining() = default;
  template <class U>
  quarantining(const quarantining<U>&) noexcept {}  // NOLINT(google-explicit-constructor)
  [[nodiscard]] T* allocate(std::size_t n) {
    return static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t(alignof(T))));
  }
  void deallocate(T* block, std::size_t) noexcept { quarantine::give_back(block, alignof(T)); }
  friend bool operator==(const quarantining&, const quarantining&) = default;
};

template <class K, class T, class Hash, evac::storage Storage = evac::storage::automatic>
using map_of = evac::sync_map<K, T, stumbling<Hash>, stumbling_equal, quarantining<std::pair<const K, T>>, Storage>;

/// A value that says whether its destructor has run: in the memory of the node, which is in quarantine.
class mortal {
 public:
  mortal(key = 0) {}  // NOLINT(google-explicit-constructor)
  mortal(const mortal& other) : state_(other.is_alive() ? alive : gone) {}
  mortal& operator=(const mortal&) = delete;
  ~mortal() { state_.store(gone, std::memory_order_relaxed); }
  [[nodiscard]] bool is_alive() const { return state_.load(std::memory_order_relaxed) == alive; }

 private:
  static constexpr std::uint64_t alive = 0xA11FE;
  static constexpr std::uint64_t gone = 0xDEAD;
  std::atomic<std::uint64_t> state_{alive};
};

/// The finding of a round in a word, and details; both empty if there is none.
struct finding {
  std::string what;
  std::string details;
};

// --- rounds ----------------------------------------------------------------------------------------------------------

template <class Map>
finding histories_of(std::size_t round, std::uint32_t others) {
  history_plan plan{.threads = 3 + round % 3, .keys = 1 + static_cast<std::uint32_t>(round % 5), .calls = 60};
  plan.others = others;
  plan.clears = round % 3 == 2;
  plan.few_values = round % 4 == 3;
  plan.seed = round;
  evac::epoch_domain domain;
  std::string wrong;
  {
    Map map(domain);
    wrong = what_is_wrong(recorded(map, plan), plan);
  }
  return wrong.empty() ? finding{} : finding{"history", wrong};
}
finding histories(std::size_t round) {
  switch (round % 7) {
    case 0:
      return histories_of<map_of<key, key, four_bits>>(round, 60);
    case 1:
      return histories_of<map_of<key, four_words, four_bits>>(round, 60);
    case 2:
      return histories_of<map_of<key, key, four_bits, evac::storage::in_nodes>>(round, 60);
    case 3:
      return histories_of<map_of<key, four_words, good>>(round, 200);
    case 4:
      return histories_of<map_of<key, key, good, evac::storage::in_nodes>>(round, 200);
    case 5:
      return histories_of<map_of<key, key, constant, evac::storage::in_nodes>>(round, 12);
    default:
      return histories_of<map_of<key, four_words, constant>>(round, 12);
  }
}

// A key that comes and goes, and many that look for it: one must not find what the next does not.
template <class Map>
finding flickers_of(std::size_t round) {
  constexpr std::size_t threads = 4;
  evac::epoch_domain domain;
  stamps clock;
  std::vector<recorder> recorders(threads, recorder(clock));
  {
    Map map(domain);
    std::atomic<std::size_t> looking{threads - 1};
    in_threads(threads, [&](std::size_t thread) {
      recorder& out = recorders[thread];
      if (thread != 0) {
        for (int i = 0; i < 150; ++i) {
          out.record({}, [&](call& made) {
            const auto found = map.load(0);
            made.found = found.has_value() ? decode(*found) : 0;
          });
        }
        --looking;
        return;
      }
      for (std::uint32_t i = 1; looking != 0; ++i) {
        out.record({.what = verb::store, .put = i},
                   [&](call& made) { made.flag = map.store(0, encode<typename Map::mapped_type>(i)); });
        if (i % 4 == 0) continue;
        if (i % 4 == 1) map.store(1 + i % 3, encode<typename Map::mapped_type>(i));
        out.record({.what = verb::erase}, [&](call& made) { made.flag = map.erase(0); });
        if (i % 4 == 2) map.erase(1 + i % 3);
      }
    });
  }
  const std::string wrong = check_per_key(joined(recorders));
  return wrong.empty() ? finding{} : finding{"history", wrong + ", round " + std::to_string(round)};
}
finding flickers(std::size_t round) {
  return round % 4 != 1 ? flickers_of<map_of<key, key, constant, evac::storage::in_nodes>>(round)
                        : flickers_of<map_of<key, four_words, constant>>(round);
}

// Keys that come and go in one bucket, under range(): none may be visited twice.
finding visits(std::size_t round) {
  using map_type = map_of<key, key, constant, evac::storage::in_nodes>;
  constexpr key keys = 5;
  evac::epoch_domain domain;
  std::atomic<std::size_t> ranging{2};
  std::size_t twice = 0;
  {
    map_type map(domain);
    twice = in_threads(4, [&](std::size_t thread) {
      std::size_t bad = 0;
      std::mt19937_64 roll(round * 4 + thread);
      if (thread < 2) {
        for (int i = 0; i < 100; ++i) {
          std::array<unsigned, keys> seen{};
          map.range([&](key k, key) { return ++seen.at(k), true; });
          for (const unsigned times : seen) bad += times > 1 ? 1 : 0;
        }
        --ranging;
        return bad;
      }
      while (ranging != 0) {
        const key k = roll() % keys;
        if (roll() % 2 == 0) {
          map.store(k, k);
        } else {
          map.erase(k);
        }
      }
      return bad;
    });
  }
  return twice == 0 ? finding{} : finding{"twice", "range() has visited a key twice"};
}

// Readers look at values of nodes that others replace and reclaim.
finding looks(std::size_t round) {
  using map_type = map_of<key, mortal, good>;
  evac::epoch_domain domain(4096);
  constexpr key keys = 2;
  std::atomic<std::size_t> looking{2};
  std::size_t dead = 0;
  {
    map_type map(domain);
    dead = in_threads(4, [&](std::size_t thread) {
      std::size_t bad = 0;
      std::mt19937_64 roll(round * 4 + thread);
      if (thread < 2) {
        for (int i = 0; i < 100; ++i) {
          const auto pinned = map.pin();
          const mortal* const value = pinned.find(roll() % keys);
          std::this_thread::yield();
          if (value != nullptr && !value->is_alive()) ++bad;
          map.load(roll() % keys, [&](const mortal& shown) { bad += shown.is_alive() ? 0 : 1; });
        }
        --looking;
        return bad;
      }
      while (looking != 0) {
        map.store(roll() % keys, key{1});
        if (roll() % 8 == 0) domain.flush();
      }
      return bad;
    });
  }
  return dead == 0 ? finding{} : finding{"gone", "a value was destroyed while a guard protected it"};
}

// Keys of their own that threads insert while all of them split buckets: none may be lost, none be there twice.
finding inserts(std::size_t round) {
  using map_type = map_of<key, key, good, evac::storage::in_nodes>;
  constexpr std::size_t threads = 4;
  constexpr std::size_t each = 60;
  evac::epoch_domain domain;
  std::size_t wrong = 0;
  {
    map_type map(domain);
    wrong = in_threads(threads, [&](std::size_t thread) {
      std::size_t bad = 0;
      for (std::size_t i = 0; i < each; ++i) {
        const key k = thread * each + i;
        bad += map.store(k, round) ? 0 : 1;
        bad += map.contains(k) ? 0 : 1;
      }
      return bad;
    });
    std::vector<unsigned> seen(threads * each, 0);
    map.range([&](key k, key) { return ++seen.at(k), true; });
    for (const unsigned times : seen) wrong += times == 1 ? 0 : 1;
  }
  return wrong == 0 ? finding{} : finding{"lost", "a key that was inserted is not there, or there twice"};
}

// Writers of one bucket: they sleep, and somebody must wake them.
finding waits(std::size_t) {
  using map_type = map_of<key, four_words, constant>;
  evac::epoch_domain domain;
  map_type map(domain);
  in_threads(4, [&](std::size_t thread) {
    for (std::uint32_t i = 0; i < 200; ++i) map.store(thread % 2, encode<four_words>(i));
  });
  return {};
}

// --- child and parent ------------------------------------------------------------------------------------------------

/// In memory of both.
struct shared_state {
  std::atomic<std::size_t> rounds{0};
  std::atomic<bool> found{false};
  char what[32] = {};
  char details[4096] = {};
};

void run_rounds(shared_state& state, std::uint64_t seed) {
  for (std::size_t round = 0;; ++round) {
    // Also the pace matters: what needs a long stop of one thread, what needs many short ones.
    evac_planted::patience = std::array<std::uint32_t, 4>{7, 20, 60, 200}[round % 4];
    finding found;
    for (const auto& rounds : {looks, flickers, histories, visits, inserts, waits}) {
      if (found.what.empty()) found = rounds(seed + round);
      quarantine::empty();
      ++state.rounds;
    }
    if (found.what.empty()) continue;
    std::snprintf(state.what, sizeof(state.what), "%s", found.what.c_str());
    std::snprintf(state.details, sizeof(state.details), "%s", found.details.c_str());
    state.found = true;
    _exit(0);
  }
}

/// Looks at the child until it ends, stands still, or the time is over.
finding watch(pid_t child, const shared_state& state, std::chrono::seconds limit, std::chrono::seconds standstill) {
  using clock = std::chrono::steady_clock;
  const auto start = clock::now();
  auto last_step = start;
  std::size_t rounds = 0;
  for (;;) {
    int status = 0;
    const bool ended = waitpid(child, &status, WNOHANG) == child;
    if (state.found) return {state.what, state.details};
    if (ended) {
      if (WIFSIGNALED(status)) return {"crash", "signal " + std::to_string(WTERMSIG(status))};
      return {"crash", "exit status " + std::to_string(WEXITSTATUS(status))};
    }
    const auto now = clock::now();
    if (const std::size_t known = state.rounds; known != rounds) {
      rounds = known;
      last_step = now;
    }
    if (now - last_step > standstill) return {"hang", "no round has ended for a long time"};
    if (now - start > limit && rounds != 0) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view name = argc > 1 ? argv[1] : "";
  const planted_step* planted = nullptr;
  for (const planted_step& each : steps) {
    if (each.name == name) planted = &each;
  }
  if (planted == nullptr && name != "none") {
    std::cerr << "usage: evac_planted STEP, where STEP is none or one of\n";
    for (const planted_step& each : steps) std::cerr << "  " << each.name << '\n';
    return 2;
  }
  const std::uint32_t factor = rounds_from_environment();
  const number_from_environment wanted_seed("EVAC_TEST_SEED");
  if (factor == 0 || !wanted_seed.is_valid) {
    std::cerr << "evac_planted: EVAC_TEST_ROUNDS or EVAC_TEST_SEED is not a number that it can be\n";
    return 2;
  }
  const std::chrono::seconds limit(planted == nullptr ? 6 * static_cast<std::int64_t>(factor) : 60);
  // On a busy machine a round may take long; a wrong alarm matters only where nothing is planted.
  const std::chrono::seconds standstill(planted == nullptr ? 60 : 8);
  const std::uint64_t seed = wanted_seed.is_set ? wanted_seed.value : std::random_device{}();
  if (planted != nullptr) evac_planted::left_out = planted->name;

  void* const both = mmap(nullptr, sizeof(shared_state), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (both == MAP_FAILED) return 2;
  auto* const state = ::new (both) shared_state;
  const pid_t child = fork();
  if (child < 0) return 2;
  if (child == 0) run_rounds(*state, seed);
  const finding found = watch(child, *state, limit, standstill);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);

  if (found.what.empty()) {
    std::cout << name << ": not found in " << state->rounds << " rounds, seed " << seed << std::endl;
  } else {
    std::cout << name << ": found: " << found.what << ": in round " << state->rounds << ", seed " << seed << ": "
              << found.details << std::endl;
  }
  if (planted == nullptr) return found.what.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
  const bool expected = !found.what.empty() && planted->findings.find(found.what) != std::string_view::npos;
  if (!expected) std::cout << name << ": expected: " << planted->findings << std::endl;
  return expected ? EXIT_SUCCESS : EXIT_FAILURE;
}
