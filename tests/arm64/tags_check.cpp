// Compares the instructions this architecture matches tags with (matching_bytes) with the portable arithmetic. On its
// own feet: no Catch2 and no abseil to link, so that a cross compiler builds it and an emulator runs it.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "evac/detail/geometry/tags.hpp"

namespace {

using evac::detail::matching_bytes_portable;
using evac::detail::slot_mask;
using evac::detail::tag_t;
using evac::detail::tag_word;

constexpr unsigned tag_count = 256;
constexpr unsigned random_words = 20000;

/// A match, with no cleverness at all: bit i is set where byte i of the seven slots is the tag.
slot_mask match_by_loop(std::uint64_t tags, tag_t tag) {
  slot_mask found(0);
  for (unsigned slot = 0; slot < evac::detail::max_slots; ++slot) {
    if (static_cast<tag_t>(tags >> (8 * slot)) == tag) found.add(slot);
  }
  return found;
}

std::uint64_t compared = 0;
std::uint64_t matches = 0;

void compare(std::uint64_t tags, tag_t tag) {
  const slot_mask expected = match_by_loop(tags, tag);
  const slot_mask portable(matching_bytes_portable(tags, tag) & slot_mask::all);
  if (tag_word(tags).match(tag) != expected || portable != expected) {
    std::printf("tags %016llx, tag %02x: native and portable matches differ from the loop\n",
                static_cast<unsigned long long>(tags), unsigned{tag});
    std::exit(EXIT_FAILURE);
  }
  ++compared;
  matches += expected.count();
}

void compare_all_tags(std::uint64_t tags) {
  for (unsigned tag = 0; tag < tag_count; ++tag) compare(tags, static_cast<tag_t>(tag));
}

}  // namespace

int main(int argc, char** argv) {
  const char* const given = argc > 1 ? argv[1] : std::getenv("EVAC_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));

  // Each byte next to each neighbour, where a borrow or a carry between bytes would show.
  for (unsigned low = 0; low < tag_count; ++low) {
    for (unsigned high = 0; high < tag_count; ++high) {
      const std::uint64_t pair = low | high << 8U;
      const std::uint64_t tags = pair * 0x0001000100010001ULL;
      for (const unsigned tag : {low, high, low ^ 1U, high ^ 0x80U}) compare(tags, static_cast<tag_t>(tag));
    }
  }

  std::mt19937_64 random(seed);
  for (unsigned word = 0; word < random_words; ++word) {
    const std::uint64_t tags = random();
    compare_all_tags(tags);
    // Few distinct bytes: several slots match at once, and many are empty.
    compare_all_tags(tags & 0x0101010101010101ULL);
    compare_all_tags(tags & random() & random());
  }

  std::printf("%llu comparisons, %llu matching slots\n", static_cast<unsigned long long>(compared),
              static_cast<unsigned long long>(matches));
  return matches > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
