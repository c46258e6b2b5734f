// Prepared keys of another container, or of another time, are reported by builds that check.
#include "support/throwing_handler.hpp"  // before evac

#include <cstdint>
#include <evac/map.hpp>
#include <evac/sharded_map.hpp>
#include <evac/sync_map.hpp>
#include <evac/sync_set.hpp>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include "support/catch.hpp"

#ifdef NDEBUG
TEST_CASE("in a build without checks a prepared key is a hash and a key, and names nobody") {
  const evac::map<std::uint64_t, int> map{{7, 1}};
  const auto key = map.prepare(7);
  STATIC_REQUIRE(sizeof(key) == sizeof(std::size_t) + sizeof(std::uint64_t));
  CHECK(map.contains(key));
}
#else
namespace {

// A hash that does not spread: it is finished with a seed of the map.
template <class Map>
Map numbers() {
  Map map;
  for (std::uint64_t i = 0; i < 20; ++i) map.emplace(i, 1);
  return map;
}
using owned = evac::map<std::uint64_t, int, std::hash<std::uint64_t>>;
using shared = evac::sharded_map<std::uint64_t, int, std::hash<std::uint64_t>>;

const std::string of_another = "evac: key prepared by another container";
const std::string of_another_time =
    "evac: key prepared before an assignment, a swap or a move has changed the hash, or changed since";

}  // namespace

TEMPLATE_TEST_CASE("a key that another map has prepared is reported, and nothing changes", "", owned, shared) {
  TestType map = numbers<TestType>();
  const TestType other = numbers<TestType>();
  const auto key = other.prepare(7);
  CHECK(other.contains(key));
  CHECK_THROWS_WITH(map.contains(key), of_another);
  CHECK_THROWS_WITH(map.count(key), of_another);
  CHECK_THROWS_WITH(map.erase(key), of_another);
  CHECK_THROWS_WITH(map.prefetch(key), of_another);
  CHECK(map.size() == 20);
  CHECK(map.contains(7));
  CHECK(map.erase(7) == 1);
}

TEMPLATE_TEST_CASE("a key that was prepared before a swap, an assignment or a move is reported", "", owned, shared) {
  TestType map = numbers<TestType>();
  TestType other = numbers<TestType>();
  const auto key = map.prepare(7);
  map.swap(other);
  CHECK_THROWS_WITH(map.contains(key), of_another_time);
  map.swap(other);
  CHECK(map.contains(key));
  TestType moved = std::move(map);
  CHECK_THROWS_WITH(moved.contains(key), of_another);
  map = std::move(other);
  CHECK_THROWS_WITH(map.erase(key), of_another_time);
  CHECK(map.size() == 20);
}

TEST_CASE("a key that has changed since it was prepared is reported") {
  evac::map<std::string, int> map{{"one", 1}};
  std::string plain = "one";
  const auto key = map.prepare(plain);
  plain = "two";
  CHECK_THROWS_WITH(map.contains(key), of_another_time);
}

TEST_CASE("a key that another sync map or set has prepared is reported, and nothing changes") {
  evac::sync_map<int, int> map;
  map.store(1, 1);
  const evac::sync_map<int, int> other;
  const auto key = other.prepare(1);
  CHECK_THROWS_WITH(map.contains(key), of_another);
  CHECK_THROWS_WITH(map.load(key), of_another);
  CHECK_THROWS_WITH(map.erase(key), of_another);
  CHECK_THROWS_WITH(map.load_and_delete(key), of_another);
  CHECK_THROWS_WITH(map.prefetch(key), of_another);
  CHECK(map.load(1) == 1);
  evac::sync_set<std::string> set;
  std::string plain = "one";
  const auto changed = set.prepare(plain);
  plain = "two";
  CHECK_THROWS_WITH(set.contains(changed), of_another_time);
}

TEST_CASE("every call of a sharded map reports a key that another map has prepared") {
  shared map = numbers<shared>();
  const shared other = numbers<shared>();
  const auto key = other.prepare(7);
  const auto ignore = [](const auto&) {};
  const auto yes = [](const auto&) { return true; };
  CHECK_THROWS_WITH(map.find(key), of_another);
  CHECK_THROWS_WITH(map.visit(key, ignore), of_another);
  CHECK_THROWS_WITH(map.cvisit(key, ignore), of_another);
  CHECK_THROWS_WITH(map.erase_if(key, yes), of_another);
  CHECK_THROWS_WITH(map.shard_of(key), of_another);
  CHECK_THROWS_WITH(map.visit(std::try_to_lock, key, ignore), of_another);
  CHECK_THROWS_WITH(map.erase(std::try_to_lock, key), of_another);
  CHECK(map.size() == 20);
  map.visit_all([](auto& element) { ++element.second; });  // no shard is left locked
}
#endif
