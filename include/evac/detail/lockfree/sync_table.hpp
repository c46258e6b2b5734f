// The table of a sync map or set: its root, and the steps that verbs are made of.
//
//   map | domain * | table: root * | core * | hash, equality, allocator, seed | memory of roots |
//                           null until the first element, and after clear()
//
// A write: make room for what it may retire; enter; find or make the root; lock the home of the key; change the chain;
// unlock; count; split off what the count asks for; leave. User code other than hash and equality runs without the
// lock.
#ifndef EVAC_DETAIL_LOCKFREE_SYNC_TABLE_HPP
#define EVAC_DETAIL_LOCKFREE_SYNC_TABLE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>

#include "evac/detail/config.hpp"
#include "evac/detail/lockfree/chain_reader.hpp"
#include "evac/detail/lockfree/fresh_element.hpp"
#include "evac/detail/lockfree/growth.hpp"
#include "evac/detail/lockfree/guards.hpp"
#include "evac/detail/lockfree/key_update.hpp"
#include "evac/detail/lockfree/root.hpp"
#include "evac/detail/lockfree/root_memory.hpp"
#include "evac/detail/lockfree/storage.hpp"
#include "evac/detail/sync/backoff.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy, bool InNodes>
class sync_table {
 public:
  using policy = Policy;
  using elements = typename Policy::elements;
  using key_type = typename Policy::key_type;
  using allocator_type = typename Policy::allocator_type;
  using functors_type = typename Policy::functors_type;
  using storage = std::conditional_t<InNodes, nodes_storage<elements, allocator_type>, slots_storage<elements>>;
  using slot_value = typename storage::slot_value;
  using fresh_type = fresh_element<storage, allocator_type>;
  using root_type = sync_root<storage, allocator_type>;
  using reader_type = chain_reader<storage, allocator_type>;
  using chain_type = typename root_type::chain_type;
  using size_type = std::size_t;

  /// Bytes that a write which replaces or erases an element takes away; 0 in slots.
  static constexpr size_type retired_bytes = InNodes ? sizeof(typename std::remove_pointer_t<slot_value>) : 0;

  sync_table(epoch_core& core, const typename Policy::hasher& hash, const typename Policy::key_equal& equal,
             const allocator_type& allocator)
      : core_(&core), functors_(hash, equal, allocator), memory_(allocator) {}
  sync_table(const sync_table&) = delete;
  sync_table& operator=(const sync_table&) = delete;
  /// Nobody may be inside. O(elements), and O(garbage of the domain) if anything was retired.
  ~sync_table() {
    memory_.reclaim_retired(*core_, functors_.allocator);
    if (root_type* const last = root()) {
      memory_type::template free_elements<false>(*last, last->claimed());
      memory_type::destroy(last);
    }
  }

  [[nodiscard]] const functors_type& functors() const noexcept { return functors_; }
  [[nodiscard]] const allocator_type& allocator() const noexcept { return functors_.allocator; }
  [[nodiscard]] epoch_core& core() const noexcept { return *core_; }
  /// By a thread that is inside the domain.
  [[nodiscard]] EVAC_ALWAYS_INLINE root_type* root() const noexcept { return root_.load(acquire); }  // acquire: made

  // --- looking: by a thread that is inside, without a lock -----------------------------------------------------------

  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE size_type hash_of(const K& key) const {
    return functors_.hash_of(key);
  }
  /// Calls on_hit(slot_value) for the element of a key; returns whether there is one.
  template <class K, class OnHit>
  EVAC_ALWAYS_INLINE bool find(epoch_record& own, const K& key, size_type hash, const OnHit& on_hit) const {
    const root_type* const table = root();
    if (table == nullptr) [[unlikely]]
      return false;
    return reader_type(*table, own).find(hash, same_key(key), on_hit);
  }
  /// The same, with one look at one bucket, which may not tell.
  template <class K, class OnHit>
  EVAC_ALWAYS_INLINE typename reader_type::outcome find_at_once(const K& key, size_type hash,
                                                                const OnHit& on_hit) const {
    const root_type* const table = root();
    if (table == nullptr) [[unlikely]]
      return reader_type::outcome::absent;
    return reader_type::find_at_once(*table, hash, same_key(key), on_hit);
  }
  /// The element of a key, if there is one.
  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE std::optional<slot_value> current(epoch_record& own, const K& key,
                                                                     size_type hash) const {
    std::optional<slot_value> result;
    using outcome = typename reader_type::outcome;
    const outcome at_once = find_at_once(key, hash, [&](const slot_value& element) { result.emplace(element); });
    if (at_once == outcome::found || at_once == outcome::absent) [[likely]]
      return result;
    return current_again(own, key, hash);
  }

  // --- changing one key: by a thread that is inside, and has made room for retired_bytes -----------------------------

  /// Puts an element in, or in the place of the one with its key. Returns whether it is new.
  bool put(epoch_record& own, fresh_type& fresh, size_type hash) {
    check_not_in_update(own, fresh.key(), hash);
    ready_to_retire(own);
    growth_request asked;
    std::optional<slot_value> replaced;
    with_locked_chain(have_root(), own, fresh.key(), hash, [&](root_type& table, chain_type& chain, place found) {
      if (found.where != nullptr) {
        if constexpr (InNodes) replaced = chain_type::at(found);
        chain.replace(found, fresh.get());
      } else {
        asked = insert(own, table, chain, fresh.get(), hash);
      }
    });
    fresh.release();
    if (replaced.has_value()) retire(own, *replaced);
    grow_if_asked(own, asked);
    return asked.of != nullptr;
  }
  /// Puts an element in if its key is absent; returns the one that is there else.
  std::optional<slot_value> put_if_absent(epoch_record& own, fresh_type& fresh, size_type hash) {
    check_not_in_update(own, fresh.key(), hash);
    growth_request asked;
    std::optional<slot_value> there;
    with_locked_chain(have_root(), own, fresh.key(), hash, [&](root_type& table, chain_type& chain, place found) {
      if (found.where != nullptr) {
        there = chain_type::at(found);
      } else {
        asked = insert(own, table, chain, fresh.get(), hash);
      }
    });
    if (!there.has_value()) {
      fresh.release();
      grow_if_asked(own, asked);
    }
    return there;
  }
  /// Gives a key the element `desired`, or none if that is null, if the key still has `expected`, or none. Returns
  /// whether it had.
  template <class K>
  bool change_if_same(epoch_record& own, const K& key, size_type hash, const std::optional<slot_value>& expected,
                      fresh_type* desired) {
    if (!expected.has_value()) return desired == nullptr || !put_if_absent(own, *desired, hash).has_value();
    const auto same = [&](const slot_value& there) { return storage::same(there, *expected); };
    if (desired == nullptr) return take_if(own, key, hash, same).has_value();
    check_not_in_update(own, desired->key(), hash);
    ready_to_retire(own);
    root_type* const table = root();
    if (table == nullptr) return false;
    const bool done = with_locked_chain(*table, own, key, hash, [&](root_type&, chain_type& chain, place found) {
      if (found.where == nullptr || !same(chain_type::at(found))) return false;
      chain.replace(found, desired->get());
      return true;
    });
    if (!done) return false;
    desired->release();
    retire(own, *expected);
    return true;
  }
  /// Removes a key if it has an element for which condition(slot_value) is true: under the lock, so that it may only
  /// compare words. Returns the element that was removed.
  template <class K, class Condition>
  EVAC_ALWAYS_INLINE std::optional<slot_value> take_if(epoch_record& own, const K& key, size_type hash,
                                                       const Condition& condition) {
    if (own.updates != nullptr) [[unlikely]] {
      const std::optional<slot_value> there = current(own, key, hash);
      if (there.has_value()) check_not_in_update(own, storage::key(*there), hash);
    }
    ready_to_retire(own);
    std::optional<slot_value> taken;
    root_type* const table = root();
    if (table == nullptr || reader_type(*table, own).surely_absent(hash)) return taken;
    with_locked_chain(*table, own, key, hash, [&](root_type&, chain_type& chain, place found) {
      if (found.where == nullptr) return;
      const slot_value there = chain_type::at(found);
      if (!condition(there)) return;
      chain.erase(found, [&](auto* emptied) { table->give_back(chain.home(), emptied); });
      table->elements().erase(own.index);
      taken = there;
    });
    if (taken.has_value()) retire(own, *taken);
    return taken;
  }

  // --- the whole: by a thread that need not be inside ----------------------------------------------------------------

  /// O(stripes).
  [[nodiscard]] size_type size() const {
    const read_guard inside(*core_);
    const root_type* const table = root();
    return table == nullptr ? 0 : table->size();
  }
  /// Calls of clear() that found something.
  [[nodiscard]] size_type clears() const noexcept { return serials_.load(relaxed) / one_clear; }  // relaxed: a figure
  /// Everything goes at once, in one exchange; the memory piece by piece, when nobody can be inside and writers come
  /// by. At the cap it waits for room for what it takes away.
  void clear() {
    size_type room = 0;
    {
      const read_guard inside(*core_);
      const root_type* const table = root();
      if (table == nullptr) return;
      room = cleared_bytes(*table);
    }
    // It may grow meanwhile; but it counts no more than this.
    if (!clear_within(room)) static_cast<void>(clear_within(most_cleared_bytes()));
  }
  /// Homes for n elements, made now. The memory is asked for first, all of it; if there is none, nothing has changed.
  /// Where there are elements already, by splitting: O(n), while others go on, and leaving the domain after each run.
  /// Throws what hashes throw for a bucket that they keep from being split; the others are.
  void reserve(size_type n) {
    const size_type homes = root_type::checked(homes_for(n, chain_type::home_slots, shared_load));
    constexpr backoff patience{.pauses = 0, .yields = 256};
    for (int waits = 0;;) {
      write_guard inside(*core_, 0);
      root_type* table = root();
      if (table == nullptr) table = std::addressof(make_root(homes));
      growth_type splits(functors_, *table, inside.own, *core_);
      if (table->claimed() < homes) {
        table->open_until(homes);
        // If there is nothing to claim, others are at work on what has to come before.
        if (!splits.grow(n)) patience.wait(waits++);
      } else if (splits.complete(homes)) {
        return;
      }
    }
  }
  /// For a thread that has left the domain and come back: whether a root is still the table. It may be gone, and
  /// another may have its address.
  [[nodiscard]] bool is_current(const root_type& table, std::uint64_t serial) const noexcept {
    const root_type* const now = root();
    return now == std::addressof(table) && now->serial() == serial;
  }

 private:
  using growth_type = growth<storage, allocator_type, functors_type>;
  using memory_type = root_memory<storage, allocator_type>;
  using place = typename chain_type::place;

  /// By an insertion: room for so many elements, or for no more than there is if they are 0.
  struct growth_request {
    root_type* of = nullptr;
    size_type elements = 0;
  };

  // For current(), where one look at one bucket does not tell.
  template <class K>
  EVAC_NEVER_INLINE std::optional<slot_value> current_again(epoch_record& own, const K& key, size_type hash) const {
    std::optional<slot_value> result;
    find(own, key, hash, [&](const slot_value& element) { result = element; });
    return result;
  }
  // Locks the chain of a key, and calls change(root, chain, place of the key). Throws what equality and change throw.
  template <class K, class Change>
  EVAC_ALWAYS_INLINE auto with_locked_chain(root_type& table, epoch_record& own, const K& key, size_type hash,
                                            const Change& change) {
    chain_type chain = table.lock_home(own, *core_, hash);
    return change(table, chain, chain.find(tag_of(hash), same_key(key)));
  }
  // Adds an element to a locked chain and counts it. Throws std::bad_alloc, and has changed nothing then.
  [[nodiscard]] EVAC_ALWAYS_INLINE growth_request insert(epoch_record& own, root_type& table, chain_type& chain,
                                                         const slot_value& element, size_type hash) {
    auto* const overflow = chain.needs_overflow() ? table.take_overflow(chain.home()) : nullptr;
    // Counted first: a thread that finds the element, which may be before the lock is released, finds it counted.
    const growth_request asked{std::addressof(table), table.elements().insert(own.index)};
    chain.insert(element, tag_of(hash), overflow);
    return asked;
  }
  // After the lock is released. Up to split_frontier::longest_run parents are evacuated.
  EVAC_ALWAYS_INLINE void grow_if_asked(epoch_record& own, const growth_request& asked) {
    if (asked.elements != 0) growth_type(functors_, *asked.of, own, *core_).grow(asked.elements);
  }
  // User code may have retired what this call had made room for. Throws std::bad_alloc; nothing has changed yet.
  EVAC_ALWAYS_INLINE void ready_to_retire(epoch_record& own) {
    if constexpr (InNodes) core_->make_room(own, retired_bytes);
  }
  // Takes away what was replaced or erased. Elements in slots need nothing.
  EVAC_ALWAYS_INLINE void retire(epoch_record& own, const slot_value& gone) {
    if constexpr (InNodes) core_->retire(own, memory_.as_retired(gone, retired_bytes));
  }
  // Before anything changes.
  EVAC_ALWAYS_INLINE void check_not_in_update(const epoch_record& own, const key_type& key, size_type hash) const {
    if (own.updates != nullptr) [[unlikely]]
      key_update::report_reentry(own.updates, this, hash, std::addressof(key));
  }
  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE auto same_key(const K& key) const {
    return [this, &key](const slot_value& element) -> bool { return functors_.equal(storage::key(element), key); };
  }

  // --- roots ---------------------------------------------------------------------------------------------------------

  [[nodiscard]] EVAC_ALWAYS_INLINE root_type& have_root() {
    root_type* const table = root();
    return table != nullptr ? *table : make_root(0);
  }
  EVAC_NEVER_INLINE root_type& make_root(size_type homes) {
    // relaxed: a name
    root_type* const fresh = memory_type::make(functors_.allocator, homes, serials_.fetch_add(1, relaxed));
    root_type* there = nullptr;
    // release: made. acquire: made by another
    if (root_.compare_exchange_strong(there, fresh, acq_rel, acquire)) return *fresh;
    memory_type::destroy(fresh);
    return *there;
  }
  // A root that counted in full could keep all writers waiting until the last of it is gone.
  [[nodiscard]] size_type most_cleared_bytes() const noexcept {
    return std::max<size_type>(core_->budget().cap() / 4, 1);
  }
  [[nodiscard]] size_type cleared_bytes(const root_type& table) const noexcept {
    return (std::min)(table.touched_bytes() + table.size() * retired_bytes, most_cleared_bytes());
  }
  // Takes the root away if it counts so much at most; returns whether none is left.
  bool clear_within(size_type room) {
    const size_type kept = thread_records::of(*core_).reserved;
    const write_guard inside(*core_, room);
    root_type* gone = root();
    size_type bytes = 0;
    do {
      if (gone == nullptr) break;
      bytes = cleared_bytes(*gone);
      if (bytes > room) break;
      // acq_rel: made; and what this thread did before is seen by a thread that finds no root. acquire: made
    } while (!root_.compare_exchange_weak(gone, nullptr, acq_rel, acquire));
    if (gone != nullptr && bytes <= room) {
      serials_.fetch_add(one_clear, relaxed);  // relaxed: a figure
      core_->retire(inside.own, memory_.as_retired(gone, bytes));
    }
    core_->give_up_room(inside.own, kept);
    return bytes <= room;
  }

  atomic<root_type*> root_{nullptr};  // by the thread that makes the first element, or clears
  epoch_core* core_;
  functors_type functors_;
  memory_type memory_;
  static constexpr std::uint64_t one_clear = std::uint64_t{1} << 32U;
  atomic<std::uint64_t> serials_{0};  // roots made, and in the upper half roots that clear() has taken away
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
