// Symptom: a writer hangs. Cause: garbage has reached the cap of its domain, because a thread holds a guard.
#include <string>

#include "evac/epoch.hpp"
#include "evac/sync_map.hpp"
#include "symptom.hpp"

evac::epoch_domain small_domain(std::size_t{1} << 16U);
evac::sync_map<long, std::string> prices(small_domain);

int main() {
  const symptom::thread report("report", [] {
    const evac::epoch_domain::guard inside(small_domain);
    for (;;) ::pause();
  });
  report.wait_until_it_sleeps();
  const symptom::thread writer("writer", [] {
    for (long i = 0;; ++i) prices.store(i % 10, "price " + std::to_string(i));
  });
  while (small_domain.stats().cap_waits == 0) std::this_thread::yield();
  symptom::stay();
}
