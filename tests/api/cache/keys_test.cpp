// Keys of the calls that compute: of another type than the cache's, and such as can only be moved.
#include <chrono>
#include <concepts>
#include <cstddef>
#include <evac/cache.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/made_key.hpp"
#include "support/manual_clock.hpp"

using namespace evac_test;
using namespace std::chrono_literals;

namespace {

/// A number that can only be moved, and is 0 afterwards. Calls what is armed when it has been moved from, once.
class only_moved {
 public:
  static inline std::function<void()> armed;

  explicit only_moved(int number) : number_(number) {}
  only_moved(only_moved&& other) noexcept : number_(std::exchange(other.number_, 0)) {
    if (const auto call = std::exchange(armed, nullptr)) call();
  }
  only_moved& operator=(only_moved&&) = delete;
  ~only_moved() = default;

  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};
/// Notes whether a key that was moved from has been compared.
struct compares_whole_keys {
  static inline int compared_without_number = 0;
  bool operator()(const only_moved& left, const only_moved& right) const {
    if (left.number() == 0 || right.number() == 0) ++compared_without_number;
    return left.number() == right.number();
  }
};
/// All keys are compared with each other.
struct one_hash {
  std::size_t operator()(const only_moved&) const { return 42; }
};

template <class Key, class Hash, class Equal>
using timed_cache =
    evac::cache<Key, int, Hash, Equal, std::allocator<std::pair<const Key, int>>, evac::one_each, manual_clock>;
using of_views = timed_cache<made_key, made_key_hash, made_key_equal>;
using of_moved = timed_cache<only_moved, one_hash, compares_whole_keys>;

/// Calls use(mode) with each mode.
template <class Use>
void with_each_mode(const Use& use) {
  use(evac::wait_while_computing);
  use(evac::skip_while_computing);
  use(evac::stale_while_computing);
}

template <class Cache, class Key>
concept computes_by = requires(Cache& cached, Key&& key) {
  cached.load_or_compute(std::forward<Key>(key), [] { return 1; });
  cached.get_or_compute(std::forward<Key>(key), [] { return 1; }, evac::skip_while_computing, evac::expiry{});
};
static_assert(computes_by<of_views, std::string_view>);
static_assert(computes_by<of_views, const made_key&>);
static_assert(!computes_by<of_views, int>);
static_assert(computes_by<of_moved, only_moved>);
static_assert(!computes_by<of_moved, int>);

}  // namespace

TEST_CASE("a key is made of what stands for it only where there is no fresh value, once, in every mode") {
  with_each_mode([](auto mode) {
    of_views cached({.capacity = 100, .time_to_refresh = 10ns});
    const auto makes = [&](int keys, int value, bool loaded) {
      made_key::made = 0;
      const auto result = cached.load_or_compute(std::string_view("key"), [&] { return value; }, mode);
      CHECK(*std::optional<int>(result.value) == value);
      CHECK(result.loaded == loaded);
      CHECK(made_key::made == keys);
    };
    makes(1, 10, false);
    makes(0, 10, true);
    const std::string_view same = "key";
    CHECK(*std::optional<int>(cached.get_or_compute(same, [] { return 11; }, mode)) == 10);
    manual_clock::advance(10ns);
    if constexpr (std::same_as<decltype(mode), evac::stale_while_computing_t>) {
      makes(1, 20, false);
    } else {
      makes(0, 10, true);
    }
  });
}

TEST_CASE("a factory that throws leaves a cache as it was that is asked by what stands for a key") {
  of_views cached({.capacity = 100});
  const auto fail = []() -> int { throw std::runtime_error("no"); };
  CHECK_THROWS_AS(cached.get_or_compute(std::string_view("key"), fail), std::runtime_error);
  CHECK(cached.empty());
  CHECK(cached.get_or_compute(std::string_view("key"), [] { return 1; }) == 1);
  CHECK(cached.get_or_compute(std::string_view("key"), fail) == 1);
}

TEST_CASE("what converts to a key computes, also an initializer list") {
  evac::cache<std::string, int> cached(100);
  CHECK(cached.get_or_compute("literal", [] { return 1; }) == 1);
  CHECK(cached.get_or_compute({'l', 'i', 't', 'e', 'r', 'a', 'l'}, [] { return 2; }) == 1);
  const std::string key = "another";
  CHECK(cached.load_or_compute(key, [] { return 3; }).value == 3);
  CHECK(key == "another");
}

TEST_CASE("a key that can only be moved is moved from only where its value is put in, in every mode") {
  with_each_mode([](auto mode) {
    std::vector<int> gone;
    compares_whole_keys::compared_without_number = 0;
    of_moved cached({.capacity = 100, .shard_count = 1, .time_to_refresh = 10ns},
                    [&](const only_moved& key, int&, evac::removal_cause) { gone.push_back(key.number()); });
    const auto decline = []() -> std::optional<int> { return std::nullopt; };
    only_moved first(1);
    CHECK_FALSE(cached.get_or_compute(std::move(first), decline, mode).has_value());
    CHECK(first.number() == 1);
    CHECK(*std::optional<int>(cached.get_or_compute(std::move(first), [] { return 10; }, mode)) == 10);
    CHECK(first.number() == 0);
    only_moved again(1);
    CHECK(*std::optional<int>(cached.get_or_compute(std::move(again), [] { return 11; }, mode)) == 10);
    CHECK(again.number() == 1);
    manual_clock::advance(10ns);
    CHECK(*std::optional<int>(cached.get_or_compute(only_moved(2), [] { return 20; }, mode, evac::expiry{})) == 20);
    constexpr bool refreshes = std::same_as<decltype(mode), evac::stale_while_computing_t>;
    CHECK(
        *std::optional<int>(cached.get_or_compute(std::move(again), [] { return 12; }, mode)) == (refreshes ? 12 : 10));
    CHECK(again.number() == (refreshes ? 0 : 1));
    CHECK(gone == (refreshes ? std::vector{1} : std::vector<int>()));
    CHECK(cached.get(only_moved(1)) == (refreshes ? 12 : 10));
    CHECK(compares_whole_keys::compared_without_number == 0);
  });
}

TEST_CASE("a caller that joins compares no key that has been moved into the cache") {
  with_each_mode([](auto mode) {
    compares_whole_keys::compared_without_number = 0;
    of_moved cached({.capacity = 100, .shard_count = 1, .time_to_refresh = 10ns});
    constexpr bool refreshes = std::same_as<decltype(mode), evac::stale_while_computing_t>;
    if (refreshes) cached.put(only_moved(1), 10);
    manual_clock::advance(10ns);
    bool asked = false;
    // Where a key is moved outside of the lock, as another thread may do then.
    const int got = *std::optional<int>(cached.get_or_compute(
        only_moved(1),
        [&] {
          only_moved::armed = [&] {
            asked = true;
            if (refreshes) (void)cached.get_or_compute(only_moved(1), [] { return 30; }, mode);
          };
          return 20;
        },
        mode));
    only_moved::armed = nullptr;
    CHECK(asked);
    CHECK(got == (refreshes ? 30 : 20));
    CHECK(cached.get(only_moved(1)) == got);
    CHECK(compares_whole_keys::compared_without_number == 0);
  });
}
