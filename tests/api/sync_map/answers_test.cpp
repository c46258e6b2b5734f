// Functions that answer: update() whose function keeps, erases or replaces; erase_if(), of one key and of all; and
// factories that decline.
#include <algorithm>
#include <cstddef>
#include <evac/sync_map.hpp>
#include <evac/sync_set.hpp>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>

#include "support/catch.hpp"
#include "support/epochs.hpp"
#include "support/filled_sync.hpp"
#include "support/in_threads.hpp"

using namespace evac_test;
using evac::update_answer;
using evac::update_outcome;

namespace {

constexpr int some = 250;

template <class Map>
void require_same(const Map& map, const std::set<int>& numbers) {
  using F = filled_sync<Map>;
  REQUIRE_VALID_SYNC(map);
  REQUIRE(map.size() == numbers.size());
  std::size_t same = 0;
  for (const int each : numbers) {
    map.load(F::key(each), [&](const typename F::V& value) { same += value == F::value(each) ? 1 : 0; });
  }
  REQUIRE(same == numbers.size());
}

}  // namespace

TEMPLATE_TEST_CASE("update keeps, erases or replaces under every kind of key, value and hash", "",
                   EVAC_TEST_SYNC_MAPS) {
  using F = filled_sync<TestType>;
  using V = typename F::V;
  using answer = update_answer<V>;
  evac::epoch_domain domain;
  TestType map(domain);
  std::set<int> numbers;
  const auto update = [&](int i, const answer& wanted, bool by_address) {
    bool right = false;
    const bool there = numbers.contains(i);
    const auto outcome = by_address ? map.update(F::key(i),
                                                 [&](const V* seen) -> answer {
                                                   right = seen == nullptr ? !there : there && *seen == F::value(i);
                                                   return wanted;
                                                 })
                                    : map.update(F::key(i), [&](const std::optional<V>& seen) -> answer {
                                        right = seen == (there ? std::optional<V>(F::value(i)) : std::nullopt);
                                        return wanted;
                                      });
    REQUIRE(right);
    return outcome;
  };
  for (int i = 0; i < some; ++i) {
    const bool by_address = i % 2 == 0;
    REQUIRE(update(i, evac::keep, by_address) == update_outcome::kept);
    REQUIRE(update(i, std::nullopt, by_address) == update_outcome::kept);
    REQUIRE_FALSE(map.contains(F::key(i)));
    REQUIRE(update(i, F::value(i), by_address) == update_outcome::stored);
    numbers.insert(i);
    REQUIRE(update(i, evac::keep, by_address) == update_outcome::kept);
    REQUIRE(update(i, F::value(i), by_address) == update_outcome::stored);
  }
  require_same(map, numbers);
  for (int i = 0; i < some; i += 3) {
    REQUIRE(update(i, std::nullopt, i % 2 == 0) == update_outcome::erased);
    numbers.erase(i);
  }
  require_same(map, numbers);
  REQUIRE(domain.flush());
}

TEMPLATE_TEST_CASE("erase_if erases one key, or all, whose values satisfy its predicate", "", EVAC_TEST_SYNC_MAPS) {
  using F = filled_sync<TestType>;
  using K = typename F::K;
  using V = typename F::V;
  evac::epoch_domain domain;
  TestType map(domain);
  bool all = true;
  const auto one_answer = [&](const K&, const V&) { return all; };
  REQUIRE(map.erase_if(one_answer) == 0);
  fill(map, 0, some);
  std::set<int> numbers;
  for (int i = 0; i < some; ++i) {
    int asked = 0;
    const auto is = [&](bool wanted) {
      return [&, wanted](const V& value) {
        asked += value == F::value(i) ? 1 : 100;
        return wanted;
      };
    };
    REQUIRE_FALSE(map.erase_if(F::key(i), is(false)));
    REQUIRE(asked == 1);
    if (i % 2 != 0) numbers.insert(i);
    if (i % 2 != 0) continue;
    REQUIRE(map.erase_if(F::key(i), is(true)));
    REQUIRE(asked == 2);
    REQUIRE_FALSE(map.erase_if(F::key(i), is(true)));
    REQUIRE(asked == 2);
  }
  require_same(map, numbers);
  all = false;
  REQUIRE(map.erase_if(one_answer) == 0);
  require_same(map, numbers);
  std::size_t right = 0;
  REQUIRE(map.erase_if([&](const K& key, const V& value) {
    right += map.load(key) == value ? 1 : 0;
    return key == F::key(7) || value == F::value(9) || key == F::key(some - 1);
  }) == (F::value(9) == F::value(11) ? numbers.size() : 3));
  REQUIRE(right == numbers.size());
  if (map.empty()) numbers.clear();
  for (const int each : {7, 9, some - 1}) numbers.erase(each);
  require_same(map, numbers);
  all = true;
  REQUIRE(map.erase_if(one_answer) == numbers.size());
  require_same(map, {});
  REQUIRE(domain.flush());
}

TEMPLATE_TEST_CASE("a factory that declines stores nothing, under every kind of key, value and hash", "",
                   EVAC_TEST_SYNC_MAPS) {
  using F = filled_sync<TestType>;
  using optional = std::optional<typename F::V>;
  evac::epoch_domain domain;
  TestType map(domain);
  int shown = 0;
  const auto show = [&](const typename F::V& value) { shown += value == F::value(1) ? 1 : 100; };
  const auto declines = [] { return optional(); };
  const auto makes = [] { return optional(F::value(1)); };
  for (int i = 0; i < some; ++i) {
    const auto declined = map.load_or_compute(F::key(i), declines);
    REQUIRE_FALSE(declined.loaded);
    REQUIRE_FALSE(declined.value.has_value());
    REQUIRE_FALSE(map.load_or_compute(F::key(i), declines, show));
    REQUIRE_FALSE(map.contains(F::key(i)));
    REQUIRE(shown == 2 * i);
    const bool shows = i % 2 == 0;
    if (shows) REQUIRE_FALSE(map.load_or_compute(F::key(i), makes, show));
    const auto made = map.load_or_compute(F::key(i), makes);
    REQUIRE(made.loaded == shows);
    REQUIRE(made.value == F::value(1));
    REQUIRE(map.load_or_compute(F::key(i), declines).value == F::value(1));
    REQUIRE(map.load_or_compute(F::key(i), declines, show));
    if (!shows) REQUIRE(map.load_or_compute(F::key(i), makes, show));
    REQUIRE(shown == 2 * i + 2);
  }
  REQUIRE_VALID_SYNC(map);
  REQUIRE(map.size() == some);
  REQUIRE(domain.flush());
}

TEST_CASE("an update that keeps allocates, copies and retires nothing, whatever its key has") {
  evac::epoch_domain domain;
  sync_tracked map(domain);
  fill(map, 0, 60);
  REQUIRE(domain.flush());
  const tracked there(5);
  const tracked missing(1000);
  const std::size_t charged = domain.stats().charged_bytes;
  const std::size_t allocations = memory.allocations;
  const auto before = tracked_census;
  int calls = 0;
  const auto keep = [&](const tracked*) -> update_answer<tracked> {
    ++calls;
    return evac::keep;
  };
  for (int i = 0; i < 1000; ++i) {
    map.update(there, keep);
    map.update(missing, keep);
  }
  CHECK(calls == 2000);
  CHECK(memory.allocations == allocations);
  CHECK(tracked_census.copies == before.copies);
  CHECK(tracked_census.moves == before.moves);
  CHECK(domain.stats().retired_objects == 0);
  CHECK(domain.stats().charged_bytes == charged);
}

TEST_CASE("an update that replaces copies its key once and moves its value once") {
  evac::epoch_domain domain;
  sync_tracked map(domain);
  fill(map, 0, 60);
  const tracked there(5);
  tracked value(7);
  const auto before = tracked_census;
  const std::size_t allocations = memory.allocations;
  CHECK(map.update(there, [&](const tracked*) -> update_answer<tracked> { return std::move(value); }) ==
        update_outcome::stored);
  CHECK(tracked_census.copies == before.copies + 1);
  CHECK(tracked_census.moves == before.moves + 2);  // into the answer, and on
  CHECK(memory.allocations == allocations + 1);
  CHECK(map.load(there) == tracked(7));
}

TEMPLATE_TEST_CASE("the function of an update is asked again about a value that came meanwhile, unless it keeps", "",
                   EVAC_TEST_SYNC_STORAGES) {
  using F = filled_sync<TestType>;
  using answer = update_answer<typename F::V>;
  F f(60);
  std::size_t calls = 0;
  const auto answers_third = [&](const answer& wanted) {
    calls = 0;
    return [&, wanted](const typename F::V* seen) -> answer {
      if (++calls == 3) return wanted;
      in_threads(1, [&](std::size_t) {
        if (seen == nullptr) f.map.store(F::key(1), F::value(9));
        if (seen != nullptr) f.map.erase(F::key(1));
      });
      return F::value(8);
    };
  };
  CHECK(f.map.update(F::key(1), answers_third(F::value(7))) == update_outcome::stored);
  CHECK(calls == 3);
  CHECK(f.map.load(F::key(1)) == F::value(7));
  CHECK(f.map.update(F::key(1), answers_third(evac::keep)) == update_outcome::kept);
  CHECK(calls == 3);
  CHECK(f.map.load(F::key(1)) == F::value(9));
  CHECK(f.map.update(F::key(1), answers_third(std::nullopt)) == update_outcome::erased);
  CHECK_FALSE(f.map.contains(F::key(1)));
  calls = 0;
  CHECK(f.map.update(F::key(2), [&](const typename F::V*) -> answer {
    ++calls;
    in_threads(1, [&](std::size_t) { f.map.erase(F::key(2)); });
    return evac::keep;
  }) == update_outcome::kept);
  CHECK(calls == 1);
  f.require_size(58);
}

TEMPLATE_TEST_CASE("a predicate of erase_if is asked again about a value that came meanwhile", "",
                   EVAC_TEST_SYNC_STORAGES) {
  using F = filled_sync<TestType>;
  using V = typename F::V;
  F f(60);
  const auto replaced_once = [&](int key, bool then) {
    return [&, key, then, calls = 0](const V& value) mutable {
      if (++calls == 2) return then && value == F::value(100);
      CHECK(value == F::value(key));
      f.map.store(F::key(key), F::value(100));
      return true;
    };
  };
  CHECK_FALSE(f.map.erase_if(F::key(1), replaced_once(1, false)));
  CHECK(f.map.erase_if(F::key(2), replaced_once(2, true)));
  auto stays = replaced_once(3, false);
  auto goes = replaced_once(4, true);
  CHECK(f.map.erase_if([&](const auto& key, const V& value) {
    if (key == F::key(3)) return stays(value);
    return key == F::key(4) && goes(value);
  }) == 1);
  // Gone when it is to be erased.
  CHECK_FALSE(f.map.erase_if(F::key(5), [&](const V&) { return f.map.erase(F::key(5)); }));
  CHECK(f.map.load(F::key(1)) == F::value(100));
  CHECK_FALSE(f.map.contains(F::key(2)));
  CHECK(f.map.load(F::key(3)) == F::value(100));
  CHECK_FALSE(f.map.contains(F::key(4)));
  f.require_size(57);
}

TEMPLATE_TEST_CASE("erase_if erases what a map has throughout, however it grows meanwhile", "",
                   EVAC_TEST_SYNC_STORAGES) {
  using F = filled_sync<TestType>;
  F f(60);
  int added = 1000;
  std::size_t asked_for = 0;
  const std::size_t erased = f.map.erase_if([&](const auto&, const typename F::V& value) {
    for (int i = 0; i < 10; ++i, ++added) f.map.store(F::key(added), F::value(absent_key));
    const bool first = value != F::value(absent_key);
    asked_for += first ? 1 : 0;
    return first;
  });
  CHECK(asked_for == 60);
  CHECK(erased == 60);
  CHECK(f.map.stats().table.growths >= 2);
  CHECK_VALID_SYNC(f.map);
  for (int i = 0; i < 60; ++i) CHECK_FALSE(f.map.contains(F::key(i)));
  CHECK(f.map.size() == static_cast<std::size_t>(added) - 1000);
}

TEST_CASE("erase_if of a map larger than the cap of its domain keeps its garbage below the cap but for a few buckets") {
  evac::epoch_domain domain(small_cap);
  sync_strings map(std::size_t{0}, {}, {}, {}, domain);
  constexpr int count = 5000;
  fill(map, 0, count);
  std::size_t most = 0;
  std::size_t of_each = 0;
  CHECK(map.erase_if([&](const std::string&, const std::string&) {
    const evac::epoch_stats now = domain.stats();
    most = std::max(most, now.retired_bytes);
    if (now.retired_objects != 0) of_each = now.retired_bytes / now.retired_objects;
    return true;
  }) == count);
  CHECK(map.empty());
  CHECK(of_each >= 2 * sizeof(std::string));
  CHECK(most > small_cap / 2);
  // 64 homes hold some 400 elements.
  CHECK(most < small_cap + 1000 * of_each);
  CHECK(domain.flush());
}

TEST_CASE(
    "updates and factories take values that can only be moved, and keys that are moved from only if they are put in") {
  using pointer = std::unique_ptr<int>;
  using optional = std::optional<pointer>;
  evac::sync_map<pointer, pointer> map;
  const auto show = [](const pointer& value) { CHECK(*value == 4); };
  auto key = std::make_unique<int>(1);
  const pointer& same_key = key;
  CHECK_FALSE(map.load_or_compute(std::move(key), [] { return optional(); }, show));
  REQUIRE(key != nullptr);  // NOLINT(bugprone-use-after-move): promised
  CHECK_THROWS_AS(map.load_or_compute(std::move(key), []() -> optional { throw 1; }, show), int);
  REQUIRE(key != nullptr);
  CHECK_FALSE(map.load_or_compute(std::move(key), [] { return optional(std::make_unique<int>(4)); }, show));
  CHECK(key == nullptr);
  CHECK(map.size() == 1);
  map.clear();

  // Its function has put the key in itself, as another thread might have.
  evac::sync_map<std::string, int> words;
  std::string word = "a word that is too long to be stored in place";
  const auto faster = [&] {
    words.store("a word that is too long to be stored in place", 1);
    return 2;
  };
  CHECK(words.load_or_compute(std::move(word), faster).loaded);
  CHECK(word.size() == 45);  // NOLINT(bugprone-use-after-move): promised
  words.clear();
  CHECK(words.load_or_compute(std::move(word), faster, [](int value) { CHECK(value == 1); }));
  CHECK(word.size() == 45);

  evac::sync_map<int, pointer> values;
  const auto count = [](const pointer* seen) -> update_answer<pointer> {
    return std::make_unique<int>(seen != nullptr ? **seen + 1 : 0);
  };
  for (int i = 0; i < 5; ++i) CHECK(values.update(1, count) == update_outcome::stored);
  CHECK(values.load(1, [](const pointer& value) { CHECK(*value == 4); }));
  CHECK(values.update(1, [](const auto& seen) -> update_answer<pointer> {
    if (*seen == nullptr) return evac::keep;
    return std::nullopt;
  }) == update_outcome::erased);
  CHECK(values.erase_if(1, [](const pointer&) { return true; }) == false);
  CHECK(same_key == nullptr);
  REQUIRE_FLUSHED(values);
}

TEST_CASE("a key that is not equal to itself is not erased by any predicate, and is absent to every update") {
  sync_doubles map;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (int i = 0; i < 30; ++i) map.store(nan, 1.0F);
  map.store(1.0, 1.0F);
  CHECK(map.erase_if([](double, float) { return true; }) == 1);
  CHECK_FALSE(map.erase_if(nan, [](float) { return true; }));
  CHECK(map.update(nan, [](const float* seen) -> update_answer<float> {
    if (seen == nullptr) return evac::keep;
    return std::nullopt;
  }) == update_outcome::kept);
  CHECK(map.size() == 30);
}

TEST_CASE("values that are themselves optional are no answers by accident") {
  using maybe = std::optional<int>;
  evac::sync_map<int, maybe> map;
  const auto stored = map.load_or_compute(1, [] { return maybe(); });
  STATIC_REQUIRE(std::is_same_v<decltype(stored), const evac::load_result<maybe>>);
  CHECK_FALSE(stored.loaded);
  CHECK(map.load(1) == std::optional<maybe>(maybe()));
  CHECK_FALSE(map.load_or_compute(2, [] { return std::optional<maybe>(); }).value.has_value());
  CHECK_FALSE(map.contains(2));
  CHECK(map.update(1, [](const maybe*) -> update_answer<maybe> { return maybe(); }) == update_outcome::stored);
  CHECK(map.update(1, [](const maybe*) -> update_answer<maybe> { return std::nullopt; }) == update_outcome::erased);
}

TEMPLATE_TEST_CASE(
    "erase_if of a set erases the keys that satisfy its predicate", "", evac::sync_set<int>,
    evac::sync_set<std::string>, (evac::sync_set<int, constant_hash>),
    (evac::sync_set<int, four_bit_hash, evac::equal_to<int>, std::allocator<int>, evac::storage::in_nodes>)) {
  using K = typename TestType::key_type;
  TestType set;
  for (int i = 0; i < 300; ++i) set.insert(make<K>(i));
  std::set<K> odd;
  for (int i = 1; i < 300; i += 2) odd.insert(make<K>(i));
  CHECK(set.erase_if([&](const K& key) { return odd.contains(key); }) == odd.size());
  CHECK_VALID_SYNC(set);
  CHECK(set.size() == 150);
  CHECK(set.range([&](const K& key) { return !odd.contains(key); }));
  CHECK(set.erase_if([](const K&) { return true; }) == 150);
  CHECK(set.empty());
}
