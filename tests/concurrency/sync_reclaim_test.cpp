// Many threads on one sync_map: what becomes of what they take away, and how much memory that needs.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/epoch.hpp>
#include <evac/sync_map.hpp>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "support/catch.hpp"
#include "support/epochs.hpp"
#include "support/in_threads.hpp"
#include "support/sync_histories.hpp"
#include "support/sync_stress.hpp"

using namespace evac_test;

namespace {

/// Counts its live objects, and says so when one is used that is gone.
class counted {
 public:
  inline static std::atomic<std::ptrdiff_t> live{0};

  counted(key of = 0) : number_(of) { ++live; }  // NOLINT(google-explicit-constructor)
  counted(const counted& other) : number_(other.number_), state_(other.state_) { ++live; }
  counted& operator=(const counted& other) = default;
  ~counted() {
    state_ = gone;
    --live;
  }
  [[nodiscard]] key number() const { return number_; }
  [[nodiscard]] bool is_alive() const { return state_ == alive; }

 private:
  static constexpr std::uint32_t alive = 0xA11FE;
  static constexpr std::uint32_t gone = 0xDEAD;
  key number_;
  std::uint32_t state_ = alive;
};

std::atomic<std::ptrdiff_t> bytes_in_use{0};
std::atomic<std::ptrdiff_t> most_bytes{0};

template <class T>
struct metered_allocator {
  using value_type = T;
  metered_allocator() = default;
  template <class U>
  metered_allocator(const metered_allocator<U>&) noexcept {}  // NOLINT(google-explicit-constructor)
  [[nodiscard]] T* allocate(std::size_t n) {
    const std::ptrdiff_t now = bytes_in_use += static_cast<std::ptrdiff_t>(n * sizeof(T));
    std::ptrdiff_t most = most_bytes;
    while (most < now && !most_bytes.compare_exchange_weak(most, now)) {
    }
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* block, std::size_t n) noexcept {
    bytes_in_use -= static_cast<std::ptrdiff_t>(n * sizeof(T));
    std::allocator<T>().deallocate(block, n);
  }
  friend bool operator==(const metered_allocator&, const metered_allocator&) = default;
};

using strings = map_of<std::string, std::string>;
using counted_in_nodes = map_of<key, counted>;
template <class T>
using metered = map_of<key, T, stumbling<good>, evac::storage::automatic, metered_allocator<std::pair<const key, T>>>;

/// Nothing waits to be destroyed, once nobody holds a guard.
void require_nothing_retired(evac::epoch_domain& domain) {
  REQUIRE(domain.flush());
  const evac::epoch_stats stats = domain.stats();
  REQUIRE(stats.retired_objects == 0);
  REQUIRE(stats.retired_bytes == 0);
}

}  // namespace

TEST_CASE("a value that is being looked at is not destroyed, and all are in the end") {
  REQUIRE(counted::live == 0);
  evac::epoch_domain domain(std::size_t{64} << 10U);
  {
    counted_in_nodes map(domain);
    constexpr key keys = 24;
    const std::size_t wrong = in_threads(crowd(), [&](std::size_t thread) {
      dice roll(thread);
      std::size_t bad = 0;
      const auto look = [&](const counted& value) {
        stumble();
        bad += value.is_alive() ? 0 : 1;
      };
      for (std::size_t i = 0; i < rounds(20000); ++i) {
        const key k = roll(keys);
        switch (roll(12)) {
          case 0:
          case 1:
            map.store(k, roll(100));
            break;
          case 2:
            map.erase(k);
            break;
          case 3:
            if (const auto value = map.swap(k, roll(100))) look(*value);
            break;
          case 4:
            if (const auto value = map.load_and_delete(k)) look(*value);
            break;
          case 5:
            map.update(k, [&](std::optional<counted> value) {
              if (value.has_value()) look(*value);
              return value;
            });
            break;
          case 6:
            if (i % 16 == 0) map.clear();
            break;
          case 7:
            if (i % 4 == 0) map.range([&](key, const counted& value) { return look(value), true; });
            break;
          case 8: {
            const auto pinned = map.pin();
            const counted* const value = pinned.find(k);
            if (value == nullptr) break;
            const key number = value->number();
            look(*value);
            std::this_thread::yield();
            look(*value);
            bad += value->number() == number ? 0 : 1;
            break;
          }
          case 9:
            if (i % 64 == 0) domain.flush();
            break;
          default:
            map.load(k, look);
        }
      }
      return bad;
    });
    REQUIRE(wrong == 0);
    require_nothing_retired(domain);
    REQUIRE(counted::live == static_cast<std::ptrdiff_t>(map.size()));
    map.clear();
    require_nothing_retired(domain);
    REQUIRE(counted::live == 0);
    map.store(1, key{1});
  }
  require_nothing_retired(domain);
  REQUIRE(counted::live == 0);
}

TEST_CASE("while a reader sleeps, writers fill the cap, wait, and go on when it has left") {
  constexpr std::size_t cap = std::size_t{64} << 10U;
  constexpr std::size_t writers = 4;
  evac::epoch_domain domain(cap);
  strings map(domain);
  std::atomic<bool> asleep{false};
  std::atomic<std::size_t> left{writers};
  std::atomic<bool> wake{false};
  std::size_t over = 0;
  std::size_t done_while_asleep = 0;
  std::atomic<std::size_t> overwrites{0};
  const std::size_t each = 4 * cap / 64;  // several times what the cap holds
  in_threads(writers + 2, [&](std::size_t thread) {
    if (thread == writers) {
      const evac::epoch_domain::guard inside(domain);
      asleep = true;
      await([&] { return wake.load(); });
      return;
    }
    await([&] { return asleep.load(); });
    if (thread < writers) {
      for (std::size_t i = 0; i < each; ++i) {
        map.store(encode<std::string>(static_cast<std::uint32_t>(i % 8)), std::string("a value"));
        ++overwrites;
      }
      --left;
      return;
    }
    const auto look = [&] { over += domain.stats().charged_bytes > cap ? 1 : 0; };
    while (domain.stats().cap_waits < writers) {
      look();
      std::this_thread::yield();
    }
    done_while_asleep = overwrites;
    for (int i = 0; i < 100; ++i) {
      look();
      std::this_thread::yield();
    }
    done_while_asleep = overwrites - done_while_asleep;
    wake = true;
    while (left != 0) {
      look();
      std::this_thread::yield();
    }
  });
  REQUIRE(over == 0);
  REQUIRE(done_while_asleep == 0);
  REQUIRE(overwrites == writers * each);
  const evac::epoch_stats stats = map.stats().domain;
  REQUIRE(stats.cap_bytes == cap);
  REQUIRE(stats.over_cap == 0);
  REQUIRE(stats.cap_waits >= writers);
  require_nothing_retired(domain);
}

TEMPLATE_TEST_CASE("a thread that clears waits for room at the cap, as one that overwrites does", "", key,
                   std::string) {
  constexpr std::size_t cap = std::size_t{64} << 10U;
  constexpr std::size_t clears = 60;  // several times what the cap holds
  evac::epoch_domain domain(cap);
  map_of<key, TestType> map(domain);
  const auto fill_and_clear = [&] {
    for (key k = 0; k < 100; ++k) map.store(k, encode<TestType>(1));
    map.clear();
  };
  SECTION("until a guard of another thread ends") {
    fill_and_clear();  // which sets a piece of the cap aside for its thread
    guard_elsewhere held(domain);
    std::atomic<std::size_t> cleared{0};
    std::thread clearing([&] {
      for (std::size_t i = 0; i < clears; ++i, ++cleared) fill_and_clear();
    });
    await([&] { return domain.stats().cap_waits != 0; });
    const std::size_t while_held = cleared;
    const evac::epoch_stats stats = domain.stats();
    held.release();
    clearing.join();
    REQUIRE(while_held < clears);
    REQUIRE(stats.charged_bytes <= cap);
    REQUIRE(stats.over_cap == 0);
    REQUIRE(cleared == clears);
  }
  SECTION("but not for a guard of its own, and then it is counted") {
    const evac::epoch_domain::guard held(domain);
    for (std::size_t i = 0; i < clears; ++i) fill_and_clear();
    REQUIRE(domain.stats().cap_waits == 0);
    REQUIRE(domain.stats().over_cap > 0);
  }
  require_nothing_retired(domain);
  REQUIRE(domain.stats().charged_bytes <= cap);
}

TEST_CASE("a thread that holds a guard never waits for room, and its going over the cap is counted") {
  constexpr std::size_t cap = 4096;
  evac::epoch_domain domain(cap);
  counted_in_nodes map(domain);
  {
    const auto pinned = map.pin();
    map.store(0, key{1});
    const counted* const first = pinned.find(0);
    REQUIRE(first != nullptr);
    for (key i = 0; i < 2000; ++i) map.store(0, i + 2);
    map.erase(0);
    CHECK(first->is_alive());
    CHECK(first->number() == 1);
    const evac::epoch_stats stats = domain.stats();
    CHECK(stats.over_cap != 0);
    CHECK(stats.cap_waits == 0);
    CHECK(stats.charged_bytes > cap);
    CHECK(stats.retired_objects == 2001);
    CHECK(stats.guards == 1);
    CHECK_FALSE(domain.flush());
    CHECK(first->is_alive());
  }
  require_nothing_retired(domain);
  REQUIRE(counted::live == 0);
  REQUIRE(domain.stats().charged_bytes <= cap);
}

TEMPLATE_TEST_CASE("ever new keys that are stored and removed need no more memory as time goes by", "", key,
                   std::string) {
  REQUIRE(bytes_in_use == 0);
  {
    evac::epoch_domain domain(std::size_t{32} << 10U);
    metered<TestType> map(domain);
    constexpr std::size_t threads = 3;
    std::size_t next = 0;
    const auto churn = [&](std::size_t each) {
      in_threads(threads, [&](std::size_t thread) {
        const std::size_t first = next + thread * each;
        for (std::size_t k = first; k < first + each; ++k) {
          map.store(k, encode<TestType>(1));
          if (k >= first + 20) map.erase(k - 20);
        }
        for (std::size_t k = first + each - 20; k < first + each; ++k) map.erase(k);
      });
      next += threads * each;
    };
    churn(1000);
    const std::ptrdiff_t early = most_bytes.exchange(bytes_in_use);
    churn(rounds(12000));
    REQUIRE(map.empty());
    // The cap bounds what waits; beside it there are slabs that one thread or the other had to make.
    CHECK(most_bytes <= early + static_cast<std::ptrdiff_t>(domain.stats().cap_bytes));
    require_nothing_retired(domain);
    if (!metered<TestType>::in_nodes) CHECK(map.stats().table.home_buckets <= 256);
  }
  REQUIRE(bytes_in_use == 0);
}
