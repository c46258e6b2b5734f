// Which homes of a table have elements: against a set of numbers.
#include <cstddef>
#include <cstdint>
#include <evac/detail/table/occupied_homes.hpp>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "support/catch.hpp"

using evac::detail::occupied_homes;

namespace {

/// The homes of a table that opens one segment after the other, and the same homes in a set.
class kept_homes {
 public:
  kept_homes() { homes_.adopt_block(block_.get()); }
  kept_homes(const kept_homes&) = delete;
  kept_homes& operator=(const kept_homes&) = delete;
  ~kept_homes() { homes_.forget_block(); }

  void grow_to(std::size_t count) {
    for (; count_ < count; ++count_) {
      if (count_ >= occupied_homes::unkept_homes && (count_ & (count_ - 1)) == 0) {
        // Full of what was there before: words are zeroed when their first home comes into being.
        const std::size_t words = occupied_homes::segment_bytes(count_) / sizeof(std::uint64_t);
        segments_.emplace_back(words, ~std::uint64_t{0});
        homes_.set_segment(count_, segments_.back().data());
      }
      homes_.add_home(count_);
    }
  }
  void set(std::size_t home) {
    homes_.set(home);
    model_.insert(home);
  }
  void clear(std::size_t home) {
    homes_.clear_if(home, true);
    model_.erase(home);
  }
  void keep(std::size_t home) { homes_.clear_if(home, false); }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t next(std::size_t from) const { return homes_.next(from, count_); }

  void require_same() const {
    std::size_t at = next(0);
    for (const std::size_t home : model_) {
      REQUIRE(at == home);
      REQUIRE(homes_.contains(home));
      at = next(at + 1);
    }
    REQUIRE(at == count_);
  }

 private:
  std::unique_ptr<std::uint64_t[]> block_ =
      std::make_unique<std::uint64_t[]>((occupied_homes::block_bytes + 7) / sizeof(std::uint64_t));
  std::vector<std::vector<std::uint64_t>> segments_;
  occupied_homes homes_;
  std::size_t count_ = 0;
  std::set<std::size_t> model_;
};

}  // namespace

TEST_CASE("homes are kept from the moment that there is a block") {
  occupied_homes homes;
  CHECK_FALSE(homes.kept());
  alignas(std::uint64_t) std::byte block[occupied_homes::block_bytes];
  homes.adopt_block(block);
  CHECK(homes.kept());
  CHECK(homes.block() == block);
  CHECK(homes.next(0, 64) == 64);
  homes.forget_block();
  CHECK_FALSE(homes.kept());
}

TEST_CASE("the next home with elements is found at every distance, and none behind the last") {
  kept_homes homes;
  homes.grow_to(70'000);
  homes.require_same();
  for (const std::size_t home : {0U, 63U, 64U, 65U, 4095U, 4096U, 8191U, 65'535U, 65'536U, 69'999U}) {
    homes.set(home);
    homes.require_same();
  }
  CHECK(homes.next(66) == 4095);
  CHECK(homes.next(69'999) == 69'999);
  CHECK(homes.next(70'000) == 70'000);
  homes.clear(69'999);
  CHECK(homes.next(65'537) == 70'000);
  homes.require_same();
}

TEST_CASE("a home keeps its bit as long as its chain has elements") {
  kept_homes homes;
  homes.grow_to(200);
  homes.set(130);
  homes.keep(130);
  homes.keep(131);
  homes.require_same();
  homes.clear(130);
  homes.clear(130);
  homes.require_same();
}

TEST_CASE("whatever is set and cleared while a table grows, the homes with elements are found in order") {
  std::mt19937_64 random(evac_test::seed());
  for (std::size_t round = 0; round < evac_test::rounds(3); ++round) {
    kept_homes homes;
    homes.grow_to(64);
    while (homes.count() < 20'000) {
      homes.grow_to(homes.count() + 1 + random() % 700);
      for (int i = 0; i < 60; ++i) {
        const std::size_t home = random() % homes.count();
        if (random() % 3 != 0) homes.set(home);
        if (random() % 3 == 0) homes.clear(random() % 2 == 0 ? home : homes.next(home) % homes.count());
      }
      homes.require_same();
    }
    for (std::size_t at = homes.next(0); at != homes.count(); at = homes.next(at)) homes.clear(at);
    homes.require_same();
  }
}
