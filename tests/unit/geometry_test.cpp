#include <evac/detail/geometry/bucket.hpp>
#include <evac/detail/geometry/directory.hpp>
#include <evac/detail/table/pacing.hpp>
#include <set>
#include <vector>

#include "support/catch.hpp"

using namespace evac::detail;

TEMPLATE_TEST_CASE("every bucket fills whole lines and every slot lies inside it", "", (bucket_layout<1, 1>),
                   (bucket_layout<8, 8>), (bucket_layout<16, 8>), (bucket_layout<40, 8>), (bucket_layout<72, 8>),
                   (bucket_layout<256, 8>), (bucket_layout<64, 64>), (bucket_layout<128, 128>)) {
  using layout = TestType;
  STATIC_REQUIRE(layout::home_bytes % cache_line == 0);
  STATIC_REQUIRE(layout::overflow_bytes % cache_line == 0);
  STATIC_REQUIRE(layout::home_slots <= max_slots);
  STATIC_REQUIRE(layout::overflow_slots >= 1);
  alignas(128) static std::byte memory[4096];
  const auto* where = reinterpret_cast<const bucket*>(memory);
  for (unsigned i = 0; i < layout::home_slots; ++i) {
    const auto* slot = static_cast<const std::byte*>(layout::slot(where, i));
    REQUIRE(slot >= memory + sizeof(bucket));
    REQUIRE(slot < memory + layout::home_bytes);
    REQUIRE(layout::index_of(where, slot) == i);
  }
}

TEST_CASE("a bucket tells by single bytes what its tag word tells") {
  for (unsigned slot = 0; slot < max_slots; ++slot) {
    for (std::size_t top = 0; top < 256; ++top) {
      const std::size_t hash = top << tag_shift | slot;
      bucket one{tag_word(0), nullptr};
      one.tags.occupy(slot, tag_of(hash));
      one.tags.add_to_filter(tag_of(hash));
      for (unsigned other = 0; other < max_slots; ++other) REQUIRE(one.is_taken(other) == (other == slot));
      for (std::size_t other = 0; other < 256; ++other) {
        const std::size_t looked_for = other << tag_shift;
        REQUIRE(one.may_overflow_for(looked_for) == one.tags.may_overflow(tag_of(looked_for)));
      }
    }
  }
}

TEST_CASE("nothing is behind the last element of a bucket without overflow buckets") {
  bucket overflow{tag_word(0), nullptr};
  for (unsigned last = 0; last < max_slots; ++last) {
    bucket one{tag_word(0), nullptr};
    one.tags.occupy(last, 255);
    for (std::size_t from = 0; from <= max_slots; ++from) REQUIRE(one.is_last_behind(from) == (from > last));
    one.overflow = &overflow;
    REQUIRE_FALSE(one.is_last_behind(last + 1));
  }
}

TEST_CASE("all homes of a segment have one key and no other segment has it") {
  std::set<std::size_t> seen;
  seen.insert(segment_key(0));
  for (std::size_t home = 0; home < base_homes; ++home) REQUIRE(segment_key(home) == segment_key(0));
  for (std::size_t first = base_homes; first < (std::size_t{1} << 40U); first *= 2) {
    REQUIRE(segment_key(first) < directory::entries);
    REQUIRE(seen.insert(segment_key(first)).second);
    REQUIRE(segment_key(2 * first - 1) == segment_key(first));
    REQUIRE(segment_key(first + first / 3) == segment_key(first));
  }
}

TEST_CASE("the directory finds every bucket, also after it was copied") {
  constexpr std::size_t bytes = 64;
  std::vector<line<64>> base(base_homes);
  std::vector<line<64>> segment(base_homes);
  directory lone;
  lone.set_segment(0, base.data(), bytes);
  directory copy = lone;
  REQUIRE_FALSE(copy.has_block());
  REQUIRE(reinterpret_cast<line<64>*>(copy.at(5, bytes)) == &base[5]);
  alignas(8) std::byte block[directory::block_bytes];
  copy.adopt_block(block);
  copy.set_segment(base_homes, segment.data(), bytes);
  const directory both = copy;
  REQUIRE(reinterpret_cast<line<64>*>(both.at(15, bytes)) == &base[15]);
  REQUIRE(reinterpret_cast<line<64>*>(both.at(16, bytes)) == &segment[0]);
  REQUIRE(reinterpret_cast<line<64>*>(both.at(31, bytes)) == &segment[15]);
  copy.reset();
  REQUIRE(copy.at(0, bytes)->tags.empty());
}

TEST_CASE("more homes never lower the size at which a table grows") {
  for (const std::size_t slots : {4U, 5U, 6U, 7U}) {
    std::size_t before = 0;
    for (std::size_t homes = 1; homes < 20000; ++homes) {
      const std::size_t threshold = grow_threshold(homes, slots);
      REQUIRE(threshold >= before);
      before = threshold;
    }
  }
}

TEST_CASE("homes_for is the fewest homes that hold so many elements without growing") {
  for (const std::size_t slots : {4U, 6U, 7U}) {
    for (std::size_t n = 1; n < 20000; ++n) {
      const std::size_t homes = homes_for(n, slots);
      REQUIRE(grow_threshold(homes, slots) > n);
      if (homes > 1) REQUIRE(grow_threshold(homes - 1, slots) <= n);
    }
  }
}
