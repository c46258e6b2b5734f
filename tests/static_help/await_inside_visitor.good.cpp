// Coroutines that are suspended between visits, and guards outside of coroutines.
#include <coroutine>

#include "evac/epoch.hpp"
#include "evac/sharded_map.hpp"
#include "evac/sync_map.hpp"
#include "static_help/task.hpp"

evac::sharded_map<int, int> numbers;
evac::sync_map<int, int> prices;

int sum() {
  const evac::epoch_domain::guard inside(prices.domain());
  return prices.load(1).value_or(0) + prices.load(2).value_or(0);
}

task work() {
  int copy = 0;
  numbers.visit(1, [&](auto& each) { copy = each.second; });
  co_await std::suspend_always();
  numbers.visit(1, [&](auto& each) { each.second += copy + sum(); });
}

int main() { work(); }
