// What map and set are: a table and the owner of the moment; their types, iteration, room, and looks inside. The
// contract is documented at the types themselves; in this header and in those of the classes derived from this one the
// members say only what is special.
#ifndef EVAC_DETAIL_FACE_CONTAINER_BASE_HPP
#define EVAC_DETAIL_FACE_CONTAINER_BASE_HPP

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/face/node_handle.hpp"
#include "evac/detail/sync/single_owner.hpp"
#include "evac/detail/table/cursor.hpp"
#include "evac/detail/table/table.hpp"
#include "evac/detail/table/table_census.hpp"
#include "evac/stats.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy>
class container_base {
 protected:
  using table_type = table<Policy>;
  using slot_ops = typename table_type::slot_ops;
  using traits = typename Policy::allocator_traits;

 public:
  using key_type = typename Policy::key_type;
  using value_type = typename Policy::value_type;
  using init_type = typename Policy::init_type;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  using hasher = typename Policy::hasher;
  using key_equal = typename Policy::key_equal;
  using allocator_type = typename Policy::allocator_type;
  using reference = value_type&;
  using const_reference = const value_type&;
  using pointer = typename traits::pointer;
  using const_pointer = typename traits::const_pointer;
  using const_iterator = cursor<Policy, true>;
  using iterator = cursor<Policy, !Policy::is_map>;  // the elements of a set are its keys: never writable
  using node_type = node_handle<typename Policy::elements, allocator_type>;
  using insert_return_type = insert_return<iterator, node_type>;

  /// What one insert does to other elements at most, at any point of any growth, given a hash that spreads: the
  /// elements of the parents it evacuates (chains of 32 occur once in 10^9 parents), one compacted chain, and, in a
  /// table of up to base_homes homes, half of those. Counted in move constructions.
  static constexpr size_type max_moves_per_insert = base_homes / 2 * max_slots + parents_per_step * 32 + max_slots;
  /// One segment, once in a lifetime the directory, one slab of overflow buckets, and one node for an element that
  /// lives in a node.
  static constexpr size_type max_allocations_per_insert = 4;
  /// Bytes that one insert clears at most: the headers of the children it feeds.
  static constexpr size_type max_cleared_bytes_per_insert = parents_per_step * sizeof(bucket);

  [[nodiscard]] iterator begin() noexcept { return {std::addressof(table_), table_.first()}; }
  [[nodiscard]] const_iterator begin() const noexcept { return {std::addressof(table_), table_.first()}; }
  [[nodiscard]] const_iterator cbegin() const noexcept { return begin(); }
  [[nodiscard]] iterator end() noexcept { return {std::addressof(table_), {}}; }
  [[nodiscard]] const_iterator end() const noexcept { return {std::addressof(table_), {}}; }
  [[nodiscard]] const_iterator cend() const noexcept { return end(); }

  [[nodiscard]] bool empty() const noexcept { return table_.size() == 0; }
  [[nodiscard]] size_type size() const noexcept { return table_.size(); }
  /// What reserve() takes at most: what addresses suffice for, or less where the allocator's max_size() is less.
  [[nodiscard]] size_type max_size() const noexcept { return table_type::max_size(table_.allocator()); }

  /// Destroys all elements, keeps the memory. Destructors may read this container and must not change it. O(size + buckets / 64).
  void clear() noexcept {
    const single_owner::writer guard(owner_, single_owner::kind::destroys);
    table_.clear();
  }

  /// The next inserts, up to n elements in all, move nothing, change no bucket_count() and allocate nothing but nodes, given
  /// a hash that spreads; with another they may still allocate overflow buckets. O(size + n / 4) at worst; on a map without
  /// memory, that of large segments is not touched. Throws std::length_error for more than max_size(), and std::bad_alloc
  /// before anything is touched, also where the machine has less memory and swap than that takes.
  void reserve(size_type n) {
    const single_owner::writer guard(owner_);
    table_.reserve(n);
  }
  /// Room for about n slots, or for what there is if that is more; may give memory back. O(size + buckets).
  void rehash(size_type n) {
    const single_owner::writer guard(owner_);
    constexpr size_type home_slots = table_type::chains::layout::home_slots();
    table_.fit(n / home_slots + (n % home_slots != 0 ? 1 : 0));
  }
  void shrink_to_fit() { rehash(0); }
  /// Slots of all home buckets.
  [[nodiscard]] size_type bucket_count() const noexcept {
    return table_.home_count() * table_type::chains::layout::home_slots();
  }
  [[nodiscard]] float load_factor() const noexcept {
    return empty() ? 0.0F : static_cast<float>(size()) / static_cast<float>(bucket_count());
  }
  [[nodiscard]] float max_load_factor() const noexcept { return 1.0F; }
  /// Accepted and ignored, as in absl::flat_hash_map.
  void max_load_factor(float) noexcept {}

  [[nodiscard]] hasher hash_function() const { return table_.hash_function(); }
  [[nodiscard]] key_equal key_eq() const { return table_.key_eq(); }
  [[nodiscard]] allocator_type get_allocator() const noexcept { return table_.allocator(); }

  /// Evacuates up to n parents of the running growth; returns how many were left to do and done. O(n).
  size_type evacuate(size_type n) {
    const single_owner::writer guard(owner_);
    return table_.evacuate(n);
  }
  /// Whether a growth is running: some parents are evacuated and others not.
  [[nodiscard]] bool evacuating() const noexcept { return table_.evacuating(); }
  /// A look inside. O(buckets).
  [[nodiscard]] table_stats stats() const { return collect_stats(table_); }
  /// Bytes held, without what has not been touched of the segment that is being filled, and what the alignment of blocks
  /// costs with allocators other than std::allocator. O(1).
  [[nodiscard]] size_type memory_usage() const noexcept {
    const size_type nodes = slot_ops::in_nodes() ? size() * sizeof(value_type) : 0;
    return table_.homes().touched_bytes() + table_.homes().directory_bytes() + table_.overflow().bytes() + nodes;
  }

 protected:
  container_base(const hasher& hash, const key_equal& equal, const allocator_type& allocator)
      : table_(hash, equal, allocator) {}
  /// Takes the elements of a table.
  container_base(table_type&& elements,
                 const allocator_type& allocator) noexcept(std::is_nothrow_copy_constructible_v<hasher> &&
                                                           std::is_nothrow_copy_constructible_v<key_equal>)
      : table_(std::move(elements), allocator) {}
  ~container_base() = default;

  [[nodiscard]] static bool same_memory(const allocator_type& left, const allocator_type& right) noexcept {
    if constexpr (traits::is_always_equal::value) {
      return true;
    } else {
      return left == right;
    }
  }

  table_type table_;
  single_owner owner_;

 private:
  friend struct table_access;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
