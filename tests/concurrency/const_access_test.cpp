// Concurrent const access to a map stopped in the middle of a growth: for ThreadSanitizer, which must find no write.
#include <atomic>
#include <cstdint>
#include <evac/map.hpp>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/valid.hpp"

namespace {
evac::map<std::uint64_t, std::uint64_t> stopped_mid_growth() {
  evac::map<std::uint64_t, std::uint64_t> map;
  for (std::uint64_t i = 0; i < 20000 || !map.evacuating(); ++i) map[i] = i + 1;
  return map;
}
}  // namespace

TEST_CASE("readers of a map stopped mid-growth see everything and write nothing") {
  const auto map = stopped_mid_growth();
  REQUIRE(map.evacuating());
  std::atomic<std::size_t> wrong{0};
  std::vector<std::thread> readers;
  for (std::uint64_t reader = 0; reader < 4; ++reader) {
    readers.emplace_back([&, reader] {
      std::size_t bad = 0;
      for (std::uint64_t i = reader; i < 2 * map.size(); i += 3) {
        const auto at = map.find(i);
        bad += (at != map.end()) != (i < map.size()) ? 1 : 0;
        if (at != map.end()) bad += at->second != i + 1 ? 1 : 0;
      }
      std::uint64_t sum = 0;
      for (const auto& [key, value] : map) sum += value - key;
      bad += sum != map.size() ? 1 : 0;
      const auto copy = map;
      bad += copy == map ? 0 : 1;
      bad += map.stats().size != map.size() ? 1 : 0;
      wrong += bad;
    });
  }
  for (auto& reader : readers) reader.join();
  REQUIRE(wrong == 0);
  REQUIRE_VALID(map);
}

TEST_CASE("maps of different threads share nothing that matters") {
  std::vector<std::thread> owners;
  std::atomic<std::size_t> wrong{0};
  for (int owner = 0; owner < 4; ++owner) {
    owners.emplace_back([&wrong, owner] {
      evac::map<std::uint64_t, int> map;
      for (std::uint64_t i = 0; i < 20000; ++i) map[i] = owner;
      for (const auto& element : map) wrong += element.second == owner ? 0U : 1U;
    });
  }
  for (auto& owner : owners) owner.join();
  REQUIRE(wrong == 0);
}
