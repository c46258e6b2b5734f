// Symptom: memory grows as values are replaced. Cause: a thread holds a guard for ever.
#include <string>

#include "evac/epoch.hpp"
#include "evac/sync_map.hpp"
#include "symptom.hpp"

evac::sync_map<long, std::string> prices;

int main() {
  const symptom::thread report("report", [] {
    const evac::epoch_domain::guard inside(prices.domain());
    for (;;) ::pause();
  });
  report.wait_until_it_sleeps();
  for (long i = 0; i < 5000; ++i) prices.store(i % 10, "price " + std::to_string(i));
  symptom::stay();
}
