// One of two translation units whose settings differ. Without EVAC_PASSES each uses maps of its own; with it this one
// gives its maps to the other, which must not link.
#include <evac/evac.hpp>

#ifdef EVAC_PASSES
void fill(evac::map<int, int>& numbers);
void fill(evac::set<int>& numbers);
void fill(evac::sharded_map<int, int>& numbers);
void fill(evac::sharded_set<int>& numbers);
void fill(evac::sync_map<int, int>& numbers);
void fill(evac::sync_set<int>& numbers);
void take(evac::rw_lock& lock);
void flush(evac::epoch_domain& domain);

int main() {
  evac::map<int, int> map;
  fill(map);
  evac::set<int> set;
  fill(set);
  evac::sharded_map<int, int> sharded_map;
  fill(sharded_map);
  evac::sharded_set<int> sharded_set;
  fill(sharded_set);
  evac::sync_map<int, int> sync_map;
  fill(sync_map);
  evac::sync_set<int> sync_set;
  fill(sync_set);
  evac::rw_lock lock;
  take(lock);
  evac::epoch_domain domain;
  flush(domain);
  return map.size() + sharded_map.size() + sync_map.size() == 3000 ? 0 : 1;
}
#else
#include "use_alone.hpp"

bool second_works_alone();

int main() { return works_alone() && second_works_alone() ? 0 : 1; }
#endif
