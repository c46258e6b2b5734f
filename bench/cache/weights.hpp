// Bytes that elements take in a cache and in a map, counted by an allocator.
#ifndef EVAC_BENCH_CACHE_WEIGHTS_HPP
#define EVAC_BENCH_CACHE_WEIGHTS_HPP

#include <cstddef>
#include <cstdint>
#include <evac/cache.hpp>
#include <evac/sharded_map.hpp>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "peers/caches.hpp"
#include "support/measure.hpp"
#include "support/memory_use.hpp"

namespace bench {

/// Of this process, by one thread.
inline std::size_t counted_bytes = 0;

template <class T>
struct byte_counter {
  using value_type = T;
  byte_counter() = default;
  template <class U>
  byte_counter(const byte_counter<U>&) noexcept {}  // NOLINT(google-explicit-constructor): as allocators are
  [[nodiscard]] T* allocate(std::size_t count) {
    counted_bytes += count * sizeof(T);
    return std::allocator<T>().allocate(count);
  }
  void deallocate(T* memory, std::size_t count) noexcept {
    counted_bytes -= count * sizeof(T);
    std::allocator<T>().deallocate(memory, count);
  }
  friend bool operator==(byte_counter, byte_counter) noexcept { return true; }
};

using counted_elements = byte_counter<std::pair<const std::uint64_t, std::uint64_t>>;

/// Of elements of two numbers, the mean over sizes that double from `from` on: tables grow in steps.
struct bytes_per_element_of {
  double map;
  double cache;  // which is full, and has been for as long as it took to fill
};
[[nodiscard]] inline bytes_per_element_of weigh_elements(std::size_t from) {
  using map_type = evac::sharded_map<std::uint64_t, std::uint64_t, unchanged_hash, std::equal_to<>, counted_elements>;
  using cache_type = evac::cache<std::uint64_t, std::uint64_t, unchanged_hash, std::equal_to<>, counted_elements>;
  const std::vector<std::size_t> sizes = sizes_between(from, 2 * from, 8);
  const auto number = static_cast<double>(sizes.size());
  bytes_per_element_of mean{0, 0};
  map_type map;
  for (const std::size_t size : sizes) {
    for (std::size_t i = map.size(); i < size; ++i) map.try_emplace(random_key(i), i);
    mean.map += static_cast<double>(counted_bytes) / static_cast<double>(map.size()) / number;
  }
  const std::size_t bytes_of_map = counted_bytes;
  for (const std::size_t size : sizes) {
    cache_type cache(size);
    for (std::size_t i = 0; i < 2 * size; ++i) cache.put(random_key(i), i);
    mean.cache += static_cast<double>(counted_bytes - bytes_of_map) / static_cast<double>(cache.size()) / number;
  }
  return mean;
}

}  // namespace bench

#endif
