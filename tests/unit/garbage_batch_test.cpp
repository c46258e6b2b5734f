// Batches of garbage that are emptied are used again, and no more of them are kept than a few.
#include <cstddef>
#include <cstdint>
#include <evac/detail/sync/garbage.hpp>
#include <set>

#include "support/catch.hpp"

using evac::detail::emptied_batches;
using evac::detail::garbage_bag;
using evac::detail::garbage_batch;
using evac::detail::retired_object;

namespace {

const retired_object nothing{nullptr, nullptr, [](void*, void*) { return true; }, 1};

/// Fills a batch of a bag and takes it in hand.
garbage_batch* filled_batch(garbage_bag& bag, garbage_bag::epoch_word& epoch) {
  for (std::size_t i = 0; i < garbage_batch::capacity; ++i) {
    if (!bag.is_prepared()) bag.prepare();
    const bool full = bag.put(nothing, epoch);
    REQUIRE(full == (i + 1 == garbage_batch::capacity));
  }
  return bag.take_any(epoch);
}

}  // namespace

TEST_CASE("emptied batches come back as good as new, eight at most") {
  emptied_batches kept;
  CHECK(kept.take() == nullptr);
  std::set<garbage_batch*> given;
  for (int i = 0; i < 8; ++i) {
    auto* const batch = new garbage_batch;
    batch->stamp = 7;
    batch->bytes = 8;
    batch->count = 9;
    batch->reclaimed = 9;
    batch->to_the_end_of = 10;
    CHECK(kept.keep(batch) == nullptr);
    given.insert(batch);
  }
  garbage_batch one_more;
  CHECK(kept.keep(&one_more) == &one_more);
  for (int i = 0; i < 5; ++i) {
    garbage_batch* const batch = kept.take();
    REQUIRE(given.erase(batch) == 1);
    CHECK(batch->next == nullptr);
    CHECK(batch->stamp + batch->bytes + batch->count + batch->reclaimed + batch->to_the_end_of == 0);
    delete batch;
  }
  kept.free_all();
  CHECK(kept.take() == nullptr);
}

TEST_CASE("a bag that is emptied as it fills makes two batches, and after it has given up what it keeps, others") {
  garbage_bag bag;
  garbage_bag::epoch_word epoch{1};
  std::set<garbage_batch*> seen;
  for (int round = 0; round < 100; ++round) {
    garbage_batch* const batch = filled_batch(bag, epoch);
    REQUIRE(batch != nullptr);
    seen.insert(batch);
    REQUIRE(bag.drop(batch) == garbage_batch::capacity);
    REQUIRE(bag.is_empty());
    REQUIRE(bag.batches() == 0);
  }
  CHECK(seen.size() == 2);
  CHECK(bag.is_prepared());
  bag.free_kept();
  CHECK(bag.is_prepared());
  CHECK(bag.drop(filled_batch(bag, epoch)) == garbage_batch::capacity);
}
