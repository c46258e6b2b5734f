// The marks of calls that a thread is inside of.
#include <evac/detail/sync/reentry.hpp>

#include "support/catch.hpp"
#include "support/in_threads.hpp"

using namespace evac::detail;

TEST_CASE("a thread is inside of a call from the mark to the end of its scope, and inside of the calls around it") {
  const watched outer_map;
  const watched inner_map;
  CHECK_FALSE(inside_call::of(&outer_map));
  {
    const inside_call outer(&outer_map, {"visit"});
    CHECK(inside_call::of(&outer_map));
    CHECK_FALSE(inside_call::of(&inner_map));
    {
      const inside_call inner(&inner_map, {"erase"});
      CHECK(inside_call::of(&outer_map));
      CHECK(inside_call::of(&inner_map));
    }
    CHECK(inside_call::of(&outer_map));
    CHECK_FALSE(inside_call::of(&inner_map));
    // A map that has been left may be called again.
    const inside_call again(&inner_map, {"erase"});
    again.look_elsewhere();
    inside_call::look_elsewhere_for_innermost();
  }
  CHECK_FALSE(inside_call::of(&outer_map));
}

TEST_CASE("another thread is not inside of this one's calls") {
  const watched map;
  const inside_call outer(&map, {"visit"});
  bool inside = true;
  evac_test::in_another_thread([&] {
    inside = inside_call::of(&map);
    const inside_call own(&map, {"visit"});
  });
  CHECK_FALSE(inside);
}

TEST_CASE("the ring of a thread's marks holds this shared object's once, and none when they are taken out") {
  thread_marks* const alone = inside_call::link_marks(nullptr);
  REQUIRE(alone != nullptr);
  CHECK(inside_call::link_marks(alone) == alone);
  CHECK(inside_call::unlink_marks(alone) == nullptr);

  const watched map;
  thread_marks foreign;  // as another shared object has them
  thread_marks* const ring = inside_call::link_marks(&foreign);
  CHECK(ring == &foreign);
  CHECK(foreign.next == alone);
  {
    const inside_call here(&map, {"visit"});
    CHECK(inside_call::of(&map));
  }
  CHECK(inside_call::unlink_marks(ring) == &foreign);
  CHECK(foreign.next == nullptr);
}
