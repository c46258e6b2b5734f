// Walks all invariants of a table (C1 to C3 of chain.hpp, T1 to T5 of table.hpp). O(size + buckets).
#ifndef EVAC_DETAIL_TABLE_VALIDATE_TABLE_HPP
#define EVAC_DETAIL_TABLE_VALIDATE_TABLE_HPP

#include <cstddef>
#include <string>

#include "evac/detail/config.hpp"
#include "evac/detail/table/table.hpp"
#include "evac/detail/table/table_access.hpp"

namespace evac::inline EVAC_ABI::detail {

/// What a walk over all chains has seen.
struct chain_census {
  std::size_t elements = 0;
  std::size_t overflow_buckets = 0;
};

template <class Policy>
[[nodiscard]] std::string validate_bucket(const table<Policy>& of, const bucket* where, std::size_t home) {
  for (slot_mask taken = where->tags.occupied(); taken; taken.drop_first()) {
    const auto& element = table<Policy>::element({const_cast<bucket*>(where), taken.first()});
    const std::size_t hash = of.hash_of(Policy::key(element));
    if (tag_of(hash) != where->tags.tag(taken.first())) return "C1: a tag is not its element's";
    if (of.homes().home_of(hash) != home) return "T1: an element lies in the chain of another home";
  }
  return {};
}

template <class Policy>
[[nodiscard]] std::string validate_chain(const table<Policy>& of, std::size_t home, chain_census& census) {
  using layout = typename table<Policy>::chains::layout;
  const bucket* const head = of.homes().at(home);
  tag_word filter(0);
  for (const bucket* where = head; where != nullptr; where = where->overflow) {
    const unsigned capacity = where == head ? layout::home_slots() : layout::overflow_slots();
    const slot_mask taken = where->tags.occupied();
    if (taken & ~slot_mask::below(capacity)) return "C1: a slot beyond the bucket's end is taken";
    census.elements += taken.count();
    if (std::string broken = validate_bucket(of, where, home); !broken.empty()) return broken;
    if (where == head) continue;
    ++census.overflow_buckets;
    if (!taken) return "C3: an overflow bucket is empty";
    for (slot_mask rest = taken; rest; rest.drop_first()) filter.add_to_filter(where->tags.tag(rest.first()));
  }
  if (filter.filter() != head->tags.filter()) return "C2: a filter does not match the overflow buckets";
  return {};
}

// Each home's bit, and whether the bits above lead from one home with elements to the next.
template <class Policy>
[[nodiscard]] bool occupied_homes_are_right(const table<Policy>& of) {
  const auto& homes = of.homes();
  const occupied_homes* const account = homes.occupied();
  if (account == nullptr) return true;
  std::size_t behind = 0;  // the last home with elements
  for (std::size_t home = 0; home < homes.count(); ++home) {
    const bool occupied = !homes.at(home)->tags.empty();
    if (account->contains(home) != occupied) return false;
    if (occupied && account->next(behind, homes.count()) != home) return false;
    if (occupied) behind = home + 1;
  }
  return account->next(behind, homes.count()) == homes.count();
}

/// Empty if all invariants hold, else the first that does not. Throws what the hash throws.
template <class Policy>
[[nodiscard]] std::string validate_table(const table<Policy>& of) {
  const auto& homes = of.homes();
  if (homes.count() > homes.opened()) return "T3: more homes than there is memory for";
  if (homes.count() != 0 && homes.count() < homes.opened() / 2) return "T3: memory for too many homes";
  chain_census census;
  for (std::size_t home = 0; home < homes.count(); ++home) {
    if (std::string broken = validate_chain(of, home, census); !broken.empty()) {
      return broken + " (home " + std::to_string(home) + ")";
    }
  }
  if (census.elements != of.size()) {
    return "T2: size is " + std::to_string(of.size()) + " but there are " + std::to_string(census.elements);
  }
  if (!occupied_homes_are_right(of)) return "T4: the account of occupied homes is wrong";
  if (census.overflow_buckets != of.overflow().in_use()) return "T5: overflow buckets in chains and in the pool differ";
  return {};
}

template <class Container>
[[nodiscard]] std::string validate(const Container& container) {
  return validate_table(table_access::of(container));
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
