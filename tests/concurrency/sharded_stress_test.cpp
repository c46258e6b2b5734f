// Many threads on one sharded map: what must come out exactly, whichever of them is where. Over three kinds of locks.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <memory>
#include <optional>
#include <random>
#include <shared_mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "support/absl_shared_mutex.hpp"
#include "support/catch.hpp"
#include "support/in_threads.hpp"
#include "support/overwrites.hpp"
#include "support/valid_shards.hpp"

using namespace evac_test;

namespace {

using key = std::uint64_t;
template <class T, class Mutex>
using map_under =
    evac::sharded_map<key, T, evac::hash<key>, evac::equal_to<key>, std::allocator<std::pair<const key, T>>, Mutex>;
template <class Mutex>
using set_under = evac::sharded_set<key, evac::hash<key>, evac::equal_to<key>, std::allocator<key>, Mutex>;

#define EVAC_TEST_ALL_MUTEXES evac::rw_lock, std::shared_mutex, evac_test::absl_shared_mutex

/// Random numbers of one thread.
class dice {
 public:
  explicit dice(std::size_t thread) : engine_(seed() * 31 + thread) {}
  key operator()(key below) { return engine_() % below; }

 private:
  std::mt19937_64 engine_;
};

/// Counts its live objects. Its destructor is not trivial, so that erased elements leave the map before they end.
struct counted {
  inline static std::atomic<std::ptrdiff_t> live{0};
  std::unique_ptr<key> number;

  explicit counted(key of) : number(std::make_unique<key>(of)) { ++live; }
  counted(const counted& other) : number(std::make_unique<key>(*other.number)) { ++live; }
  counted(counted&& other) noexcept : number(std::move(other.number)) { ++live; }
  counted& operator=(counted&&) noexcept = default;
  counted& operator=(const counted& other) {
    number = std::make_unique<key>(*other.number);
    return *this;
  }
  ~counted() { --live; }
  friend bool operator==(const counted& left, const counted& right) { return *left.number == *right.number; }
};

/// 64 bytes that are one value.
struct wide {
  std::array<std::uint64_t, 8> words{};
  explicit wide(std::uint64_t of) { words.fill(of); }
  [[nodiscard]] bool torn() const {
    for (const std::uint64_t word : words) {
      if (word != words[0]) return true;
    }
    return false;
  }
};

}  // namespace

TEMPLATE_TEST_CASE("in sharded maps increments of one key by all threads add up", "", EVAC_TEST_ALL_MUTEXES) {
  map_under<std::uint64_t, TestType> map(evac::shards{2});
  const std::size_t each = rounds(4000);
  in_threads(crowd(), [&](std::size_t) {
    const auto add_one = [](auto& element) {
      const std::uint64_t before = element.second;
      stumble();
      element.second = before + 1;
    };
    const std::array<key, 1> only{7};
    for (std::size_t i = 0; i < each; ++i) {
      map.try_emplace_or_visit(7, 1U, add_one);
      map.insert_or_visit({7, 1}, add_one);
      map.visit(7, add_one);
      map.visit(only.begin(), only.end(), add_one);
      map.visit_all(add_one);
      map.visit2(7, 7, [&](auto& element, auto&) { add_one(element); });
    }
  });
  REQUIRE(map.size() == 1);
  REQUIRE(map.find(7) == 6 * each * crowd());
}

TEMPLATE_TEST_CASE("insertions that succeeded less erasures that did are the size", "", EVAC_TEST_ALL_MUTEXES) {
  constexpr key keys = 48;
  map_under<counted, TestType> map(evac::shards{2});
  set_under<TestType> set(evac::shards{2});
  std::atomic<std::ptrdiff_t> expected{0};
  std::atomic<std::ptrdiff_t> expected_of_set{0};
  in_threads(crowd(), [&](std::size_t thread) {
    dice roll(thread);
    std::ptrdiff_t more = 0;
    std::ptrdiff_t more_of_set = 0;
    for (std::size_t i = 0; i < rounds(30000); ++i) {
      const key k = roll(keys);
      switch (roll(8)) {
        case 0:
          more += map.insert({k, counted(k)}) ? 1 : 0;
          break;
        case 1:
          more += map.try_emplace(k, k) ? 1 : 0;
          break;
        case 2:
          more += map.insert_or_assign(k, counted(k)) ? 1 : 0;
          break;
        case 3:
          more += map.emplace_or_visit(k, counted(k), [](auto&) { stumble(); }) ? 1 : 0;
          break;
        case 4:
          more -= static_cast<std::ptrdiff_t>(map.erase(k));
          break;
        case 5:
          more -= static_cast<std::ptrdiff_t>(map.erase_if(k, [](auto&) { return stumble(), true; }));
          break;
        case 6:
          more -= static_cast<std::ptrdiff_t>(map.erase_if([&](auto& e) { return e.first == k; }));
          break;
        default:
          more_of_set += set.insert(k) ? 1 : 0;
          more_of_set -= static_cast<std::ptrdiff_t>(set.erase(roll(keys)));
      }
    }
    expected += more;
    expected_of_set += more_of_set;
  });
  REQUIRE(static_cast<std::ptrdiff_t>(map.size()) == expected);
  REQUIRE(static_cast<std::ptrdiff_t>(set.size()) == expected_of_set);
  REQUIRE(counted::live == expected);
  REQUIRE_VALID_SHARDS(map);
  REQUIRE_VALID_SHARDS(set);
}

TEMPLATE_TEST_CASE("a value of 64 bytes is never seen torn", "", EVAC_TEST_ALL_MUTEXES) {
  constexpr key keys = 24;
  map_under<wide, TestType> map(evac::shards{2});
  const std::size_t torn = in_threads(crowd(), [&](std::size_t thread) {
    dice roll(thread);
    std::size_t bad = 0;
    const auto look = [&](const auto& element) {
      stumble();
      bad += element.second.torn() ? 1 : 0;
    };
    for (std::size_t i = 0; i < rounds(12000); ++i) {
      const key k = roll(keys);
      if (thread % 2 == 0) {
        map.insert_or_assign(k, wide(roll(1000)));
        map.visit(roll(keys), [&](auto& element) {
          for (auto& word : element.second.words) {
            word += 3;
            if (&word == &element.second.words[4]) stumble();
          }
        });
        if (i % 8 == 0) map.erase(roll(keys));
        continue;
      }
      if (const auto found = map.find(k)) bad += found->torn() ? 1 : 0;
      map.cvisit(k, look);
      if (i % 8 == 0) map.cvisit_all(look);
      if (i % 8 == 1) map.for_each(look);
      if (i % 32 == 2) {
        for (const auto& element : map.snapshot()) look(element);
      }
    }
    return bad;
  });
  REQUIRE(torn == 0);
  REQUIRE(map.size() != 0);
}

TEMPLATE_TEST_CASE("an element disappears only by a clear that ends after it was inserted", "", EVAC_TEST_ALL_MUTEXES) {
  {
    map_under<counted, TestType> map(evac::shards{2});
    std::atomic<std::size_t> clears_begun{0};
    std::atomic<std::size_t> clears_ended{0};
    std::atomic<std::size_t> lost{0};
    const std::size_t wrong = in_threads(crowd(), [&](std::size_t thread) {
      std::size_t bad = 0;
      for (std::size_t i = 0; i < rounds(12000); ++i) {
        if (thread == 0) {
          if (i % 4 != 0) continue;
          ++clears_begun;
          map.clear();
          ++clears_ended;
          std::this_thread::yield();
          continue;
        }
        const key mine = thread * 1000000 + i;
        const std::size_t ended_before = clears_ended;
        bad += map.insert({mine, counted(mine)}) ? 0 : 1;
        stumble();
        const bool there = map.cvisit(mine, [&](const auto& e) { bad += *e.second.number == mine ? 0 : 1; }) != 0;
        if (there) continue;
        ++lost;
        bad += clears_begun == ended_before ? 1 : 0;
      }
      return bad;
    });
    REQUIRE(wrong == 0);
    REQUIRE(lost != 0);
    REQUIRE(counted::live == static_cast<std::ptrdiff_t>(map.size()));
    REQUIRE_VALID_SHARDS(map);
  }
  REQUIRE(counted::live == 0);
}

TEMPLATE_TEST_CASE("permanent keys are seen exactly once, and others at most once, while these come and go", "",
                   EVAC_TEST_ALL_MUTEXES) {
  constexpr key permanent = 10;
  constexpr key keys = 1000;
  map_under<counted, TestType> map(evac::shards{2});
  for (key k = 0; k < permanent; ++k) map.try_emplace(k * 97 % keys, k * 97 % keys);
  const auto is_permanent = [](key k) { return k % 97 == 0 && k / 97 < permanent; };
  std::atomic<bool> over{false};
  std::atomic<std::size_t> walkers{4};
  const std::size_t wrong = in_threads(6, [&](std::size_t thread) -> std::size_t {
    if (thread < 2) {
      // In waves, so that the shards grow and shrink all the time.
      for (std::size_t wave = thread; !over; ++wave) {
        for (key k = 0; k < keys && !over; ++k) {
          if (is_permanent(k)) continue;
          if (wave % 2 == 0) {
            map.try_emplace(k, k);
          } else {
            map.erase(k);
          }
          if (k % 64 == 0) stumble();
        }
        if (thread == 0) map.rehash(0);
      }
      return 0;
    }
    std::size_t bad = 0;
    for (std::size_t i = 0; i < rounds(100); ++i) {
      std::vector<unsigned> seen(keys, 0);
      const auto look = [&](const auto& element) {
        bad += *element.second.number == element.first ? 0 : 1;
        ++seen.at(element.first);
        if (element.first % 16 == 0) stumble();
      };
      switch ((thread + i) % 5) {
        case 0:
          map.visit_all([&](auto& element) { look(element); });
          break;
        case 1:
          map.cvisit_all(look);
          break;
        case 2:
          map.for_each(look);
          break;
        case 3:
          bad += map.cvisit_while([&](const auto& e) { return look(e), true; }) ? 0 : 1;
          break;
        default:
          for (const auto& element : map.snapshot()) look(element);
      }
      for (key k = 0; k < keys; ++k) bad += (is_permanent(k) ? seen[k] == 1 : seen[k] <= 1) ? 0 : 1;
    }
    if (--walkers == 0) over = true;
    return bad;
  });
  REQUIRE(wrong == 0);
  REQUIRE(map.stats().total.table.growths > 4);
  REQUIRE_VALID_SHARDS(map);
}

TEMPLATE_TEST_CASE("a value is computed exactly once, under the lock or in a single flight, and all get that one", "",
                   EVAC_TEST_ALL_MUTEXES) {
  for (const auto mode :
       {evac::compute_mode::under_lock, evac::compute_mode::single_flight, evac::compute_mode::optimistic}) {
    constexpr key keys = 100;
    for (std::size_t round = 0; round < rounds(20); ++round) {
      map_under<counted, TestType> map(evac::shards{2});
      std::vector<std::atomic<unsigned>> computed(keys);
      std::vector<std::vector<key>> got(crowd(), std::vector<key>(keys));
      in_threads(crowd(), [&](std::size_t thread) {
        for (key k = 0; k < keys; ++k) {
          const auto factory = [&] {
            std::this_thread::yield();
            return counted(1000 * k + 100 * thread + ++computed[k]);
          };
          got[thread][k] = *map.get_or_compute(k, factory, mode).number;
        }
      });
      std::size_t wrong = 0;
      for (key k = 0; k < keys; ++k) {
        const bool once = computed[k] == 1 || (mode == evac::compute_mode::optimistic && computed[k] > 1);
        wrong += once && got[0][k] / 1000 == k ? 0 : 1;
        for (const auto& one : got) wrong += one[k] == got[0][k] ? 0 : 1;
        wrong += map.find(k).value_or(counted(0)) == counted(got[0][k]) ? 0 : 1;
      }
      INFO("mode " << static_cast<int>(mode));
      REQUIRE(wrong == 0);
      REQUIRE(map.size() == keys);
    }
  }
}

TEMPLATE_TEST_CASE("what a single flight's factory throws reaches all who wait for it, and the next call begins anew",
                   "", EVAC_TEST_ALL_MUTEXES) {
  map_under<counted, TestType> map(evac::shards{2});
  std::size_t shared = 0;
  for (std::size_t round = 0; round < rounds(40); ++round) {
    std::atomic<std::size_t> arrived{0};
    std::atomic<std::size_t> calls{0};
    const std::size_t caught = in_threads(crowd(), [&](std::size_t) {
      ++arrived;
      try {
        static_cast<void>(map.get_or_compute(
            round,
            [&]() -> counted {
              ++calls;
              // The others are on their way to the flight, and most of them there when it fails.
              await([&] { return arrived == crowd(); });
              for (int i = 0; i < 20; ++i) std::this_thread::yield();
              throw std::runtime_error("no value");
            },
            evac::compute_mode::single_flight));
      } catch (const std::runtime_error&) {
        return 1;
      }
      return 0;
    });
    REQUIRE(caught == crowd());
    REQUIRE(!map.contains(round));
    shared += crowd() - calls;
    REQUIRE(
        *map.get_or_compute(round, [&] { return counted(round); }, evac::compute_mode::single_flight).number == round);
  }
  REQUIRE(shared != 0);
}

TEMPLATE_TEST_CASE("the previous values that overwriting one key yields form one chain", "", EVAC_TEST_ALL_MUTEXES) {
  map_under<std::uint64_t, TestType> map(evac::shards{2});
  constexpr key only = 5;
  map.try_emplace(only, 0U);
  const std::size_t each = (std::size_t{1} << 16U) / crowd();
  std::vector<std::vector<std::uint64_t>> previous(crowd(), std::vector<std::uint64_t>(each));
  in_threads(crowd(), [&](std::size_t thread) {
    for (std::size_t i = 0; i < each; ++i) {
      const std::uint64_t mine = thread * each + i + 1;
      const auto overwrite = [&](auto& element) {
        stumble();
        previous[thread][i] = std::exchange(element.second, mine);
      };
      if (i % 2 == 0) {
        map.visit(only, overwrite);
      } else {
        map.insert_or_visit({only, mine}, overwrite);
      }
    }
  });
  const overwrite_chain chain = chain_of_overwrites(previous);
  REQUIRE(chain.replaced_twice == 0);
  REQUIRE(chain.length == crowd() * each);
  REQUIRE(map.find(only) == chain.last);
}

TEMPLATE_TEST_CASE("of several constructions that move from one map exactly one gets everything", "",
                   EVAC_TEST_ALL_MUTEXES) {
  using map_type = map_under<counted, TestType>;
  constexpr key keys = 60;
  for (std::size_t round = 0; round < rounds(150); ++round) {
    map_type source(evac::shards{4});
    for (key k = 0; k < keys; ++k) source.try_emplace(k, k);
    std::atomic<std::size_t> full{0};
    const std::size_t wrong = in_threads(crowd(), [&](std::size_t thread) -> std::size_t {
      std::size_t size = 0;
      if (thread == 0) {
        size = static_cast<typename map_type::map_type>(std::move(source)).size();
      } else if (thread == 1) {
        map_type assigned(evac::shards{2});
        assigned = std::move(source);
        size = assigned.size();
      } else {
        const map_type taken(std::move(source));
        size = taken.size();
      }
      full += size == keys ? 1 : 0;
      return size == keys || size == 0 ? 0 : 1;
    });
    REQUIRE(wrong == 0);
    REQUIRE(full == 1);
    REQUIRE(source.empty());
  }
  REQUIRE(counted::live == 0);
}

TEMPLATE_TEST_CASE("calls on two maps in opposite order end, and swap and merge lose nothing", "",
                   EVAC_TEST_ALL_MUTEXES) {
  using map_type = map_under<counted, TestType>;
  constexpr key keys = 40;
  for (const std::size_t shards_of_second : {std::size_t{2}, std::size_t{4}}) {
    map_type first(evac::shards{2});
    map_type second(evac::shards{shards_of_second});
    for (key k = 0; k < keys; ++k) (k % 2 == 0 ? first : second).try_emplace(k, k);

    const auto opposite = [&](const auto& call) {
      in_threads(crowd(), [&](std::size_t thread) {
        for (std::size_t i = 0; i < rounds(500); ++i) {
          map_type& mine = (thread + i / 8) % 2 == 0 ? first : second;
          map_type& other = &mine == &first ? second : first;
          call(mine, other, i);
          if (i % 4 == 0) mine.visit(i % keys, [](auto&) { stumble(); });
        }
      });
    };
    const auto all_are_there = [&] {
      std::vector<unsigned> seen(keys, 0);
      first.cvisit_all([&](const auto& element) { ++seen.at(*element.second.number); });
      second.cvisit_all([&](const auto& element) { ++seen.at(*element.second.number); });
      return seen == std::vector<unsigned>(keys, 1);
    };

    opposite([](map_type& mine, map_type& other, std::size_t) { mine.swap(other); });
    REQUIRE(all_are_there());
    opposite([](map_type& mine, map_type& other, std::size_t) { mine.merge(other); });
    REQUIRE(all_are_there());
    opposite([](map_type& mine, map_type& other, std::size_t i) {
      if (i % 3 == 0) mine.swap(other);
      if (i % 3 == 1) mine.merge(other);
      if (i % 3 == 2) static_cast<void>(mine == other);
    });
    REQUIRE(all_are_there());
    opposite([](map_type& mine, map_type& other, std::size_t i) {
      switch (i % 5) {
        case 0:
          mine = std::as_const(other);
          break;
        case 1:
          static_cast<void>(mine == other);
          break;
        case 2:
          mine.swap(other);
          break;
        case 3:
          mine.merge(other);
          break;
        default:
          if (i % 40 == 4) mine = std::move(other);
      }
    });
    REQUIRE_VALID_SHARDS(first);
    REQUIRE_VALID_SHARDS(second);
    REQUIRE(counted::live == static_cast<std::ptrdiff_t>(first.size() + second.size()));
    first = std::as_const(second);
    REQUIRE(first == second);
  }
}

TEMPLATE_TEST_CASE("what a thread did before it inserted a key is visible to whoever visits the key", "",
                   EVAC_TEST_ALL_MUTEXES) {
  constexpr key keys = 8000;
  map_under<key, TestType> map(evac::shards{2});
  std::vector<key> before(keys, 0);  // on purpose not atomic: the map orders the accesses, or ThreadSanitizer complains
  std::atomic<std::size_t> seen_early{0};
  const std::size_t wrong = in_threads(3, [&](std::size_t thread) {
    std::size_t bad = 0;
    if (thread == 0) {
      for (key k = 0; k < keys; ++k) {
        before[k] = k + 1;
        switch (k % 4) {
          case 0:
            map.insert({k, k});
            break;
          case 1:
            map.try_emplace(k, k);
            break;
          case 2:
            map.insert_or_assign(k, k);
            break;
          default:
            static_cast<void>(map.get_or_compute(k, [k] { return k; }, evac::compute_mode::single_flight));
        }
        stumble();
      }
      return bad;
    }
    const auto look = [&](const auto& element) {
      bad += before[element.first] == element.first + 1 ? 0 : 1;
      if (element.first + 1 < keys) ++seen_early;
    };
    for (key next = 0; next < keys;) {
      next += map.cvisit(next, look);
      if (next % 256 == 17) map.cvisit_all(look);
      if (next % 256 == 18) map.for_each(look);
      stumble();
    }
    return bad;
  });
  REQUIRE(wrong == 0);
  REQUIRE(seen_early != 0);
}

namespace {

std::array<std::atomic<std::ptrdiff_t>, 4> bytes_given_out{};  // by each identity of the allocators

/// Has an identity that follows the elements whenever it may.
template <class T>
struct wandering_allocator {
  using value_type = T;
  using is_always_equal = std::false_type;
  using propagate_on_container_copy_assignment = std::true_type;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;

  std::size_t identity;

  explicit wandering_allocator(std::size_t of = 0) : identity(of) {}
  template <class U>
  wandering_allocator(const wandering_allocator<U>& other)
      : identity(other.identity) {}  // NOLINT(google-explicit-constructor)
  [[nodiscard]] T* allocate(std::size_t n) {
    bytes_given_out.at(identity) += static_cast<std::ptrdiff_t>(n * sizeof(T));
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* block, std::size_t n) noexcept {
    bytes_given_out[identity] -= static_cast<std::ptrdiff_t>(n * sizeof(T));
    std::allocator<T>().deallocate(block, n);
  }
  template <class U>
  friend bool operator==(const wandering_allocator& left, const wandering_allocator<U>& right) {
    return left.identity == right.identity;
  }
};

// So large that each has a memory block of its own, which whoever erases it gives back.
struct large {
  std::array<std::uint64_t, 40> words{};
  explicit large(key of) { words.fill(of); }
  friend bool operator==(const large&, const large&) = default;
};
struct hash_with_state {
  std::uint64_t state = 0;
  std::size_t operator()(key k) const {
    stumble();
    return static_cast<std::size_t>(k * 3 + state);
  }
};
struct equal_with_state {
  std::uint64_t state = 0;
  bool operator()(key left, key right) const { return left + state == right + state; }
};

}  // namespace

TEMPLATE_TEST_CASE(
    "functors and allocators may be replaced while others use them, and memory goes back to where it is from", "",
    EVAC_TEST_ALL_MUTEXES) {
  using element = std::pair<const key, large>;
  using map_type =
      evac::sharded_map<key, large, hash_with_state, equal_with_state, wandering_allocator<element>, TestType>;
  constexpr key keys = 32;
  {
    map_type first(evac::shards{2}, 0, {1}, {1}, wandering_allocator<element>(1));
    map_type second(evac::shards{2}, 0, {2}, {2}, wandering_allocator<element>(2));
    map_type third(evac::shards{4}, 0, {3}, {3}, wandering_allocator<element>(3));
    const std::array<map_type*, 3> maps{&first, &second, &third};
    const std::size_t wrong = in_threads(crowd(), [&](std::size_t thread) {
      dice roll(thread);
      std::size_t bad = 0;
      for (std::size_t i = 0; i < rounds(4000); ++i) {
        map_type& map = *maps[roll(3)];
        map_type& other = *maps[roll(3)];
        const key k = roll(keys);
        switch (roll(14)) {
          case 0:
            map.try_emplace(k, k);
            break;
          case 1:
            map.emplace(static_cast<unsigned>(k), large(k));
            break;  // its key has to be made first
          case 2:
            map.insert({k, large(k)});
            break;
          case 3:
            map.erase(k);
            break;
          case 4:
            map.erase_if([&](auto& e) { return e.first % 8 == k % 8; });
            break;
          case 5:
            map.insert_or_assign(k, large(k));
            break;
          case 6:
            bad += map.find(k).value_or(large(k)) == large(k) ? 0 : 1;
            break;
          case 7:
            bad += map.hash_function()(1) >= 4 && map.key_eq()(k, k) && map.get_allocator().identity != 0 ? 0 : 1;
            break;
          case 8:
            map.visit_all([&](auto& e) { bad += e.second == large(e.first) ? 0 : 1; });
            break;
          case 9:
            map.swap(other);
            break;
          case 10:
            if (i % 4 == 0) map = std::move(other);
            break;
          case 11:
            if (i % 4 == 0) map = std::as_const(other);
            break;
          case 12:
            map = {{k, large(k)}, {k + 1, large(k + 1)}};
            break;
          default:
            bad +=
                map.get_or_compute(k, [k] { return large(k); }, evac::compute_mode::single_flight) == large(k) ? 0 : 1;
        }
      }
      return bad;
    });
    REQUIRE(wrong == 0);
    REQUIRE(bytes_given_out[1] + bytes_given_out[2] + bytes_given_out[3] != 0);
    for (map_type* each : maps) {
      std::size_t misplaced = 0;
      each->cvisit_all([&](const auto& e) { misplaced += e.second == large(e.first) ? 0 : 1; });
      CHECK(misplaced == 0);
      REQUIRE_VALID_SHARDS(*each);
    }
  }
  for (const auto& balance : bytes_given_out) REQUIRE(balance == 0);
}
