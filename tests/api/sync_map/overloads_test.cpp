// Arguments that only the right overload of a sync map takes, look-ups that build no key, arguments that stay
// untouched, constructors.
#include <cstdint>
#include <evac/sync_map.hpp>
#include <evac/sync_set.hpp>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/sync_axes.hpp"

using namespace evac_test;

TEST_CASE("strings are looked up by views, and a key is built only for a new node") {
  sync_strings map;
  const std::string_view view = "a view of a key that is too long to be stored in place";
  CHECK(map.store(view, "one"));
  CHECK(map.contains(view));
  CHECK(map.load(view) == "one");
  CHECK(map.load(view, [](const std::string& value) { CHECK(value == "one"); }));
  CHECK(map.swap(view, "two") == "one");
  CHECK(map.load_or_store(view, "three").value == "two");
  CHECK(map.load_or_compute(view, [] { return "four"; }).loaded);
  CHECK(map.load_or_compute(view, [] { return "four"; }, [](const std::string& value) { CHECK(value == "two"); }));
  CHECK(map.compare_and_swap(view, "two", "five"));
  CHECK(map.update(view, [](std::optional<std::string> was) { return std::optional(was.value_or("") + "!"); }) ==
        "five!");
  CHECK_FALSE(map.compare_and_delete(view, "five"));
  CHECK(map.compare_and_delete(view, "five!"));
  CHECK(map.load_and_delete(view) == std::nullopt);
  CHECK_FALSE(map.load_or_compute("literal", [] { return "six"; }).loaded);
  CHECK(map.load_and_delete(std::string_view("literal")) == "six");
  CHECK_FALSE(map.erase(view));
  const auto pinned = map.pin();
  CHECK(pinned.find(view) == nullptr);
  const std::vector<std::string_view> views{view, "another"};
  CHECK(map.load_many(views, [](std::string_view, const std::string&) {}) == 0);
  CHECK(map.erase_many(views) == 0);
  CHECK(map.empty());
}

namespace {

struct found_by_number;
int keys_built = 0;
/// A key that counts how often it is made of a number.
struct costly_key {
  explicit costly_key(int n) : number(n) { ++keys_built; }
  int number;
};
struct found_by_number {
  using is_transparent = void;
  static int of(int number) { return number; }
  static int of(const costly_key& key) { return key.number; }
  template <class K>
  std::size_t operator()(const K& key) const {
    return static_cast<std::size_t>(of(key));
  }
  template <class K>
  bool operator()(const costly_key& stored, const K& wanted) const {
    return stored.number == of(wanted);
  }
};

template <evac::storage Storage>
using costly_map = evac::sync_map<costly_key, std::uint64_t, found_by_number, found_by_number,
                                  std::allocator<std::pair<const costly_key, std::uint64_t>>, Storage>;

template <class Call>
int keys_built_by(const Call& call) {
  keys_built = 0;
  call();
  return keys_built;
}

}  // namespace

TEMPLATE_TEST_CASE("look-ups and deletions by another type build no key", "", costly_map<evac::storage::automatic>,
                   costly_map<evac::storage::in_nodes>) {
  TestType map;
  CHECK(keys_built_by([&] { CHECK(map.store(1, 10U)); }) == 1);
  CHECK(keys_built_by([&] { CHECK(map.contains(1)); }) == 0);
  CHECK(keys_built_by([&] { CHECK(map.load(1) == 10U); }) == 0);
  CHECK(keys_built_by([&] { CHECK(map.load(1, [](std::uint64_t) {})); }) == 0);
  CHECK(keys_built_by([&] { CHECK(map.load_or_store(1, 11U).loaded); }) == 0);
  CHECK(keys_built_by([&] { CHECK(map.load_or_compute(1, [] { return 11U; }).loaded); }) == 0);
  CHECK(keys_built_by([&] { CHECK_FALSE(map.compare_and_swap(1, 11U, 12U)); }) == 0);
  CHECK(keys_built_by([&] { CHECK_FALSE(map.compare_and_swap(2, 11U, 12U)); }) == 0);
  CHECK(keys_built_by([&] { CHECK_FALSE(map.compare_and_delete(1, 11U)); }) == 0);
  CHECK(keys_built_by([&] { map.load_many(std::vector{1, 2, 3}, [](int key, std::uint64_t) { CHECK(key == 1); }); }) ==
        0);
  CHECK(keys_built_by([&] { CHECK(map.update(2, [](auto before) { return before; }) == std::nullopt); }) == 0);
  CHECK(keys_built_by([&] { CHECK_FALSE(map.load_or_store(2, 20U).loaded); }) == 1);
  CHECK(keys_built_by([&] { CHECK(map.swap(2, 21U) == 20U); }) == 1);
  CHECK(keys_built_by([&] { CHECK(map.erase_many(std::vector{1, 7}) == 1); }) == 0);
  CHECK(keys_built_by([&] { CHECK_FALSE(map.erase(1)); }) == 0);
  CHECK(keys_built_by([&] { CHECK(map.load_and_delete(2) == 21U); }) == 0);
  CHECK(map.empty());
}

TEST_CASE("move-only keys and values go where nothing is copied") {
  evac::sync_map<int, std::unique_ptr<int>> values;
  for (int i = 0; i < 200; ++i) CHECK(values.store(i, std::make_unique<int>(i)));
  CHECK_FALSE(values.store(7, std::make_unique<int>(70)));
  CHECK(values.load(7, [](const std::unique_ptr<int>& value) { CHECK(*value == 70); }));
  const auto show = [](int wanted) { return [wanted](const std::unique_ptr<int>& value) { CHECK(*value == wanted); }; };
  CHECK(values.load_or_compute(8, [] { return std::make_unique<int>(0); }, show(8)));
  CHECK_FALSE(values.load_or_compute(1000, [] { return std::make_unique<int>(5); }, show(5)));
  CHECK(values.load_many(std::vector{7, -7}, [](int, const std::unique_ptr<int>& value) { CHECK(*value == 70); }) == 1);
  CHECK(values.erase(7));
  CHECK(values.range([](int, const std::unique_ptr<int>& value) { return value != nullptr; }));
  CHECK(*values.pin().find(8) != nullptr);
  CHECK_VALID_SYNC(values);
  CHECK(values.size() == 200);
  values.clear();
  REQUIRE_FLUSHED(values);

  evac::sync_map<std::unique_ptr<int>, int> keys;
  auto key = std::make_unique<int>(1);
  const auto* const at = &key;
  CHECK(keys.store(std::move(key), 1));
  CHECK(keys.load_or_compute(std::unique_ptr<int>(), [] { return 2; }, [](int value) { CHECK(value == 2); }) == false);
  CHECK(keys.load_or_compute(std::unique_ptr<int>(), [] { return 3; }).value == 2);
  CHECK(keys.load_or_store(std::make_unique<int>(3), 4).value == 4);
  CHECK(keys.swap(std::make_unique<int>(4), 5) == std::nullopt);
  CHECK(at != nullptr);
  CHECK(keys.size() == 4);
  CHECK(keys.load_and_delete(nullptr) == 2);
  CHECK_FALSE(keys.contains(nullptr));

  evac::sync_set<std::unique_ptr<int>> set;
  CHECK(set.insert(std::make_unique<int>(1)));
  CHECK(set.insert(nullptr));
  CHECK_FALSE(set.insert(nullptr));
  CHECK(set.erase(nullptr));
}

TEST_CASE("nothing is moved from an argument when the key is there") {
  evac::sync_map<std::string, std::string> map;
  map.store("key", "first");
  std::string key = "key";
  std::string value = "second";
  CHECK(map.load_or_store(std::move(key), std::move(value)).loaded);
  CHECK(key == "key");       // NOLINT(bugprone-use-after-move): promised
  CHECK(value == "second");  // NOLINT(bugprone-use-after-move): promised
  CHECK_FALSE(map.compare_and_swap(key, "third", std::move(value)));
  CHECK(value == "second");  // NOLINT(bugprone-use-after-move): promised
  evac::sync_set<std::string> set;
  set.insert("a key that is too long to be stored in place");
  std::string again = "a key that is too long to be stored in place";
  CHECK_FALSE(set.insert(std::move(again)));
  CHECK(again.size() == 44);  // NOLINT(bugprone-use-after-move): promised
}

TEST_CASE("the constructors take room, functors, an allocator and a domain") {
  using resource_allocator = std::pmr::polymorphic_allocator<std::pair<const std::uint64_t, std::uint64_t>>;
  using Map =
      evac::sync_map<std::uint64_t, std::uint64_t, stateful_hash, evac::equal_to<std::uint64_t>, resource_allocator>;
  evac::epoch_domain domain;
  std::pmr::monotonic_buffer_resource resource;
  {
    Map map(500, stateful_hash(3), {}, &resource, domain);
    CHECK(map.hash_function().id == 3);
    CHECK(map.get_allocator().resource() == &resource);
    CHECK(&map.domain() == &domain);
    CHECK(map.memory_usage() > 500 * 16);
    CHECK(map.stats().table.home_buckets >= 500 / 6);
    CHECK(map.store(1, 2));
    CHECK(map.key_eq()(1, 1));
    CHECK(domain.stats().threads == 1);
  }
  using Plain = evac::sync_map<std::uint64_t, std::uint64_t, evac::hash<std::uint64_t>, evac::equal_to<std::uint64_t>,
                               resource_allocator>;
  const Plain by_allocator{resource_allocator(&resource)};
  CHECK(by_allocator.get_allocator().resource() == &resource);
  CHECK(&by_allocator.domain() == &evac::epoch_domain::process());
  const sync_words by_domain(domain);
  CHECK(&by_domain.domain() == &domain);
  const evac::sync_set<int> set(64);
  CHECK(set.stats().table.home_buckets >= 16);
}
