// Destructors of erased, replaced and cleared elements run with no lock held: they may use the very map.
#include <evac/sharded_map.hpp>
#include <utility>

#include "support/catch.hpp"
#include "support/sharded_axes.hpp"

using namespace evac_test;

namespace {

struct user;
using user_map = evac::sharded_map<int, user>;

std::size_t uses = 0;

/// Looks up and writes in a map when it is destroyed, unless it has been moved from.
struct user {
  explicit user(user_map* used) : map(used) {}
  user(user&& other) noexcept : map(std::exchange(other.map, nullptr)) {}
  user& operator=(user&& other) noexcept {
    std::swap(map, other.map);
    return *this;
  }
  user(const user& other) = default;
  user& operator=(const user&) = default;
  ~user();

  user_map* map;
};

user::~user() {
  if (map == nullptr) return;
  ++uses;
  for (int key = -4; key < 0; ++key) {  // some of every shard
    map->try_emplace(key, nullptr);
    (void)map->contains(key);
  }
}

/// Elements 0..9 that use their own map.
void fill(user_map& map) {
  for (int i = 0; i < 10; ++i) map.try_emplace(i, &map);
}

/// How many destructors used the map during an operation on a filled one.
template <class Operation>
std::size_t uses_in(std::size_t shard_count, const Operation& operation) {
  user_map map(evac::shards{shard_count});
  fill(map);
  const std::size_t before = uses;
  operation(map);
  const std::size_t used = uses - before;
  CHECK(map.contains(-1) == (used != 0));
  CHECK_VALID_SHARDS(map);
  CHECK_ALL_FREE(map);
  // The map must not be used by what it destroys at its own end.
  map.visit_all([](auto& element) { element.second.map = nullptr; });
  return used;
}

}  // namespace

TEST_CASE("destructors of erased, replaced and cleared elements may use the map") {
  const auto yes = [](const auto&) { return true; };
  for (const std::size_t count : shard_counts) {
    CHECK(uses_in(count, [](user_map& map) { map.erase(1); }) == 1);
    CHECK(uses_in(count, [&](user_map& map) { map.erase_if(1, yes); }) == 1);
    CHECK(uses_in(count, [](user_map& map) { map.erase_if([](const auto& each) { return each.first >= 0; }); }) == 10);
    CHECK(uses_in(count, [](user_map& map) { map.clear(); }) == 10);
    CHECK(uses_in(count, [](user_map& map) { map.insert_or_assign(1, user(nullptr)); }) == 1);
    CHECK(uses_in(count, [](user_map& map) { map = user_map(evac::shards{2}); }) == 10);
    CHECK(uses_in(count, [](user_map& map) { map = user_map::map_type(); }) == 10);
    CHECK(uses_in(count, [](user_map& map) {
            const user_map other(evac::shards{4});
            map = other;
          }) == 10);
    CHECK(uses_in(count, [](user_map& map) { map = {}; }) == 10);
    // Built before it is known that the key is there, and dropped.
    CHECK(uses_in(count, [](user_map& map) { map.emplace(short{1}, user(&map)); }) == 1);
  }
}

TEST_CASE("a destructor may clear the map that erases its element") {
  struct clearing {
    explicit clearing(evac::sharded_map<int, clearing>* used) : map(used) {}
    clearing(clearing&& other) noexcept : map(std::exchange(other.map, nullptr)) {}
    clearing& operator=(clearing&&) = delete;
    ~clearing() {
      if (map != nullptr) std::exchange(map, nullptr)->clear();
    }
    evac::sharded_map<int, clearing>* map;
  };
  evac::sharded_map<int, clearing> map(evac::shards{2});
  for (int i = 0; i < 100; ++i) map.try_emplace(i, &map);
  CHECK(map.erase(5) == 1);
  CHECK(map.empty());
  CHECK_VALID_SHARDS(map);
}
