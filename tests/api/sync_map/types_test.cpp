// Keys and values that other maps take, however awkward, go into sync maps: with operators of their own, that cannot be
// copied, that are incomplete when the map is declared.
#include <atomic>
#include <cstddef>
#include <evac/sync_map.hpp>
#include <evac/sync_set.hpp>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/sync_axes.hpp"

namespace hostile {

/// Whatever has this namespace among its associated ones has no address and no comma.
template <class T>
void operator&(T&&) = delete;
template <class T, class U>
void operator,(T&&, U&&) = delete;

template <class Number>
struct number {
  number(Number a_value = 0) : value(a_value) {}  // NOLINT(google-explicit-constructor)
  [[nodiscard]] friend bool operator==(const number&, const number&) = default;
  Number value;
};
struct hash {
  template <class Number>
  std::size_t operator()(const number<Number>& key) const {
    return static_cast<std::size_t>(key.value);
  }
};
struct equal {
  template <class T>
  bool operator()(const T& left, const T& right) const {
    return left == right;
  }
};
template <class T>
struct allocator : std::allocator<T> {
  allocator() = default;
  template <class U>
  allocator(const allocator<U>&) noexcept {}  // NOLINT(google-explicit-constructor)
  template <class U>
  struct rebind {
    using other = allocator<U>;
  };
};
template <evac::storage Storage>
using map = evac::sync_map<number<int>, number<int>, hash, equal, allocator<std::pair<const number<int>, number<int>>>,
                           Storage>;

}  // namespace hostile

using namespace evac_test;

namespace {

/// g++ calls it trivially copyable.
struct pinned {
  explicit pinned(int a_value) : value(a_value) {}
  pinned(const pinned&) = delete;
  pinned& operator=(const pinned&) = delete;
  int value;
};

struct tree {
  struct with_weight {
    int weight;
  };
  tree() = default;
  explicit tree(with_weight of) : weight(of.weight) {}
  evac::sync_map<int, tree, evac::hash<int>, evac::equal_to<int>, std::allocator<std::pair<const int, tree>>,
                 evac::storage::in_nodes>
      children;
  int weight = 0;
};

struct owner {
  evac::sync_map<int, int> map;
  evac::sync_set<std::string> set;
  int number;
};

template <class T>
struct narrow_allocator : std::allocator<T> {
  narrow_allocator() = default;
  template <class U>
  narrow_allocator(const narrow_allocator<U>&) noexcept {}  // NOLINT(google-explicit-constructor)
  template <class U>
  struct rebind {
    using other = narrow_allocator<U>;
  };
  [[nodiscard]] static std::size_t max_size() noexcept { return 1000; }
};

std::size_t constructed = 0;
std::size_t destroyed = 0;
/// Counts what is made and destroyed through it.
template <class T>
struct tallying_allocator : std::allocator<T> {
  tallying_allocator() = default;
  template <class U>
  tallying_allocator(const tallying_allocator<U>&) noexcept {}  // NOLINT(google-explicit-constructor)
  template <class U>
  struct rebind {
    using other = tallying_allocator<U>;
  };
  template <class U, class... Args>
  void construct(U* at, Args&&... args) {
    ::new (static_cast<void*>(at)) U(std::forward<Args>(args)...);
    ++constructed;
  }
  template <class U>
  void destroy(U* at) {
    std::destroy_at(at);
    ++destroyed;
  }
};

}  // namespace

TEST_CASE("an allocator of its own destroys every element that it has constructed in a sync map") {
  {
    evac::epoch_domain domain;
    evac::sync_map<int, int, evac::hash<int>, evac::equal_to<int>, tallying_allocator<std::pair<const int, int>>,
                   evac::storage::in_nodes>
        map(0, {}, {}, {}, domain);
    for (int i = 0; i < 1000; ++i) map.store(i, i);
    for (int i = 0; i < 1000; ++i) map.store(i, i + 1);
    for (int i = 0; i < 300; ++i) map.erase(i);
    CHECK(map.update(500, [](auto before) { return before; }) == 501);
    map.clear();
    for (int i = 0; i < 100; ++i) map.store(i, i);
    CHECK(map.load_or_store(1, 2).loaded);
    CHECK(constructed >= 2100);
  }
  CHECK(constructed == destroyed);
}

TEMPLATE_TEST_CASE("operators & and , of keys, values, functors and allocators are left alone", "",
                   hostile::map<evac::storage::automatic>, hostile::map<evac::storage::in_nodes>) {
  using number = hostile::number<int>;
  TestType map;
  for (int i = 0; i < 300; ++i) {
    REQUIRE(map.store(number(i), number(i)));
    REQUIRE_FALSE(map.store(number(i), number(i + 1)));
  }
  map.reserve(1000);
  CHECK(map.load(number(7))->value == 8);
  CHECK(map.load(number(7), [](const number&) {}));
  CHECK(map.swap(number(7), number(9))->value == 8);
  CHECK(map.load_or_store(number(8), number(0)).loaded);
  CHECK(map.load_or_compute(number(1000), [] { return number(1); }).value.value == 1);
  CHECK(map.load_or_compute(number(1000), [] { return number(1); }, [](const number&) {}));
  CHECK(map.compare_and_swap(number(7), number(9), number(10)));
  CHECK(map.compare_and_delete(number(7), number(10)));
  CHECK(map.update(number(8), [](std::optional<number> before) { return before; })->value == 9);
  CHECK_FALSE(map.update(number(8), [](const std::optional<number>&) { return std::optional<number>(); }).has_value());
  CHECK(map.load_and_delete(number(9))->value == 10);
  CHECK(map.erase(number(10)));
  const std::vector<number> keys{1, 2, 3};
  std::vector<std::optional<number>> out;
  CHECK(map.load_many(keys, std::back_inserter(out)) == 3);
  CHECK(map.load_many(keys, [](const number&, const number&) {}) == 3);
  CHECK(map.store_many(std::vector<std::pair<number, number>>{{1, 1}}) == 0);
  CHECK(map.erase_many(keys) == 3);
  std::size_t visited = 0;
  map.range([&](const number&, const number&) { return ++visited != 0; });
  CHECK(visited == map.size());
  CHECK(map.stats().table.size == visited);
  map.clear();
  REQUIRE_FLUSHED(map);

  evac::sync_set<number, hostile::hash, hostile::equal, hostile::allocator<number>> set;
  CHECK(set.insert(number(1)));
  CHECK(set.insert_many(keys) == 2);
  CHECK(set.count_many(keys) == 3);
  CHECK(set.range([](const number&) { return true; }));
}

TEST_CASE("values that cannot be copied are in nodes, whatever the compiler calls them") {
  evac::sync_map<int, std::atomic<int>> counters;
  evac::sync_map<int, pinned> stays;
  STATIC_REQUIRE(decltype(counters)::in_nodes);
  STATIC_REQUIRE(decltype(stays)::in_nodes);
  CHECK(counters.store(1, 5));
  CHECK(counters.load(1, [](const std::atomic<int>& value) { CHECK(value == 5); }));
  CHECK(*counters.pin().find(1) == 5);
  CHECK(stays.store(1, 7));
  CHECK_FALSE(stays.load_or_compute(2, [] { return 8; }, [](const pinned& value) { CHECK(value.value == 8); }));
  CHECK(stays.load(1, [](const pinned& value) { CHECK(value.value == 7); }));
  CHECK(stays.erase(1));
  REQUIRE_FLUSHED(stays);
}

TEST_CASE("a tree has a sync_map of trees as a member") {
  tree root;
  // A tree can neither be copied nor moved: it is made in its place.
  CHECK(root.children.store(1, tree::with_weight{5}));
  CHECK(root.children.load(1, [](const tree& child) {
    CHECK(child.weight == 5);
    CHECK(child.children.empty());
  }));
}

TEST_CASE("sync maps and sets are members of aggregates") {
  owner one{};
  CHECK(one.map.store(1, 2));
  CHECK(one.set.insert("x"));
  CHECK(one.number == 0);
  const owner two = {{}, {}, 3};
  CHECK(two.map.empty());
}

TEST_CASE("max_size and reserve of sync maps know what the allocator can give") {
  evac::sync_map<int, int, evac::hash<int>, evac::equal_to<int>, narrow_allocator<std::pair<const int, int>>> narrow;
  CHECK(narrow.max_size() == 1000);
  CHECK_THROWS_AS(narrow.reserve(1001), std::length_error);
  narrow.reserve(1000);
  const evac::sync_map<int, int> wide;
  CHECK(wide.max_size() > std::numeric_limits<std::size_t>::max() / 32);
}

TEST_CASE("snapshot copies each element once and moves none") {
  evac::epoch_domain domain;
  sync_tracked map(domain);
  fill(map, 0, 3000);
  const census before = tracked_census;
  const auto copy = map.snapshot();
  CHECK(copy.size() == 3000);
  CHECK(tracked_census.copies == before.copies + 2 * 3000);
  CHECK(tracked_census.moves == before.moves);
}

// Functions that update() takes, and what makes an answer of one.
namespace {

template <class Map, class F>
concept updated_by = requires(Map& map, F f) { map.update(1, f); };
using ints = evac::sync_map<int, int>;
using flags = evac::sync_map<int, bool>;
using pointers = evac::sync_map<int, std::unique_ptr<int>>;
using owned = std::unique_ptr<int>;

}  // namespace

static_assert(updated_by<ints, int (*)(std::optional<int>)> && updated_by<ints, int (*)(const int*)>);
static_assert(updated_by<ints, std::optional<int> (*)(const int*)> && updated_by<ints, std::nullopt_t (*)(const int*)>);
static_assert(updated_by<ints, evac::update_answer<int> (*)(const int*)> && !updated_by<ints, void (*)(const int*)>);
static_assert(updated_by<ints, const evac::update_answer<int>& (*)(std::optional<int>)>);
static_assert(!updated_by<ints, int (*)(int*)> && !updated_by<ints, int (*)(int)> && !updated_by<ints, int>);
// Not with whether there is a value for the value.
static_assert(!updated_by<flags, bool (*)(bool)> && updated_by<flags, bool (*)(const bool*)>);
static_assert(updated_by<pointers, evac::update_answer<owned> (*)(const owned*)>);
static_assert(!updated_by<pointers, evac::update_answer<owned> (*)(std::optional<owned>)>);
static_assert(std::is_convertible_v<int, evac::update_answer<long>> &&
              std::is_convertible_v<std::optional<int>, evac::update_answer<int>>);
static_assert(!std::is_convertible_v<int, evac::update_answer<std::unique_ptr<int>>>);
