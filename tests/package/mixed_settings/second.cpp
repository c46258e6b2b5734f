// The other translation unit: fills the maps that the first passes to it, and uses maps of its own. The sets of the
// first are only named: the linker goes by their names.
#include <evac/evac.hpp>

#include "use_alone.hpp"

void fill(evac::map<int, int>& numbers);
void fill(evac::set<int>& numbers);
void fill(evac::sharded_map<int, int>& numbers);
void fill(evac::sharded_set<int>& numbers);
void fill(evac::sync_map<int, int>& numbers);
void fill(evac::sync_set<int>& numbers);
void take(evac::rw_lock& lock);
void flush(evac::epoch_domain& domain);
bool second_works_alone();

void fill(evac::map<int, int>& numbers) {
  for (int i = 0; i < 1000; ++i) numbers[i] = i;
}
void fill(evac::set<int>&) {}
void fill(evac::sharded_map<int, int>& numbers) {
  for (int i = 0; i < 1000; ++i) numbers.insert_or_assign(i, i);
}
void fill(evac::sharded_set<int>&) {}
void fill(evac::sync_map<int, int>& numbers) {
  for (int i = 0; i < 1000; ++i) numbers.store(i, i);
}
void fill(evac::sync_set<int>&) {}
void take(evac::rw_lock& lock) {
  lock.lock();
  lock.unlock();
}
void flush(evac::epoch_domain& domain) { domain.flush(); }

bool second_works_alone() { return works_alone(); }
