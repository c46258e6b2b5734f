// Mistakes that clang warns of. A line that must be warned of ends in a comment that names the warning.
// flags: -Wall -Wextra -Wthread-safety
#include <absl/base/thread_annotations.h>

#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>

#include "evac/epoch.hpp"
#include "evac/map.hpp"
#include "evac/rw_lock.hpp"
#include "evac/set.hpp"
#include "evac/sharded_map.hpp"
#include "evac/sync_map.hpp"

using names = evac::map<int, std::string>;
names make_names();
evac::set<int> make_numbers();
evac::sync_map<std::string, std::string>& shared_names();

const std::string& dangling_value() {
  names local;
  return local.at(1);  // warns: -Wreturn-stack-address
}
names::iterator dangling_iterator() {
  names local;
  return local.find(1);  // warns: -Wreturn-stack-address
}
std::size_t references_into_temporaries() {
  const std::string& value = make_names().at(1);                    // warns: -Wdangling
  std::string& made = make_names()[1];                              // warns: -Wdangling
  auto first = make_names().begin();                                // warns: -Wdangling
  auto found = make_numbers().find(1);                              // warns: -Wdangling
  auto range = make_names().equal_range(1);                         // warns: -Wdangling
  auto& key = make_names().extract(1).key();                        // warns: -Wdangling
  auto& mapped = make_names().extract(1).mapped();                  // warns: -Wdangling
  auto& number = make_numbers().extract(1).value();                 // warns: -Wdangling
  const std::string* pinned = shared_names().pin().find("a name");  // warns: -Wdangling
  return value.size() + made.size() + first->second.size() + static_cast<std::size_t>(*found + key + number) +
         range.first->second.size() + mapped.size() + pinned->size();
}
void results_ignored(names& all, evac::sharded_map<int, int>& counts, evac::epoch_domain& domain) {
  all.find(1);                                 // warns: -Wunused-result
  all.empty();                                 // warns: -Wunused-result
  all.counters();                              // warns: -Wunused-result
  counts.contains(1);                          // warns: -Wunused-result
  counts.get_or_compute(1, [] { return 2; });  // warns: -Wunused-result
  shared_names().load("a name");               // warns: -Wunused-result
  shared_names().pin();                        // warns: -Wunused-result
  evac::epoch_domain::guard{domain};           // warns: -Wunused-value
}

struct account {
  evac::rw_lock lock;
  int balance ABSL_GUARDED_BY(lock) = 0;

  int read_without_lock() const { return balance; }  // warns: -Wthread-safety-analysis
  void write_without_lock() { ++balance; }           // warns: -Wthread-safety-analysis
  void write_as_reader() {
    lock.lock_shared();
    balance = 1;  // warns: -Wthread-safety-analysis
    lock.unlock_shared();
  }
  void forget_to_unlock() {
    lock.lock();
    balance = 2;
  }  // warns: -Wthread-safety-analysis

  // What is right: no warning.
  void write() {
    lock.lock();
    balance = 3;
    lock.unlock();
  }
  int read() {
    lock.lock_shared();
    const int seen = balance;
    lock.unlock_shared();
    return seen;
  }
};

std::string copies_of_temporaries(names& all) {
  const std::string value = make_names().at(1);
  const bool made = make_names().try_emplace(1, "text").second;
  const std::string& kept = all.at(1);
  const auto found = all.find(1);
  const bool there = make_names().find(1) != make_names().end();
  const auto pinned = shared_names().pin();
  const std::string* const name = pinned.find("a name");
  const std::optional<std::string> loaded = shared_names().load("a name");
  for (const auto& [key, each] : make_names()) all[key] = each;
  return made && there && name != nullptr && loaded.has_value() ? value : kept + found->second;
}
