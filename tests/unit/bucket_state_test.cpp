// The state word of a bucket: its transitions, and what each leaves alone.
#include <cstdint>
#include <evac/detail/lockfree/bucket_state.hpp>

#include "support/catch.hpp"

using evac::detail::bucket_state;

namespace {

/// Resting states of several depths and versions.
template <class Check>
void for_each_resting(const Check& check) {
  for (const unsigned depth : {0U, 1U, 5U, 62U, 63U}) {
    bucket_state state = bucket_state::resting_at(depth);
    for (int version = 0; version < 5; ++version) {
      INFO("depth " << depth << ", version " << version);
      check(state, depth);
      state = state.lock().begin_change().end_change();
    }
  }
}

}  // namespace

TEST_CASE("a resting state is neither locked nor changing, and as deep as it was made") {
  for_each_resting([](bucket_state state, unsigned depth) {
    CHECK_FALSE(state.locked());
    CHECK_FALSE(state.changing());
    CHECK(state.depth() == depth);
  });
}

TEST_CASE("locking and unlocking alone leave a state as it was, and readers go on") {
  for_each_resting([](bucket_state state, unsigned depth) {
    const bucket_state locked = state.lock();
    CHECK(locked.locked());
    CHECK_FALSE(locked.changing());
    CHECK(locked.depth() == depth);
    CHECK(locked.same_contents(state));
    CHECK(locked.unlock().bits() == state.bits());
  });
}

TEST_CASE("a change is seen while it goes on, and its end makes readers begin again") {
  for_each_resting([](bucket_state state, unsigned depth) {
    const bucket_state changing = state.lock().begin_change();
    CHECK(changing.locked());
    CHECK(changing.changing());
    CHECK(changing.depth() == depth);
    CHECK_FALSE(changing.same_contents(state));
    const bucket_state after = changing.end_change();
    CHECK_FALSE(after.locked());
    CHECK_FALSE(after.changing());
    CHECK(after.depth() == depth);
    CHECK_FALSE(after.same_contents(state));
    CHECK_FALSE(after.same_contents(changing));
  });
}

TEST_CASE("unlocking with a new version has no reader wait, and those of the whole chain begin again") {
  for_each_resting([](bucket_state state, unsigned depth) {
    const bucket_state after = state.lock().unlock_with_new_version();
    CHECK_FALSE(after.locked());
    CHECK_FALSE(after.changing());
    CHECK(after.depth() == depth);
    CHECK_FALSE(after.same_contents(state));
    CHECK(after.bits() == state.lock().begin_change().end_change().bits());
  });
}

TEST_CASE("the end of a split sets the depth and is the end of a change otherwise") {
  for_each_resting([](bucket_state state, unsigned) {
    for (const unsigned deeper : {0U, 1U, 17U, 63U}) {
      const bucket_state after = state.lock().begin_change().end_split(deeper);
      CHECK(after.depth() == deeper);
      CHECK_FALSE(after.locked());
      CHECK_FALSE(after.changing());
      CHECK_FALSE(after.same_contents(state));
    }
  });
}
