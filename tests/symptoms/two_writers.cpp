// Symptom: the program ends with "evac: concurrent map writes". Cause: two threads write one evac::map without a lock.
#include <atomic>

#include "evac/map.hpp"
#include "symptom.hpp"

std::atomic<bool> inside = false;
std::atomic<bool> slow = false;

// So slow that the other thread always comes in between.
struct slow_hash {
  std::size_t operator()(long key) const {
    if (slow && key == 1) {
      inside = true;
      for (;;) ::pause();
    }
    return static_cast<std::size_t>(key);
  }
};
evac::map<long, long, slow_hash> totals;

int main() {
  totals[0] = 0;
  slow = true;
  const symptom::thread first("first writer", [] { ++totals[1]; });
  while (!inside) std::this_thread::yield();
  const symptom::thread second("second writer", [] { ++totals[2]; });
  for (;;) ::pause();
}
