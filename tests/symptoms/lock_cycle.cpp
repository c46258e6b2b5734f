// Symptom: two threads hang. Cause: each visits one map from inside a visitor of the other.
#include <atomic>
#include <chrono>
#include <string>

#include "evac/health.hpp"
#include "evac/sharded_map.hpp"
#include "symptom.hpp"

evac::sharded_map<long, long> accounts(evac::shards{4});
evac::sharded_map<long, long> owners(evac::shards{4});
std::atomic<int> inside = 0;
std::string verdict;
const char* what_health_says = nullptr;

void wait_for_the_other() {
  ++inside;
  while (inside != 2) std::this_thread::yield();
}

int main() {
  accounts.emplace(1, 7);
  owners.emplace(7, 1);
  const symptom::thread payment("payment", [] {
    accounts.visit(1, [](auto& account) {
      wait_for_the_other();
      owners.visit(account.second, [](auto&) {});
    });
  });
  const symptom::thread audit("audit", [] {
    owners.visit(7, [](auto& owner) {
      wait_for_the_other();
      accounts.visit(owner.second, [](auto&) {});
    });
  });
  while (inside != 2) std::this_thread::yield();
  payment.wait_until_it_sleeps();
  audit.wait_until_it_sleeps();
  const evac::map_counters before = accounts.counters();
  verdict = evac::health(before, accounts.counters(), std::chrono::seconds(5), {}, "accounts").text();
  what_health_says = verdict.c_str();
  symptom::stay();
}
