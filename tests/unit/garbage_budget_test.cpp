// The budget of bytes that wait to be freed: pieces, the cap, and threads that charge at a time.
#include <cstddef>
#include <evac/detail/sync/garbage_budget.hpp>

#include "support/catch.hpp"
#include "support/in_threads.hpp"

using evac::detail::garbage_budget;

TEST_CASE("a budget is charged in pieces while there is room for them, then by what is asked for, then not at all") {
  garbage_budget budget(10'240);
  CHECK(budget.cap() == 10'240);
  CHECK(budget.charge(1) == 10);  // a piece is a 1024th
  CHECK(budget.charge(100) == 100);
  CHECK(budget.charged() == 110);
  CHECK(budget.charge(10'125) == 10'125);
  CHECK(budget.charge(3) == 3);  // no room for a piece
  CHECK(budget.charge(3) == 0);
  CHECK(budget.charged() == 10'238);
  budget.refund(10'238);
  CHECK(budget.charged() == 0);
}

TEST_CASE("only a charge that must not fail goes above the cap, and nothing else is let in until it is refunded") {
  garbage_budget budget(1000);
  budget.charge_anyway(5000);
  CHECK(budget.charged() == 5000);
  CHECK(budget.charge(1) == 0);
  budget.refund(4500);
  CHECK(budget.charge(1) == 1);
  budget.reset(7);
  CHECK(budget.charged() == 7);
}

TEST_CASE("an object larger than the cap is refused, and one as large as the cap is let in alone") {
  garbage_budget budget(1000);
  CHECK(budget.charge(1001) == 0);
  CHECK(budget.charge(1000) == 1000);
  CHECK(budget.charge(1) == 0);
}

TEST_CASE("threads that charge and refund at a time never exceed the cap, and leave nothing behind") {
  garbage_budget budget(2000);
  const std::size_t above = evac_test::in_threads(evac_test::crowd(), [&](std::size_t thread) {
    std::size_t bad = 0;
    for (std::size_t i = 0; i < 5000; ++i) {
      const std::size_t charged = budget.charge(1 + (i + thread) % 700);
      evac_test::stumble();
      bad += budget.charged() > budget.cap() ? 1 : 0;
      budget.refund(charged);
    }
    return bad;
  });
  CHECK(above == 0);
  CHECK(budget.charged() == 0);
}
