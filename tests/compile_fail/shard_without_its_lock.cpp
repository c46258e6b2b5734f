// only: Clang
// flags: -Wthread-safety -Werror
// expect: calling function 'table_locked' requires holding mutex 'unlocked' exclusively
// expect: calling function 'table_locked' requires holding mutex 'shared' exclusively
// expect: mutex 'left_locked' is still held at the end of function
#include "evac/detail/table/table_access.hpp"
#include "evac/sharded_map.hpp"

int main() {
  evac::sharded_map<int, int> numbers(evac::shards{4});
  const auto& shards = evac::detail::table_access::shards_of(numbers);
  auto& unlocked = shards[0];
  auto& shared = shards[1];
  auto& left_locked = shards[2];
  shared.lock_shared();
  const bool empty = unlocked.table_locked().size() == 0 && shared.table_locked().size() == 0;
  shared.unlock_shared();
  left_locked.lock();
  return empty ? 0 : 1;
}
