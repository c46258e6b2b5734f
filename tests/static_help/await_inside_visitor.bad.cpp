// Coroutines that are suspended inside a visitor, or while a guard is held.
#include <coroutine>

#include "evac/epoch.hpp"
#include "evac/sharded_map.hpp"
#include "evac/sync_map.hpp"
#include "static_help/task.hpp"

evac::sharded_map<int, int> numbers;
evac::sync_map<int, int> prices;

task hold() {
  const evac::epoch_domain::guard inside(prices.domain());  // found
  co_await std::suspend_always();
}

int main() {
  numbers.visit(1, [](auto& each) -> task {  // found
    co_await std::suspend_always();
    ++each.second;
  });
  prices.load(1, [](const int&) -> task { co_await std::suspend_always(); });  // found
  hold();
}
