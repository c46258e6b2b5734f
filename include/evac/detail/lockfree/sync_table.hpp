// The table of a sync map or set: its root, and the steps that verbs are made of.
//
//   map | domain * | table: root * | core * | hash, equality, allocator, seed | memory of roots |
//                           null until the first element, and after clear()
//
// A write: make room for what it may retire; enter; look for the key, as a reader does; lock its home as it was seen;
// change the chain; unlock; count; split off what that asks for; leave. If the key may be elsewhere by then it is
// looked for again, locked.
#ifndef EVAC_DETAIL_LOCKFREE_SYNC_TABLE_HPP
#define EVAC_DETAIL_LOCKFREE_SYNC_TABLE_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/face/prepared_key.hpp"
#include "evac/detail/lockfree/chain_reader.hpp"
#include "evac/detail/lockfree/fresh_element.hpp"
#include "evac/detail/lockfree/growth.hpp"
#include "evac/detail/lockfree/guards.hpp"
#include "evac/detail/lockfree/key_update.hpp"
#include "evac/detail/lockfree/observing.hpp"
#include "evac/detail/lockfree/root.hpp"
#include "evac/detail/lockfree/roots.hpp"
#include "evac/detail/lockfree/storage.hpp"
#include "evac/detail/sync/lookup_counts.hpp"

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
  using home_type = typename root_type::home_type;
  using bucket_type = typename chain_type::bucket_type;
  using place = typename chain_type::place;
  using outcome = typename reader_type::outcome;
  using sight = typename reader_type::sight;
  using size_type = std::size_t;

  /// Bytes that a write which replaces or erases an element takes away; 0 in slots.
  static constexpr size_type retired_bytes = InNodes ? sizeof(typename std::remove_pointer_t<slot_value>) : 0;

  sync_table(epoch_core& core, const typename Policy::hasher& hash, const typename Policy::key_equal& equal,
             const allocator_type& allocator)
      : roots_(core, allocator), functors_(hash, equal, allocator) {}
  sync_table(const sync_table&) = delete;
  sync_table& operator=(const sync_table&) = delete;
  /// Nobody may be inside. O(elements), and O(garbage of the domain) if anything was retired.
  ~sync_table() { roots_.destroy_all(functors_.allocator, this, functors_.observed); }

  [[nodiscard]] const functors_type& functors() const noexcept { return functors_; }
  [[nodiscard]] watched& observed() noexcept { return functors_.observed; }
  [[nodiscard]] const allocator_type& allocator() const noexcept { return functors_.allocator; }
  /// For verbs that are look-ups.
  [[nodiscard]] EVAC_ALWAYS_INLINE auto& lookups() const noexcept { return lookups_; }
  [[nodiscard]] EVAC_ALWAYS_INLINE epoch_core& core() const noexcept { return roots_.core(); }
  [[nodiscard]] EVAC_ALWAYS_INLINE root_type* root() const noexcept { return roots_.now(); }  // by a thread inside
  [[nodiscard]] size_type size() const { return roots_.size(); }
  void clear() { roots_.clear(retired_bytes, this, functors_.observed); }
  [[nodiscard]] size_type clears() const noexcept { return roots_.clears(); }
  void reserve(size_type n) { roots_.reserve(functors_, n); }
  [[nodiscard]] bool is_current(const root_type& table, std::uint64_t serial) const noexcept {
    return roots_.is_current(table, serial);
  }

  // --- looking: by a thread that is inside, without a lock -----------------------------------------------------------

  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE size_type hash_of(const K& key) const {
    return hash_unless_prepared(functors_, this, key);
  }
  /// One look at the home of a key: as chain_reader's, and `absent` if there is no table.
  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE outcome look(const K& key, size_type hash, sight& seen) const {
    const root_type* const table = root();
    if (table == nullptr) [[unlikely]]
      return outcome::absent;
    return reader_type::look(*table, hash, same_key(key), seen);
  }
  /// Where that has not told: calls on_hit(slot_value) for the element of a key; returns whether there is one. `behind`
  /// is its home, in the state that was seen, or null if it has to be looked for from the start.
  template <class K, class OnHit>
  bool find_further(epoch_record& own, const bucket_type* behind, bucket_state state, const K& key, size_type hash,
                    const OnHit& on_hit) const {
    const root_type* const table = root();
    if (table == nullptr) return false;
    reader_type reader(*table, own);
    return behind != nullptr ? reader.find_behind(*behind, state, hash, same_key(key), on_hit)
                             : reader.find(hash, same_key(key), on_hit);
  }
  template <class K, class OnHit>
  EVAC_ALWAYS_INLINE bool find(epoch_record& own, const K& key, size_type hash, const OnHit& on_hit) const {
    sight seen;
    const outcome at_once = look(key, hash, seen);
    if (at_once == outcome::absent) return false;
    if (at_once != outcome::found) [[unlikely]]
      return find_further(own, at_once == outcome::behind ? seen.home : nullptr, seen.state, key, hash, on_hit);
    on_hit(seen.element);
    return true;
  }
  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE auto same_key(const K& key) const {
    return [this, &key](const slot_value& at) -> bool { return functors_.equal(storage::key(at), unprepared(key)); };
  }
  /// The state of a key as a thread has seen it, and where it can change that.
  struct sighting {
    root_type* root = nullptr;  // null: there was no table
    bool there = false;
    bool at_home = false;  // whether one look at its home told all
    sight home;            // of that look; but the element is told wherever it is

    [[nodiscard]] std::optional<slot_value> element() const noexcept {
      return there ? std::optional<slot_value>(home.element) : std::nullopt;
    }
  };
  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE sighting look_for(epoch_record& own, const K& key, size_type hash) const {
    sighting seen = look_at_home(key, hash);
    if (!seen.at_home && seen.root != nullptr) [[unlikely]] {
      const auto [there, element] = look_further(own, key, hash);
      seen.there = there;
      seen.home.element = element;
    }
    return seen;
  }
  /// The same with one look at the home, which may not tell: then it is not `at_home`.
  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE sighting look_at_home(const K& key, size_type hash) const {
    sighting seen;
    seen.root = root();
    if (seen.root == nullptr) [[unlikely]]
      return seen;
    const outcome result = reader_type::look(*seen.root, hash, same_key(key), seen.home);
    seen.there = result == outcome::found;
    seen.at_home = seen.there || result == outcome::absent;
    return seen;
  }

  // --- changing one key: by a thread that is inside, and has made room for retired_bytes -----------------------------

  /// Puts an element in, or in the place of the one with its key. Returns whether it is new.
  EVAC_NEVER_INLINE bool put(epoch_record& own, fresh_type&& fresh, size_type hash) {
    check_not_in_update(own, fresh.key(), hash);
    ready_to_retire(own);
    growth_request asked;
    std::optional<slot_value> replaced;
    with_locked_chain(roots_.have(functors_.allocator), own, fresh.key(), hash,
                      [&](root_type& table, chain_type& chain, place found) {
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
  EVAC_NEVER_INLINE std::optional<slot_value> put_if_absent(epoch_record& own, fresh_type&& fresh, size_type hash) {
    check_not_in_update(own, fresh.key(), hash);
    growth_request asked;
    std::optional<slot_value> there;
    with_locked_chain(roots_.have(functors_.allocator), own, fresh.key(), hash,
                      [&](root_type& table, chain_type& chain, place found) {
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
  /// Replaces the element of a key if condition(that one) is true: under the lock, so that it may only compare words.
  template <class Condition>
  EVAC_NEVER_INLINE bool replace_if(epoch_record& own, fresh_type&& fresh, size_type hash, const Condition& condition) {
    check_not_in_update(own, fresh.key(), hash);
    ready_to_retire(own);
    root_type* const table = root();
    if (table == nullptr) return false;
    slot_value before;
    const bool done =
        with_locked_chain(*table, own, fresh.key(), hash, [&](root_type&, chain_type& chain, place found) {
          if (found.where == nullptr) return false;
          before = chain_type::at(found);
          if (!condition(before)) return false;
          chain.replace(found, fresh.get());
          return true;
        });
    if (!done) return false;
    fresh.release();
    retire(own, before);
    return true;
  }
  /// Removes a key if it has an element, and condition(that one) is true: as above.
  template <class K, class Condition>
  EVAC_NEVER_INLINE bool erase_if(epoch_record& own, const K& key, size_type hash, const Condition& condition) {
    if (own.updates != nullptr) {
      const sighting seen = look_for(own, key, hash);
      if (seen.there) check_not_in_update(own, storage::key(seen.home.element), hash);
    }
    ready_to_retire(own);
    root_type* const table = root();
    if (table == nullptr) return false;
    slot_value gone;
    const bool done = with_locked_chain(*table, own, key, hash, [&](root_type&, chain_type& chain, place found) {
      if (found.where == nullptr) return false;
      gone = chain_type::at(found);
      if (!condition(gone)) return false;
      chain.erase(found, [&](auto* emptied) { table->give_back(chain.home(), emptied); });
      table->elements().erase(own.index);
      return true;
    });
    if (done) retire(own, gone);
    return done;
  }

  // --- the same to one home that is still as it was seen, or nothing and false: then the step above has to do it -----

  EVAC_ALWAYS_INLINE bool insert_as_seen(epoch_record& own, const sighting& seen, fresh_type& fresh) {
    if (!seen.at_home || !home_type::has_room(seen.home.tags) || !is_plain(own, seen) || !lock_as_seen(seen.home))
      return false;
    growth_request asked;
    {
      home_type home(*seen.home.home, seen.home.state, seen.home.tags, core().sleepers());
      asked = {seen.root, seen.root->elements().insert(own.index)};  // counted first: as in insert()
      home.insert(fresh.get(), seen.home.tag);
    }
    fresh.release();
    grow_if_asked(own, asked);
    return true;
  }
  template <class Condition>
  EVAC_ALWAYS_INLINE bool replace_as_seen(epoch_record& own, const sighting& seen, fresh_type& fresh,
                                          const Condition& condition) {
    if (!seen.at_home) return false;
    ready_to_retire(own);
    if (!is_plain(own, seen) || !lock_as_seen(seen.home)) return false;
    slot_value before = seen.home.element;
    {
      home_type home(*seen.home.home, seen.home.state, seen.home.tags, core().sleepers());
      const place found = seen.home.where();
      if constexpr (InNodes || !std::is_same_v<Condition, always>) before = home.at(found);  // the value may be another
      if (!condition(before)) return false;
      home.replace(found, fresh.get());
    }
    fresh.release();
    retire(own, before);
    return true;
  }
  template <class Condition>
  EVAC_ALWAYS_INLINE bool erase_as_seen(epoch_record& own, const sighting& seen, const Condition& condition) {
    if (!seen.at_home || seen.home.tags.any_overflow()) return false;
    ready_to_retire(own);
    if (!is_plain(own, seen) || !lock_as_seen(seen.home)) return false;
    slot_value gone = seen.home.element;
    {
      home_type home(*seen.home.home, seen.home.state, seen.home.tags, core().sleepers());
      const place found = seen.home.where();
      if constexpr (InNodes || !std::is_same_v<Condition, always>) gone = home.at(found);
      if (!condition(gone)) return false;
      home.erase(found);
      seen.root->elements().erase(own.index);
    }
    retire(own, gone);
    return true;
  }

 private:
  using roots_type = sync_roots<storage, allocator_type>;
  using growth_request = detail::growth_request<root_type>;

  // For look_for(), where one look at one bucket does not tell.
  template <class K>
  [[nodiscard]] EVAC_NEVER_INLINE auto look_further(epoch_record& own, const K& key, size_type hash) const {
    std::pair<bool, slot_value> result{};  // whether there is one, and which
    result.first = find(own, key, hash, [&](const slot_value& element) { result.second = element; });
    return result;
  }
  // Whether the thread is in no update(), and what it has seen still the table: user code may have cleared it since.
  [[nodiscard]] EVAC_ALWAYS_INLINE bool is_plain(const epoch_record& own, const sighting& seen) const noexcept {
    return own.updates == nullptr && root() == seen.root;
  }
  [[nodiscard]] EVAC_ALWAYS_INLINE bool lock_as_seen(const sight& seen) noexcept {
    return home_type::try_lock_as_seen(*seen.home, seen.state, seen.tags, core().sleepers());
  }
  // Locks the chain of a key, and calls change(root, chain, place of the key). Throws what equality and change throw.
  template <class K, class Change>
  auto with_locked_chain(root_type& table, epoch_record& own, const K& key, size_type hash, const Change& change) {
    const told_wait tells(this, functors_.observed, own);
    const auto locked = table.lock_home(own, core(), hash);
    chain_type chain(*locked.home, locked.state, core().sleepers());
    return change(table, chain, chain.find(tag_of(hash), same_key(key)));
  }
  // Adds an element to a locked chain and counts it. Throws std::bad_alloc, and has changed nothing then.
  [[nodiscard]] growth_request insert(epoch_record& own, root_type& table, chain_type& chain, const slot_value& element,
                                      size_type hash) {
    auto* const overflow = chain.needs_overflow() ? table.take_overflow(chain.home()) : nullptr;
    // Counted first: a thread that finds the element, perhaps before the lock is released, finds it counted.
    const growth_request asked{std::addressof(table), table.elements().insert(own.index)};
    chain.insert(element, tag_of(hash), overflow);
    return asked;
  }
  // After the lock is released. Up to split_frontier::longest_run parents are evacuated.
  EVAC_ALWAYS_INLINE void grow_if_asked(epoch_record& own, const growth_request& asked) {
    if (asked.elements != 0) growth(this, functors_, *asked.of, own, core()).grow(asked.elements);
  }
  // User code may have retired what this call had made room for. Throws std::bad_alloc; nothing has changed yet.
  EVAC_ALWAYS_INLINE void ready_to_retire(epoch_record& own) {
    if constexpr (InNodes) core().make_room(own, retired_bytes);
  }
  // Takes away what was replaced or erased. Elements in slots need nothing.
  EVAC_ALWAYS_INLINE void retire(epoch_record& own, const slot_value& gone) {
    if constexpr (InNodes) core().retire(own, roots_.as_retired(gone, retired_bytes));
  }
  // Before anything changes.
  EVAC_ALWAYS_INLINE void check_not_in_update(const epoch_record& own, const key_type& key, size_type hash) const {
    if (own.updates != nullptr) [[unlikely]]
      key_update::report_reentry(own.updates, this, functors_.observed, hash, std::addressof(key));
  }

  roots_type roots_;
  functors_type functors_;
  [[no_unique_address]] mutable counts_if<counts_lookups<typename Policy::hasher>, lookup_counts> lookups_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
