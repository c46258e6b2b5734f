// Meets every event that has a probe, but for re-entry, which would end it.
#include <cstddef>
#include <cstdio>
#include <evac/evac.hpp>
#include <string>
#include <thread>

int main(int argc, char**) {
  evac::map<int, int> owned;
  for (int key = 0; key < 1000; ++key) owned[key] = key;
  for (int key = 0; key < 990; ++key) owned.erase(key);
  owned.rehash(0);
  owned.clear();

  evac::sharded_map<int, int> sharded(evac::shards{1});
  sharded.emplace(1, 1);
  std::thread waits;
  sharded.visit(1, [&](auto&) {
    waits = std::thread([&] { sharded.erase(1); });
    while (sharded.counters().parked == 0) std::this_thread::yield();
  });
  waits.join();

  evac::epoch_domain domain(std::size_t{16} << 10U);
  evac::sync_map<int, std::string> sync(domain);
  const evac::epoch_domain::guard guard(domain);
  while (domain.stats().over_cap == 0) sync.store(1, "again");
  sync.erase(1);
  std::puts("done");
  std::fflush(stdout);
  if (argc > 1) std::getchar();  // for a tracer: until its input ends
}
