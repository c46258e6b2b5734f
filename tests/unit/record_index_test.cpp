// record_index: what is found where, by counting places.
#include "evac/detail/sync/record_index.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "evac/detail/sync/epoch_core.hpp"
#include "support/catch.hpp"
#include "support/in_threads.hpp"

using namespace evac_test;
using evac::detail::epoch_core;
using evac::detail::epoch_record;
using evac::detail::record_index;

namespace {

/// Addresses as cores have them; nobody looks at what is there.
class addresses {
 public:
  explicit addresses(std::size_t count, std::size_t apart)
      : memory_(new line[count + 1 + count * apart / sizeof(line)]), apart_(apart / sizeof(line)) {}
  [[nodiscard]] epoch_core& core(std::size_t i) const { return *reinterpret_cast<epoch_core*>(&memory_[i * apart_]); }
  [[nodiscard]] epoch_record& record(std::size_t i) const {
    return *reinterpret_cast<epoch_record*>(&memory_[i * apart_]);
  }

 private:
  // As records and cores are aligned.
  struct alignas(128) line {
    std::byte bytes[128];
  };
  std::unique_ptr<line[]> memory_;
  std::size_t apart_;
};

void add(record_index& index, const addresses& all, std::size_t i) {
  index.make_room();
  index.add(all.core(i), all.record(i));
}

}  // namespace

TEST_CASE("a record is found after few looks, however many domains there are") {
  const std::size_t apart = GENERATE(std::size_t{128}, sizeof(epoch_core), std::size_t{4096}, sizeof(epoch_core) + 144);
  CAPTURE(apart);
  constexpr std::size_t count = 4000;
  const addresses all(count, apart);
  record_index index;
  REQUIRE(index.find(all.core(0)) == nullptr);
  for (std::size_t i = 0; i < count; ++i) add(index, all, i);
  std::size_t looks = 0;
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < count; ++i) {
    wrong += index.find(all.core(i)) == &all.record(i) ? 0 : 1;
    looks += 1 + ((index.place_of(all.core(i)) - index.first_place_of(&all.core(i))) & (index.places() - 1));
  }
  REQUIRE(wrong == 0);
  REQUIRE(index.find(all.core(count)) == nullptr);
  REQUIRE(looks <= 2 * count);
  REQUIRE(index.places() <= 4 * count);
}

TEST_CASE("an entry that is swept away is found no more, and every other is") {
  constexpr std::size_t count = 300;
  const addresses all(count, 128);
  record_index index;
  std::mt19937_64 random(seed());
  std::map<std::size_t, bool> there;
  for (std::size_t round = 0; round < rounds(40); ++round) {
    for (std::size_t n = random() % 50; n != 0; --n) {
      const std::size_t i = random() % count;
      if (there.emplace(i, true).second) add(index, all, i);
    }
    for (auto& each : there) each.second = random() % 3 != 0;
    const auto is_gone = [&](const record_index::entry& each) {
      const auto i = static_cast<std::size_t>(reinterpret_cast<std::byte*>(each.core) -
                                              reinterpret_cast<std::byte*>(&all.core(0))) /
                     128;
      return !there.at(i);
    };
    // In pieces, which go on where the last one has ended.
    for (std::size_t swept = 0; swept < index.places(); swept += 8) index.sweep(8, is_gone);
    std::erase_if(there, [](const auto& each) { return !each.second; });
    REQUIRE(index.size() == there.size());
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < count; ++i) {
      wrong += index.find(all.core(i)) == (there.count(i) != 0 ? &all.record(i) : nullptr) ? 0 : 1;
    }
    REQUIRE(wrong == 0);
  }
}
