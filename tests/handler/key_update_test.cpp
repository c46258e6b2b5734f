// Marks of threads that run the function of an update(): which change of a key they report, and that they are withdrawn
// in the order in which they were made.
#include "support/throwing_handler.hpp"  // before evac

#include <cstddef>
#include <evac/detail/lockfree/key_update.hpp>
#include <evac/observer.hpp>
#include <stdexcept>
#include <vector>

#include "support/catch.hpp"

using evac::detail::epoch_record;
using evac::detail::key_update;
using evac::detail::watched;

namespace {

/// An observer that notes which maps it is told of.
struct noting : evac::observer {
  std::vector<const void*> reentered_maps;
  void reentered(const reentered_event& event) noexcept override { reentered_maps.push_back(event.map); }
};

/// Two tables whose keys are ints, and a thread that updates keys of them.
struct two_tables {
  int first = 0;
  int second = 0;
  epoch_record own;
  watched map;
  noting told;

  two_tables() { map.observe(&told); }

  /// Whether a change of a key, by a thread with these marks, is reported.
  [[nodiscard]] bool is_reported(const int& table, std::size_t hash, int key) const {
    try {
      key_update::report_reentry(own.updates, &table, map, hash, &key);
    } catch (const std::runtime_error&) {
      return true;
    }
    return false;
  }
};

int comparisons = 0;
bool is_equal(const void* update, const void* key) {
  ++comparisons;
  return *static_cast<const int*>(update) == *static_cast<const int*>(key);
}

}  // namespace

TEST_CASE(
    "a change is reported if an update of the same key of the same table is under way, and the observer is told") {
  two_tables of;
  const int key = 7;
  CHECK_FALSE(of.is_reported(of.first, 42, 7));
  const key_update mark(&of.own, &of.first, 42, &key, is_equal);
  CHECK(of.told.reentered_maps.empty());
  CHECK(of.is_reported(of.first, 42, 7));
  CHECK(of.told.reentered_maps == std::vector<const void*>{&of.first});
  CHECK_FALSE(of.is_reported(of.second, 42, 7));
  CHECK_FALSE(of.is_reported(of.first, 42, 8));
  CHECK(of.told.reentered_maps.size() == 1);
}

TEST_CASE("keys are compared only where table and hash are the same") {
  two_tables of;
  const int key = 7;
  const key_update mark(&of.own, &of.first, 42, &key, is_equal);
  comparisons = 0;
  CHECK_FALSE(of.is_reported(of.first, 43, 7));
  CHECK_FALSE(of.is_reported(of.second, 42, 7));
  CHECK(comparisons == 0);
  CHECK(of.is_reported(of.first, 42, 7));
  CHECK(comparisons == 1);
}

TEST_CASE("updates inside each other are all found, and each mark is withdrawn at the end of its scope") {
  two_tables of;
  const int outer_key = 7;
  const int inner_key = 8;
  const int other_key = 9;
  {
    const key_update outer(&of.own, &of.first, 42, &outer_key, is_equal);
    {
      const key_update inner(&of.own, &of.first, 42, &inner_key, is_equal);
      const key_update other(&of.own, &of.second, 42, &other_key, is_equal);
      CHECK(of.is_reported(of.first, 42, 7));
      CHECK(of.is_reported(of.first, 42, 8));
      CHECK(of.is_reported(of.second, 42, 9));
      CHECK_FALSE(of.is_reported(of.first, 42, 9));
    }
    CHECK(of.is_reported(of.first, 42, 7));
    CHECK_FALSE(of.is_reported(of.first, 42, 8));
    CHECK_FALSE(of.is_reported(of.second, 42, 9));
  }
  CHECK(of.own.updates == nullptr);
  CHECK_FALSE(of.is_reported(of.first, 42, 7));
}

TEST_CASE("marks are withdrawn when the function throws, and a thread without a record leaves none") {
  two_tables of;
  const int key = 7;
  try {
    const key_update mark(&of.own, &of.first, 42, &key, is_equal);
    throw std::logic_error("from the function");
  } catch (const std::logic_error&) {
    CHECK(of.own.updates == nullptr);
  }
  const key_update mark(nullptr, &of.first, 42, &key, is_equal);
  CHECK(of.own.updates == nullptr);
}
