// Tag words. Needs no more than geometry/tags.hpp, so that it also links without abseil.
#include <cstdint>
#include <evac/detail/geometry/tags.hpp>
#include <random>

#include "support/catch.hpp"

using namespace evac::detail;

namespace {
slot_mask match_one_by_one(std::uint64_t tags, tag_t tag) {
  slot_mask found(0);
  for (unsigned slot = 0; slot < max_slots; ++slot) {
    if (tag_word(tags).tag(slot) == tag) found.add(slot);
  }
  return found;
}
}  // namespace

TEST_CASE("native and portable comparison find the same slots for every tag") {
  std::mt19937_64 random(evac_test::seed());
  for (std::size_t round = 0; round < evac_test::rounds(200); ++round) {
    // Few distinct bytes, so that matches, neighbours of matches and zeros are common.
    std::uint64_t tags = random();
    if (round % 2 == 0) tags &= 0x0101010101010101ULL * 3;
    if (round % 3 == 0) tags &= random();
    for (unsigned tag = 0; tag < 256; ++tag) {
      const auto wanted = match_one_by_one(tags, static_cast<tag_t>(tag));
      REQUIRE(tag_word(tags).match(static_cast<tag_t>(tag)) == wanted);
      REQUIRE(slot_mask(matching_bytes_portable(tags, static_cast<tag_t>(tag)) & slot_mask::all) == wanted);
    }
  }
}

TEST_CASE("no hash has the tag of an empty slot") {
  for (std::uint64_t top = 0; top < 256; ++top) {
    const tag_t tag = tag_of(static_cast<std::size_t>(top << 56U));
    REQUIRE(tag == (top == 0 ? 1 : top));
  }
}

TEST_CASE("the top byte of a hash is found where its tag is") {
  std::mt19937_64 random(evac_test::seed());
  for (std::size_t round = 0; round < evac_test::rounds(200); ++round) {
    std::uint64_t tags = random();
    if (round % 2 == 0) tags &= 0x0101010101010101ULL * 3;
    for (std::uint64_t top = 0; top < 256; ++top) {
      const std::uint64_t hash = top << 56U | random() >> 8U;
      REQUIRE(tag_word(tags).match(wanted_top_byte(hash)) == match_one_by_one(tags, tag_of(hash)));
    }
  }
}

TEST_CASE("the bit of a filter is the same for a hash and for its tag") {
  for (std::uint64_t top = 0; top < 256; ++top) {
    const auto hash = static_cast<std::size_t>(top << 56U | 0x00FFFFFFFFFFFFFFULL);
    tag_word word(0);
    word.add_to_filter(tag_of(hash));
    REQUIRE(word.filter() == 1U << filter_index(hash));
    REQUIRE(word.may_overflow(tag_of(hash)));
  }
}

TEST_CASE("the next occupied slot is found behind any number of free ones") {
  for (std::uint32_t which = 0; which <= slot_mask::all; ++which) {
    tag_word word(0);
    word.add_to_filter(13);
    for (slot_mask rest(which); rest; rest.drop_first()) word.occupy(rest.first(), 128);
    for (unsigned slot = 0; slot <= max_slots; ++slot) {
      const slot_mask rest = slot_mask(which).from(slot);
      REQUIRE(word.occupied_from(slot) == (rest ? rest.first() : max_slots));
    }
  }
}

TEST_CASE("occupying and vacating a slot leaves the other slots and the filter alone") {
  tag_word word(0);
  word.add_to_filter(45);
  for (unsigned slot = 0; slot < max_slots; ++slot) word.occupy(slot, static_cast<tag_t>(slot + 1));
  REQUIRE(word.occupied().count() == max_slots);
  REQUIRE_FALSE(word.free(max_slots));
  word.vacate(3);
  REQUIRE(word.free(max_slots).first() == 3);
  REQUIRE(word.occupied().count() == max_slots - 1);
  REQUIRE(word.tag(4) == 5);
  REQUIRE(word.may_overflow(45));
  REQUIRE(word.may_overflow(63));
  REQUIRE_FALSE(word.may_overflow(31));
  REQUIRE_FALSE(word.may_overflow(64));
  word.clear_filter();
  REQUIRE_FALSE(word.any_overflow());
  REQUIRE(word.tag(6) == 7);
}

TEST_CASE("several slots are vacated at once, whichever they are, and the filter stays") {
  for (std::uint32_t which = 0; which <= slot_mask::all; ++which) {
    tag_word word(0);
    word.add_to_filter(13);
    for (unsigned slot = 0; slot < max_slots; ++slot) word.occupy(slot, static_cast<tag_t>(255 - slot));
    tag_word one_by_one = word;
    for (slot_mask rest(which); rest; rest.drop_first()) one_by_one.vacate(rest.first());
    word.vacate(slot_mask(which));
    REQUIRE(word.bits() == one_by_one.bits());
  }
}

TEST_CASE("a note of some slots takes the place of the one before and leaves the tags alone") {
  tag_word word(0);
  word.occupy(6, 200);
  word.note(slot_mask(0b1010101));
  REQUIRE(word.noted() == slot_mask(0b1010101));
  word.note(slot_mask(0b10));
  REQUIRE(word.noted() == slot_mask(0b10));
  REQUIRE(word.tag(6) == 200);
  word.clear_filter();
  REQUIRE_FALSE(word.noted());
}

TEST_CASE("a slot mask from a slot on drops what lies before it") {
  slot_mask mask(0b1011010);
  REQUIRE(mask.from(2) == slot_mask(0b1011000));
  REQUIRE_FALSE(mask.from(7));
  REQUIRE(mask.contains(1));
  mask.drop_first();
  REQUIRE(mask.first() == 3);
  REQUIRE((~mask & slot_mask::below(3)) == slot_mask(0b111));
}
