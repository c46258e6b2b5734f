// Check of all invariants of a sync map's table at rest: C1 to C4 of locked_chain.hpp, and those of its root. For when
// no other thread uses it. O(buckets + elements), and the square of the longest chain.
//
//   R1  no bucket is locked or changing
//   R2  an element lies in the bucket that its hash leads to, from where readers begin
//   R3  a bucket is as deep as the children that it has say
//   R4  the counted elements and overflow buckets are those that are there
//   R5  claimed children exist; those whose split has failed (no memory, a hash that threw), and their descendants,
//       are counted by unsplit_children()
#ifndef EVAC_DETAIL_LOCKFREE_VALIDATE_SYNC_HPP
#define EVAC_DETAIL_LOCKFREE_VALIDATE_SYNC_HPP

#include <bit>
#include <cstddef>
#include <string>
#include <vector>

#include "evac/detail/config.hpp"
#include "evac/detail/lockfree/sync_table.hpp"
#include "evac/detail/table/table_access.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Table>
class sync_validator {
  using root_type = typename Table::root_type;
  using chain_type = typename root_type::chain_type;
  using bucket_type = typename root_type::bucket_type;
  using storage = typename Table::storage;
  using slot_value = typename Table::slot_value;

 public:
  sync_validator(const Table& table, const root_type& root) : table_(table), root_(root) {}

  /// Empty if all invariants hold, else the first that does not. Throws what hash and equality throw.
  [[nodiscard]] std::string validate() {
    for (std::size_t index = 0; index < root_.claimed(); ++index) {
      if (!root_.exists(index)) continue;
      if (std::string broken = validate_bucket(index); !broken.empty())
        return broken + " (bucket " + std::to_string(index) + ")";
    }
    if (elements_ != root_.size()) {
      return "R4: size is " + std::to_string(root_.size()) + " but there are " + std::to_string(elements_);
    }
    if (overflow_buckets_ != root_.overflow_buckets()) return "R4: overflow buckets in chains and in the pools differ";
    return {};
  }

 private:
  [[nodiscard]] bucket_state state_of(std::size_t index) const noexcept {
    return bucket_state(root_.at(index)->state_or_next.load(acquire));  // acquire: what the last writer has stored
  }

  [[nodiscard]] std::string validate_bucket(std::size_t index) {
    const bucket_state state = state_of(index);
    if (state.locked()) return "R1: a bucket is locked";
    if (state.changing()) return "R1: a bucket is changing";
    if (std::string broken = validate_depth(index); !broken.empty()) return broken;
    if (std::string broken = validate_shape(*root_.at(index)); !broken.empty()) return broken;
    return validate_elements(index);
  }
  // A child that is claimed exists if its parent is deeper than before; a child that is not claimed does not.
  [[nodiscard]] std::string validate_depth(std::size_t index) const {
    const unsigned depth = root_.depth_of(state_of(index), index);
    if (depth >= 64 || index >> depth != 0) return "R3: a bucket is too shallow for its index";
    const auto born_with = static_cast<unsigned>(std::bit_width(index));
    for (unsigned bit = born_with; bit < depth; ++bit) {
      if (child_of(index, bit) >= root_.claimed()) return "R3: a bucket is deeper than the table";
    }
    const std::size_t next = child_of(index, depth);
    if (next < root_.homes()) return "R3: a bucket is not as deep as its children say";
    return {};
  }

  [[nodiscard]] std::string validate_shape(bucket_type& home) {
    const tag_word tags = chain_type::tags_of(home);
    const bool chained = tags.any_overflow();
    const unsigned room = chained ? chain_type::link_slot : chain_type::home_slots;
    const slot_mask taken = tags.occupied();
    if (taken & ~slot_mask::below(room)) return "C1: a slot beyond the end of a home is taken";
    if (!chained) return {};
    if (taken.count() != room) return "C3: there are overflow buckets behind a home with holes";
    tag_word filter(0);
    std::size_t behind = 0;
    const bucket_type* const front = chain_type::first_overflow_of(home);
    if (front == nullptr) return "C2: a filter without overflow buckets";
    for (const bucket_type* each = front; each != nullptr; each = each->next()) {
      ++overflow_buckets_;
      const tag_word theirs = chain_type::tags_of(*each);
      const slot_mask full = theirs.occupied();
      if (full & ~slot_mask::below(chain_type::overflow_slots)) return "C1: a slot beyond an overflow bucket is taken";
      if (!full) return "C3: an overflow bucket is empty";
      if (each != front && full.count() != chain_type::overflow_slots) return "C3: a later overflow bucket has holes";
      for (slot_mask rest = full; rest; rest.drop_first()) filter.add_to_filter(theirs.tag(rest.first()));
      behind += full.count();
    }
    if (filter.filter() != tags.filter()) return "C2: a filter is not that of the overflow buckets";
    if (behind < 2) return "C4: a chain would fit its home";
    return {};
  }

  [[nodiscard]] std::string validate_elements(std::size_t index) {
    std::string broken;
    std::vector<slot_value> chain;
    chain_type::for_each_of(*root_.at(index), [&](typename chain_type::place at, tag_t tag) {
      const slot_value element = chain_type::at(at);
      const std::size_t hash = table_.hash_of(storage::key(element));
      if (storage::hash_of(table_.functors(), element) != (hash & storage::known_hash_bits))
        broken = "C1: a node keeps another hash than its key's";
      if (tag_of(hash) != tag) broken = "C1: a tag is not its element's";
      if (!leads_to(hash, index)) broken = "R2: an element lies where its hash does not lead";
      for (const slot_value& other : chain) {
        if (table_.functors().equal(storage::key(other), storage::key(element))) broken = "C1: a key is there twice";
      }
      chain.push_back(element);
    });
    elements_ += chain.size();
    return broken;
  }
  [[nodiscard]] bool leads_to(std::size_t hash, std::size_t wanted) const noexcept {
    std::size_t index = root_.home_of(hash);
    for (int steps = 0; steps < 64; ++steps) {
      if (!root_.exists(index)) return false;
      if (root_type::is_home(index, state_of(index), hash)) return index == wanted;
      index = root_.descend(index, state_of(index), hash);
    }
    return false;
  }

  const Table& table_;
  const root_type& root_;
  std::size_t elements_ = 0;
  std::size_t overflow_buckets_ = 0;
};

/// Empty if all invariants of a sync_map or sync_set hold, else the first that does not.
template <class Container>
[[nodiscard]] std::string validate_sync(const Container& container) {
  const auto& table = table_access::of(container);
  const auto* const root = table.root();
  if (root == nullptr) return {};
  return sync_validator(table, *root).validate();
}

/// Children that were claimed and are not split off: 0 at rest, unless splits have failed.
template <class Container>
[[nodiscard]] std::size_t unsplit_children(const Container& container) {
  const auto* const root = table_access::of(container).root();
  std::size_t unsplit = 0;
  if (root == nullptr) return unsplit;
  for (std::size_t child = root->homes(); child < root->claimed(); ++child) unsplit += root->exists(child) ? 0 : 1;
  return unsplit;
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
