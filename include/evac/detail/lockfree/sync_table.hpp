// The mechanics of sync maps and sets: what is done to one key, to all elements, to the whole. No overloads: those are
// in sync_map.hpp and sync_set.hpp.
//
//   map | root * | domain * | hash, equality, allocator, seed |
//         null until the first element, and after clear()
//
// A write: make room for what it may retire; enter; find or make the root; lock the home of the key; change the chain;
// unlock; count; split off what the count asks for; leave. User code other than hash and equality runs without the
// lock: a verb that depends on the value looks first and then changes the chain only if it finds what it has seen, else
// it looks again.
#ifndef EVAC_DETAIL_LOCKFREE_SYNC_TABLE_HPP
#define EVAC_DETAIL_LOCKFREE_SYNC_TABLE_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "evac/detail/config.hpp"
#include "evac/detail/lockfree/calls.hpp"
#include "evac/detail/lockfree/chain_reader.hpp"
#include "evac/detail/lockfree/root.hpp"
#include "evac/detail/lockfree/root_memory.hpp"
#include "evac/detail/lockfree/split.hpp"
#include "evac/detail/lockfree/storage.hpp"
#include "evac/epoch.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy, bool InNodes>
class sync_table {
 public:
  using elements = typename Policy::elements;
  using key_type = typename Policy::key_type;
  using allocator_type = typename Policy::allocator_type;
  using functors_type = typename Policy::functors_type;
  using storage = std::conditional_t<InNodes, nodes_storage<elements, allocator_type>, slots_storage<elements>>;
  using held = typename storage::held;
  using root_type = sync_root<storage, allocator_type>;
  using memory_type = root_memory<storage, allocator_type>;
  using chain_type = typename root_type::chain_type;
  using place = typename chain_type::place;
  using size_type = std::size_t;
  using record_type = epoch_record;

  sync_table(epoch_domain& domain, const typename Policy::hasher& hash, const typename Policy::key_equal& equal,
             const allocator_type& allocator)
      : core_(&domain.core()), domain_(&domain), functors_(hash, equal, allocator), memory_(allocator) {}
  sync_table(const sync_table&) = delete;
  sync_table& operator=(const sync_table&) = delete;
  /// Nobody may be inside. O(elements).
  ~sync_table() {
    root_type* const last = root_.load(acquire);  // acquire: made
    if (last != nullptr) {
      memory_type::free_elements(*last, last->claimed());
      memory_type::destroy(last);
    }
  }

  [[nodiscard]] const functors_type& functors() const noexcept { return functors_; }
  [[nodiscard]] epoch_domain& domain() const noexcept { return *domain_; }
  /// What calls are made on.
  [[nodiscard]] epoch_core& core() const noexcept { return *core_; }
  [[nodiscard]] const root_type* root() const noexcept { return root_.load(acquire); }  // acquire: made

  // --- one key -------------------------------------------------------------------------------------------------------

  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE size_type hash_of(const K& key) const {
    return functors_.hash_of(key);
  }

  /// Calls on_hit(held) for the element of a key, inside the domain; returns whether there is one.
  template <class K, class OnHit>
  EVAC_ALWAYS_INLINE bool find(epoch_record& own, const K& key, size_type hash, const OnHit& on_hit) const {
    const root_type* const root = root_.load(acquire);  // acquire: made
    if (root == nullptr) [[unlikely]]
      return false;
    return chain_reader<storage, allocator_type>(*root, own).find(hash, same_key(key), on_hit);
  }

  /// The same, with one look at one bucket, which may not tell.
  using reader_type = chain_reader<storage, allocator_type>;
  template <class K, class OnHit>
  EVAC_ALWAYS_INLINE typename reader_type::outcome find_at_once(const K& key, size_type hash,
                                                                const OnHit& on_hit) const {
    const root_type* const root = root_.load(acquire);  // acquire: made
    if (root == nullptr) [[unlikely]]
      return reader_type::outcome::absent;
    return reader_type::find_at_once(*root, hash, same_key(key), on_hit);
  }

  /// Fetches what look-ups of these hashes will read.
  void prefetch(epoch_record& own, const size_type* hashes, size_type count) const noexcept {
    const root_type* const root = root_.load(acquire);  // acquire: made
    if (root == nullptr) return;
    const chain_reader<storage, allocator_type> reader(*root, own);
    for (size_type i = 0; i != count; ++i) reader.prefetch(hashes[i]);
    if constexpr (InNodes) {
      for (size_type i = 0; i != count; ++i) reader.prefetch_node(hashes[i]);
    }
  }

  /// Locks the chain of a key, in a root that is there for sure, and calls change(root, chain, place of the key).
  /// Throws what making a root, equality and change throw.
  template <class K, class Change>
  EVAC_ALWAYS_INLINE auto change(epoch_record& own, const K& key, size_type hash, const Change& change) {
    root_type& root = have_root();
    chain_type chain = root.lock_home(own, *core_, hash);
    return change(root, chain, chain.find(tag_of(hash), same_key(key)));
  }
  /// The same where there is nothing to do without a root: returns `otherwise` then.
  template <class K, class Result, class Change>
  EVAC_ALWAYS_INLINE Result change_if_rooted(epoch_record& own, const K& key, size_type hash, const Result& otherwise,
                                             const Change& change) {
    root_type* const root = root_.load(acquire);  // acquire: made
    if (root == nullptr) return otherwise;
    chain_type chain = root->lock_home(own, *core_, hash);
    return change(*root, chain, chain.find(tag_of(hash), same_key(key)));
  }

  /// For change(): adds an element. Throws std::bad_alloc, and has changed nothing then.
  EVAC_ALWAYS_INLINE void insert(root_type& root, chain_type& chain, const held& element, size_type hash) {
    chain.insert(element, tag_of(hash), chain.needs_overflow() ? root.take_overflow(chain.home()) : nullptr);
  }
  /// For change(): removes an element.
  EVAC_ALWAYS_INLINE void erase(root_type& root, chain_type& chain, place found) noexcept {
    chain.erase(found, [&](auto* emptied) { root.give_back(chain.home(), emptied); });
  }

  /// After the lock is released: an element more, and what that asks for. Up to root_type::longest_run parents are
  /// evacuated.
  EVAC_ALWAYS_INLINE void count_insert(epoch_record& own, root_type& root) {
    const size_type elements_now = root.count(own, 1);
    if (elements_now != 0) grow(own, root, elements_now);
  }
  EVAC_ALWAYS_INLINE static void count_erase(epoch_record& own, root_type& root) noexcept { root.count(own, -1); }

  /// User code may have retired what this call had made room for. Throws std::bad_alloc; nothing has changed yet.
  EVAC_ALWAYS_INLINE void ready_to_retire(epoch_record& own) {
    if constexpr (InNodes) core_->make_room(own, retired_bytes);
  }
  /// Takes away what was replaced or erased. Elements in slots need nothing.
  EVAC_ALWAYS_INLINE void retire(epoch_record& own, const held& gone) {
    if constexpr (InNodes) core_->retire(own, memory_.gone(gone, retired_bytes));
  }
  static constexpr size_type retired_bytes = InNodes ? sizeof(typename std::remove_pointer_t<held>) : 0;

  /// An element that is not in the table yet: freed unless it is released.
  class fresh_node {
   public:
    template <class... Args>
    fresh_node(sync_table& table, size_type hash, Args&&... args)
        : table_(table), node_(storage::make(table.functors_.allocator, hash, std::forward<Args>(args)...)) {}
    fresh_node(const fresh_node&) = delete;
    fresh_node& operator=(const fresh_node&) = delete;
    ~fresh_node() {
      if (node_ != nullptr) storage::destroy(table_.functors_.allocator, node_);
    }
    [[nodiscard]] const key_type& key() const noexcept { return storage::key(node_); }
    [[nodiscard]] const held& get() const noexcept { return node_; }
    void release() noexcept { node_ = nullptr; }

   private:
    sync_table& table_;
    held node_;
  };
  class fresh_slot {
   public:
    template <class K, class... V>
    fresh_slot(sync_table&, size_type, K&& key, V&&... value)
        : key_(static_cast<key_type>(std::forward<K>(key))),
          held_(storage::make(key_, typename storage::mapped_type(std::forward<V>(value)...))) {}
    [[nodiscard]] const key_type& key() const noexcept { return key_; }
    [[nodiscard]] const held& get() const noexcept { return held_; }
    void release() noexcept {}

   private:
    key_type key_;
    held held_;
  };
  using fresh_element = std::conditional_t<InNodes, fresh_node, fresh_slot>;

  /// Puts an element in, or in the place of the one with its key, which `replaced` then is; returns whether it is new.
  bool put(epoch_record& own, fresh_element& fresh, size_type hash, std::optional<held>& replaced) {
    ready_to_retire(own);
    root_type* used = nullptr;
    change(own, fresh.key(), hash, [&](root_type& root, chain_type& chain, place found) {
      used = &root;
      if (found.where != nullptr) {
        replaced = chain_type::at(found);
        chain.replace(found, fresh.get());
      } else {
        insert(root, chain, fresh.get(), hash);
      }
    });
    fresh.release();
    if (replaced.has_value()) return false;
    count_insert(own, *used);
    return true;
  }
  /// Puts an element in if its key is absent; returns the one that is there else.
  std::optional<held> put_absent(epoch_record& own, fresh_element& fresh, size_type hash) {
    root_type* used = nullptr;
    std::optional<held> there;
    change(own, fresh.key(), hash, [&](root_type& root, chain_type& chain, place found) {
      used = &root;
      if (found.where != nullptr) {
        there = chain_type::at(found);
      } else {
        insert(root, chain, fresh.get(), hash);
      }
    });
    if (!there.has_value()) {
      fresh.release();
      count_insert(own, *used);
    }
    return there;
  }
  /// The element of a key, if there is one.
  template <class K>
  [[nodiscard]] std::optional<held> seen(epoch_record& own, const K& key, size_type hash) const {
    std::optional<held> result;
    find(own, key, hash, [&](const held& element) { result = element; });
    return result;
  }
  /// Puts `fresh` in the place of `expected`, if that is still what the key has.
  bool put_if_same(epoch_record& own, fresh_element& fresh, size_type hash, const held& expected) {
    ready_to_retire(own);
    const bool done = change_if_rooted(own, fresh.key(), hash, false, [&](root_type&, chain_type& chain, place found) {
      if (found.where == nullptr || !storage::same(chain_type::at(found), expected)) return false;
      chain.replace(found, fresh.get());
      return true;
    });
    if (done) {
      fresh.release();
      retire(own, expected);
    }
    return done;
  }
  /// Removes a key if it has an element for which condition(held) is true: under the lock, so that it may only compare
  /// words. Returns what was removed.
  template <class K, class Condition>
  std::optional<held> take_if(epoch_record& own, const K& key, size_type hash, const Condition& condition) {
    ready_to_retire(own);
    std::optional<held> taken;
    root_type* const current = root_.load(acquire);  // acquire: made
    if (current == nullptr || chain_reader<storage, allocator_type>(*current, own).surely_absent(hash)) return taken;
    change_if_rooted(own, key, hash, false, [&](root_type& root, chain_type& chain, place found) {
      if (found.where == nullptr) return false;
      const held there = chain_type::at(found);
      if (!condition(there)) return false;
      erase(root, chain, found);
      count_erase(own, root);
      taken = there;
      return true;
    });
    if (taken.has_value()) retire(own, *taken);
    return taken;
  }

  // --- the whole -----------------------------------------------------------------------------------------------------

  /// O(stripes).
  [[nodiscard]] size_type size() const {
    const read_call inside(*core_);
    const root_type* const root = root_.load(acquire);  // acquire: made
    return root == nullptr ? 0 : root->size();
  }

  /// Everything goes at once, in one exchange; the memory piece by piece, when nobody can be inside and writers come
  /// by.
  void clear() {
    write_call call(*core_, 1);
    // acq_rel: made; and what this thread did before is seen by who finds no root
    root_type* const gone = root_.exchange(nullptr, acq_rel);
    if (gone == nullptr) return;
    // A root that counted in full could keep all writers waiting until the last of it is gone.
    const size_type bytes = (std::min)(gone->touched_bytes() + gone->size() * retired_bytes, core_->budget().cap() / 4);
    core_->retire(call.own, memory_.gone(gone, bytes));
  }

  /// Homes for n elements, made now. Where there are elements already, by splitting: O(n), while others go on, and
  /// leaving the domain after each run.
  void reserve(size_type n) {
    const size_type homes = homes_for(n, chain_type::home_slots, shared_load);
    root_type::check_homes(homes);
    constexpr int patience = 1000;
    for (int idle = 0; idle < patience; ++idle) {
      write_call call(*core_, 0);
      root_type* root = root_.load(acquire);  // acquire: made
      if (root == nullptr) root = &make_root(homes);
      if (root->claimed() >= homes) return;
      if (grow(call.own, *root, n)) {
        idle = 0;
      } else if (root->memory_is_refused()) {
        throw_bad_alloc();
      } else {
        std::this_thread::yield();  // others are at work on what has to come before
      }
    }
  }

  /// Calls f(held) for elements until it returns false; returns whether it never did. Each key that is there all the
  /// time is seen once, others at most once.
  ///
  /// A bucket is copied at one moment, together with its depth; of its children those are visited that were there at
  /// that moment, and no other: a key that moves on later has been copied already. f runs without a lock. Between
  /// buckets the thread leaves the domain for an instant.
  template <class F>
  bool for_each(const F& f) const {
    read_call inside(*core_);
    const root_type* const root = root_.load(acquire);  // acquire: made
    if (root == nullptr) return true;
    const std::uint64_t serial = root->serial();
    // All homes below a power of two that exist: what is beyond them descends from them.
    const size_type homes = std::bit_floor(root->homes());
    const auto depth = static_cast<unsigned>(std::bit_width(homes)) - 1;
    std::vector<held> copied;
    std::vector<subtree> left;
    for (size_type home = 0; home < homes; ++home) {
      left.push_back({home, depth});
      while (!left.empty()) {
        const subtree next = left.back();
        left.pop_back();
        const unsigned reached = chain_reader<storage, allocator_type>(*root, inside.own).copy(next.index, copied);
        for (unsigned bit = next.depth; bit < reached; ++bit)
          left.push_back({next.index | size_type{1} << bit, bit + 1});
        for (const held& each : copied) {
          if (!f(each)) return false;
        }
      }
      if (home % homes_per_visit == homes_per_visit - 1) {
        inside.refresh();
        // After a clear() no key has been there all the time, and this root may be gone; another may have its address.
        const root_type* const current = root_.load(acquire);  // acquire: made
        if (current != root || current->serial() != serial) return true;
      }
    }
    return true;
  }

 private:
  struct subtree {
    size_type index;
    unsigned depth;
  };
  static constexpr size_type homes_per_visit = 64;

  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE auto same_key(const K& key) const {
    return [this, &key](const held& element) -> bool { return functors_.equal(storage::key(element), key); };
  }

  // --- roots ---------------------------------------------------------------------------------------------------------

  [[nodiscard]] EVAC_ALWAYS_INLINE root_type& have_root() {
    root_type* const root = root_.load(acquire);  // acquire: made
    return root != nullptr ? *root : make_root(0);
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

  // --- growing -------------------------------------------------------------------------------------------------------

  // Splits off what a table of so many elements lacks, a run at most; whether there was anything.
  EVAC_NEVER_INLINE bool grow(epoch_record& own, root_type& root, size_type wanted) noexcept {
    auto run = root.claim(wanted, root_type::longest_run);
    const bool claimed = run.from != run.to;
    // Nothing to claim, but a doubling that waits for others: their work can be done by anybody.
    if (!claimed && wanted >= grow_threshold(root.claimed(), chain_type::home_slots, shared_load))
      run = root.late(root_type::longest_run);
    child_split<storage, allocator_type> split(root, own, *core_);
    size_type moved = 0;
    for (size_type child = run.from; child < run.to; ++child) {
      prefetch_for_write(root.at(root_type::parent_of((std::min)(child + 2, run.to - 1))));
      EVAC_TRY { moved += split.run(functors_, child); }
      EVAC_CATCH_ALL {
        break;  // chains stay longer; who comes by later tries again
      }
    }
    if (run.from != run.to) {
      root.count_moves(moved);
      root.publish_done();
    }
    if (claimed && root.claimed() - root.homes() > backlog) [[unlikely]] {
      help_late(own, root);
    }
    return claimed;
  }

  // Children that are claimed but not done before others help with the oldest.
  static constexpr size_type backlog = 16 * root_type::longest_run;
  EVAC_NEVER_INLINE void help_late(epoch_record& own, root_type& root) noexcept {
    child_split<storage, allocator_type> split(root, own, *core_);
    const auto run = root.late(2);
    EVAC_TRY {
      for (size_type child = run.from; child < run.to; ++child) root.count_moves(split.run(functors_, child));
    }
    EVAC_CATCH_ALL {  // NOLINT(bugprone-empty-catch): a hash that throws, or no memory; who comes by later tries again
    }
    root.publish_done();
  }

  atomic<root_type*> root_{nullptr};  // by whoever makes the first element, or clears
  epoch_core* core_;
  epoch_domain* domain_;
  functors_type functors_;
  memory_type memory_;
  atomic<std::uint64_t> serials_{0};  // roots made
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
