// Promises of the standard, Abseil and Boost about single calls: node handles, allocators that construct and destroy,
// keys of other types, bit-fields, hostile operators, concepts. Line by line in docs/standard.md.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <evac/map.hpp>
#include <evac/set.hpp>
#include <functional>
#include <iterator>
#include <memory>
#include <ranges>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/valid.hpp"

namespace {

/// Notes which addresses hold what it has constructed: both must balance.
std::set<const void*> constructed;
std::size_t unbalanced = 0;
template <class T>
struct balancing_allocator {
  using value_type = T;
  balancing_allocator() = default;
  template <class U>
  explicit balancing_allocator(const balancing_allocator<U>&) noexcept {}
  [[nodiscard]] T* allocate(std::size_t n) { return std::allocator<T>{}.allocate(n); }
  void deallocate(T* block, std::size_t n) noexcept { std::allocator<T>{}.deallocate(block, n); }
  template <class U, class... Args>
  void construct(U* at, Args&&... args) {
    ::new (static_cast<void*>(at)) U(std::forward<Args>(args)...);
    if (!constructed.insert(at).second) ++unbalanced;
  }
  template <class U>
  void destroy(U* at) noexcept {
    if (constructed.erase(at) != 1) ++unbalanced;
    at->~U();
  }
  [[nodiscard]] friend bool operator==(const balancing_allocator&, const balancing_allocator&) = default;
};

/// Takes no notice of an alignment above that of malloc: its blocks never have more.
template <class T>
struct malloc_allocator {
  using value_type = T;
  malloc_allocator() = default;
  template <class U>
  explicit malloc_allocator(const malloc_allocator<U>&) noexcept {}
  [[nodiscard]] T* allocate(std::size_t n) {
    auto* const raw = static_cast<std::byte*>(std::malloc(n * sizeof(T) + 48));
    if (raw == nullptr) throw std::bad_alloc();
    std::byte* block = raw + 16;
    if (reinterpret_cast<std::uintptr_t>(block) % 32 == 0) block += 16;
    reinterpret_cast<void**>(block)[-1] = raw;
    return reinterpret_cast<T*>(block);
  }
  void deallocate(T* block, std::size_t) noexcept { std::free(reinterpret_cast<void**>(block)[-1]); }
  [[nodiscard]] friend bool operator==(const malloc_allocator&, const malloc_allocator&) = default;
};

struct counted_text {
  explicit counted_text(const char* text) : value(text) { ++built; }
  std::string value;
  inline static int built = 0;
};
struct text_hash {
  using is_transparent = void;
  std::size_t operator()(const counted_text& text) const { return std::hash<std::string>{}(text.value); }
  std::size_t operator()(const char* text) const { return std::hash<std::string>{}(text); }
};
struct text_equal {
  using is_transparent = void;
  bool operator()(const counted_text& stored, const counted_text& wanted) const { return stored.value == wanted.value; }
  bool operator()(const counted_text& stored, const char* wanted) const { return stored.value == wanted; }
};

struct bits {
  unsigned three : 3;
  int nine : 9;
};

/// Everything converts to it.
struct any_key {
  template <class T>
    requires(!std::is_same_v<std::remove_cvref_t<T>, any_key>)
  any_key(const T& from) {  // NOLINT(google-explicit-constructor)
    if constexpr (std::is_integral_v<T>) value = static_cast<int>(from);
  }
  int value = -1;
  bool operator==(const any_key&) const = default;
};
struct any_hash {
  std::size_t operator()(const any_key& key) const { return static_cast<std::size_t>(key.value); }
};

}  // namespace

namespace hostile {

struct key {
  int value;
};
struct hash {
  std::size_t operator()(const key& of) const { return static_cast<std::size_t>(of.value); }
};
struct equal {
  bool operator()(const key& left, const key& right) const { return left.value == right.value; }
};
template <class T>
void operator&(T&&) = delete;
template <class T, class U>
void operator,(T&&, U&&) = delete;

}  // namespace hostile

TEST_CASE("insert with a hint leaves the element of a present key in its handle") {
  evac::map<int, std::string> map{{1, "one"}};
  evac::map<int, std::string> other{{1, "another"}, {2, "two"}};
  auto node = other.extract(1);
  const auto at = map.insert(map.cbegin(), std::move(node));
  CHECK(at->second == "one");
  REQUIRE_FALSE(node.empty());  // NOLINT(bugprone-use-after-move): the point of the test
  CHECK(node.mapped() == "another");
  auto absent = other.extract(2);
  CHECK(map.insert(map.cend(), std::move(absent))->second == "two");
  CHECK(absent.empty());  // NOLINT(bugprone-use-after-move)
  CHECK(map.insert(map.cend(), std::move(absent)) == map.end());
  evac::set<int> set{1};
  evac::set<int> twin{1};
  auto key = twin.extract(1);
  CHECK(*set.insert(set.cbegin(), std::move(key)) == 1);
  CHECK_FALSE(key.empty());  // NOLINT(bugprone-use-after-move)
}

template <class Node>
concept has_mapped_type = requires { typename Node::mapped_type; };
template <class Node>
concept has_key_type = requires { typename Node::key_type; };
template <class Node>
concept has_value_type = requires { typename Node::value_type; };

TEST_CASE("node handles have the member types of the standard and no others") {
  using map_node = evac::map<int, std::string>::node_type;
  using set_node = evac::set<int>::node_type;
  STATIC_REQUIRE(std::is_same_v<map_node::key_type, int>);
  STATIC_REQUIRE(std::is_same_v<map_node::mapped_type, std::string>);
  STATIC_REQUIRE_FALSE(has_value_type<map_node>);
  STATIC_REQUIRE(std::is_same_v<set_node::value_type, int>);
  STATIC_REQUIRE_FALSE(has_key_type<set_node>);
  STATIC_REQUIRE_FALSE(has_mapped_type<set_node>);
}

TEST_CASE("an allocator destroys all that it constructs, trivial or not, whatever is called") {
  {
    using Map = evac::map<std::uint64_t, std::uint64_t, evac::hash<std::uint64_t>, std::equal_to<>,
                          balancing_allocator<std::pair<const std::uint64_t, std::uint64_t>>>;
    Map map;
    for (std::uint64_t i = 0; i < 3000; ++i) map.try_emplace(i, i);
    CHECK(constructed.size() == map.size());
    for (std::uint64_t i = 0; i < 3000; i += 2) map.erase(i);
    CHECK(constructed.size() == map.size());
    Map copy(map);
    CHECK(constructed.size() == 2 * map.size());
    map.clear();
    CHECK(constructed.size() == copy.size());
    map = copy;
    copy = Map();
    CHECK(constructed.size() == map.size());
    auto node = map.extract(map.begin());
    CHECK(constructed.size() == map.size() + 1);
    node = {};
    map.merge(copy);
    map.rehash(0);
    CHECK(constructed.size() == map.size());
  }
  {
    evac::set<int, evac::hash<int>, std::equal_to<>, balancing_allocator<int>> set;
    for (int i = 0; i < 1000; ++i) set.insert(i);
    set = {1, 2, 3};
    CHECK(constructed.size() == 3);
  }
  CHECK(constructed.empty());
  CHECK(unbalanced == 0);
}

TEST_CASE("emplace and insert of a pair build no key and move no value when a key of another type is there") {
  evac::map<counted_text, std::unique_ptr<int>, text_hash, text_equal> map;
  map.emplace("one", std::make_unique<int>(1));
  const int built = counted_text::built;
  auto value = std::make_unique<int>(2);
  CHECK_FALSE(map.emplace("one", std::move(value)).second);
  CHECK(value != nullptr);  // NOLINT(bugprone-use-after-move): the point of the test
  std::pair<const char*, std::unique_ptr<int>> pair("one", std::move(value));
  CHECK_FALSE(map.insert(std::move(pair)).second);
  CHECK(pair.second != nullptr);  // NOLINT(bugprone-use-after-move)
  CHECK(map.emplace_hint(map.begin(), "one", std::move(pair.second)) == map.begin());
  CHECK(counted_text::built == built);
  CHECK(map.emplace("two", std::move(pair.second)).second);
  CHECK(counted_text::built == built + 1);
}

TEST_CASE("ranges of another type are hashed as keys, unless hash and equality are transparent") {
  // With std::hash of the foreign type -1 and -1L would differ from what a look-up hashes.
  struct narrow_hash {
    std::size_t operator()(std::int64_t key) const { return static_cast<std::size_t>(key); }
    std::size_t operator()(int key) const { return static_cast<std::size_t>(key) * 7919; }
  };
  const std::vector<int> keys{-1, 5, -1, 7};
  const std::vector<std::pair<int, int>> pairs{{-1, 1}, {5, 2}, {-1, 3}};
  evac::set<std::int64_t, narrow_hash, std::equal_to<std::int64_t>> set(keys.begin(), keys.end());
  CHECK(set.size() == 3);
  CHECK(set.contains(-1));
  set.insert_range(keys);
  set.insert(keys.begin(), keys.end());
  CHECK(set.size() == 3);
  CHECK_VALID(set);
  evac::map<std::int64_t, std::int64_t, narrow_hash, std::equal_to<std::int64_t>> map(evac::from_range, pairs);
  map.insert(pairs.begin(), pairs.end());
  map.insert(pairs[0]);
  map.emplace(-1, 9);
  CHECK(map.size() == 2);
  CHECK(map.at(-1) == 1);
  CHECK_VALID(map);
}

TEST_CASE("bit-fields are taken as keys and values") {
  const bits constant{3, -4};
  bits fields{5, -6};
  evac::map<int, long long> map;  // a bit-field of any integer type goes into it
  map.insert_or_assign(1, fields.three);
  map.insert_or_assign(1, fields.nine);
  map.insert_or_assign(fields.nine, constant.nine);
  map.insert_or_assign(map.cbegin(), 2, fields.nine);
  map.insert_or_assign(map.cbegin(), fields.nine, fields.three);
  map.try_emplace(fields.nine);
  map[fields.nine] += 1;
  CHECK(map.at(1) == -6);
  CHECK(map.at(2) == -6);
  CHECK(map.at(-6) == 6);
  evac::map<int, int, std::hash<int>, std::equal_to<>> plain;
  plain.insert_or_assign(fields.nine, fields.nine);
  CHECK(plain.erase(fields.nine) == 1);
  evac::set<int> set;
  set.insert(fields.nine);
  set.insert(fields.three);
  set.insert(set.begin(), fields.nine);
  set.insert(set.begin(), fields.three);
  set.insert(set.begin(), constant.nine);
  CHECK(set == evac::set<int>{-6, 5, -4});
  // A value that is made from a reference still gets one.
  int target = 1;
  evac::map<int, std::reference_wrapper<int>> references;
  references.insert_or_assign(1, target);
  references.insert_or_assign(1, target);
  references.at(1).get() = 2;
  CHECK(target == 2);
}

TEST_CASE("functors that are transparent for everything take bit-fields too") {
  struct any_number_hash {
    using is_transparent = void;
    std::size_t operator()(long long key) const { return static_cast<std::size_t>(key); }
  };
  bits fields{5, -6};
  evac::map<int, int, any_number_hash, std::equal_to<>> map;
  map.insert_or_assign(fields.nine, fields.nine);
  map.try_emplace(fields.nine, 1);
  map[fields.nine] = 7;
  CHECK(map.at(-6) == 7);
  CHECK_FALSE(map.extract(fields.nine).empty());
  CHECK(map.erase(fields.nine) == 0);
}

TEST_CASE("elements whose namespace deletes unary & and the comma go through every call") {
  using hostile::key;
  evac::map<key, key, hostile::hash, hostile::equal> map;
  map.emplace(key{1}, key{1});
  map.try_emplace(key{2}, key{2});
  map.insert_or_assign(key{3}, key{3});
  map[key{4}] = key{4};
  for (int i = 10; i < 500; ++i) map.try_emplace(key{i}, key{i});
  CHECK(map.find(key{1})->second.value == 1);
  CHECK(map.equal_range(key{1}).first != map.end());
  auto copy = map;
  auto moved = std::move(copy);
  copy = moved;
  moved = std::move(copy);
  moved.swap(map);
  map.erase(key{1});
  map.erase(map.begin());
  auto node = map.extract(key{2});
  map.insert(std::move(node));
  auto other = map.extract(map.begin());
  node = std::move(other);
  map.merge(moved);
  map.reserve(2000);
  map.rehash(0);
  erase_if(map, [](const auto& element) { return element.first.value > 100; });
  CHECK(map.contains(key{3}));
  CHECK(map.stats().size == map.size());
  CHECK_VALID(map);
  evac::set<key, hostile::hash, hostile::equal> set;
  set.insert(key{1});
  set.insert(set.begin(), key{2});
  CHECK(set.size() == 2);
  map.clear();
}

TEST_CASE("an allocator that ignores over-alignment serves buckets that fill cache lines") {
  evac::map<int, int, evac::hash<int>, std::equal_to<>, malloc_allocator<std::pair<const int, int>>> map;
  for (int i = 0; i < 5000; ++i) map[i] = i;
  const auto& homes = evac::detail::table_access::of(map).homes();
  std::size_t misaligned = 0;
  for (std::size_t home = 0; home < homes.count(); ++home) {
    misaligned += reinterpret_cast<std::uintptr_t>(homes.at(home)) % 64 == 0 ? 0 : 1;
  }
  CHECK(misaligned == 0);
  CHECK_VALID(map);
  CHECK(map.at(4711) == 4711);
}

TEST_CASE("a range of a set's own iterators is a range, also where anything converts to a key") {
  evac::set<any_key, any_hash> from{1, 2, 3};
  evac::set<any_key, any_hash> to;
  to.insert(from.begin(), from.end());
  to.insert(from.cbegin(), from.cend());
  CHECK(to.size() == 3);
  evac::set<any_key, any_hash> made(from.begin(), from.end());
  CHECK(made == from);
  to.insert_range(from);
  to.insert(to.begin(), 4);
  CHECK(to.contains(4));
  CHECK(to.size() == 4);
}

TEST_CASE("containers and iterators satisfy the concepts of C++20") {
  using Map = evac::map<int, std::string>;
  using Set = evac::set<std::string>;
  STATIC_REQUIRE(std::forward_iterator<Map::iterator>);
  STATIC_REQUIRE(std::forward_iterator<Map::const_iterator>);
  STATIC_REQUIRE(std::forward_iterator<Set::iterator>);
  STATIC_REQUIRE(std::sentinel_for<Map::const_iterator, Map::iterator>);
  STATIC_REQUIRE(std::is_convertible_v<Map::iterator, Map::const_iterator>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Map::const_iterator, Map::iterator>);
  STATIC_REQUIRE(std::ranges::forward_range<Map> && std::ranges::forward_range<const Map>);
  STATIC_REQUIRE(std::ranges::sized_range<Map> && std::ranges::common_range<Map>);
  STATIC_REQUIRE(std::ranges::forward_range<Set> && std::ranges::sized_range<const Set>);
  STATIC_REQUIRE(std::regular<Map> && std::regular<Set> && std::swappable<Map>);
  const Map map{{1, "a"}, {2, "b"}};
  CHECK(std::ranges::count_if(map, [](const auto& element) { return element.first > 0; }) == 2);
  CHECK(std::ranges::distance(map | std::views::keys) == 2);
  CHECK(std::ranges::size(map) == 2);
}

TEST_CASE("a move assignment exchanges the functors, with equal allocators and with unequal ones") {
  using allocator = evac_test::trait_allocator<std::pair<const std::uint64_t, int>, false, false, false>;
  using Map = evac::map<std::uint64_t, int, evac_test::stateful_hash, std::equal_to<>, allocator>;
  for (const int other_identity : {1, 2}) {
    Map target({{1, 1}}, 0, evac_test::stateful_hash(10), {}, allocator(1));
    Map source({{2, 2}, {3, 3}}, 0, evac_test::stateful_hash(20), {}, allocator(other_identity));
    target = std::move(source);
    CHECK(target.hash_function().id == 20);
    CHECK(source.hash_function().id == 10);  // NOLINT(bugprone-use-after-move): the point of the test
    CHECK(target.at(3) == 3);
    CHECK(source.empty());
    source[4] = 4;
    CHECK(source.at(4) == 4);
    CHECK_VALID(source);
    CHECK_VALID(target);
  }
}
