// Maps that live as long as a request, from a pool: from the second request on nothing is allocated for them.
#include <evac/map.hpp>
#include <evac/pool.hpp>

#include <cstdint>
#include <cstdlib>
#include <new>
#include <thread>
#include <vector>

#include "expect.hpp"

namespace {
thread_local std::size_t allocations = 0;
}

// Counts, to show that there are none.
void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  ++allocations;
  const auto to = static_cast<std::size_t>(alignment);
  if (void* const memory = std::aligned_alloc(to, (size + to - 1) / to * to)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace {

using seen_map = evac::map<std::uint64_t, int>;

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
