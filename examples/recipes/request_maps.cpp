// Maps that live as long as a request, from a pool: from the second request on nothing is allocated for them.
#include <evac/map.hpp>
#include <evac/pool.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "expect.hpp"

namespace {

thread_local std::size_t allocations = 0;

/// std::allocator that counts, to show that nothing is allocated.
template <class T>
struct counted_allocator : std::allocator<T> {
  counted_allocator() = default;
  template <class U>
  counted_allocator(const counted_allocator<U>&) noexcept {}

  T* allocate(std::size_t count) {
    ++allocations;
    return std::allocator<T>::allocate(count);
  }
};

using seen_map = evac::map<std::uint64_t, int, evac::hash<std::uint64_t>, evac::equal_to<std::uint64_t>,
                           counted_allocator<std::pair<const std::uint64_t, int>>>;

/// How many different numbers there are.
std::size_t distinct(evac::pool<seen_map>& pool, const std::vector<std::uint64_t>& numbers) {
  const auto seen = pool.acquire();  // empty; given back, cleared, at the end of the scope
  for (const std::uint64_t number : numbers) ++(*seen)[number];
  return seen->size();
}

}  // namespace

int main() {
  // At most 16 maps wait for the next request; one that has grown beyond 64 KiB is destroyed instead of kept.
  evac::pool<seen_map> pool(evac::pool_limits{.idle_maps = 16, .idle_bytes = 64 << 10});
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t i = 0; i < 500; ++i) numbers.push_back(i * i % 97);

  const std::size_t first = distinct(pool, numbers);
  const std::size_t before = allocations;
  bool same = true;
  for (int request = 0; request < 1000; ++request) same = same && distinct(pool, numbers) == first;
  expect(same, "each request begins with an empty map");
  expect(allocations == before, "a thousand requests allocated nothing");

  // Any thread may take one; a lease may also be handed to another thread.
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { static_cast<void>(distinct(pool, numbers)); });
  for (std::thread& each : threads) each.join();
  expect(distinct(pool, numbers) == first, "threads share the pool");
}
