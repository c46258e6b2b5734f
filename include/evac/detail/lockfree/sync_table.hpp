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
#include "evac/detail/lockfree/growth.hpp"
#include "evac/detail/lockfree/key_update.hpp"
#include "evac/detail/lockfree/root.hpp"
#include "evac/detail/lockfree/root_memory.hpp"
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
  using growth_type = growth<storage, allocator_type, functors_type>;
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
  /// Nobody may be inside. O(elements), and O(garbage of the domain) if anything was retired.
  ~sync_table() {
    memory_.reclaim_retired(*core_, functors_.allocator);
    root_type* const last = root_.load(acquire);  // acquire: made
    if (last != nullptr) {
      memory_type::template free_elements<false>(*last, last->claimed());
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

  /// What an insert asks for: room for so many elements, or nothing if they are 0.
  struct growth_request {
    root_type* of = nullptr;
    size_type elements = 0;
  };

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

  /// For change(): adds an element and counts it; what is returned is for grow_if_asked(). Throws std::bad_alloc, and
  /// has changed nothing then.
  [[nodiscard]] EVAC_ALWAYS_INLINE growth_request insert(epoch_record& own, root_type& root, chain_type& chain,
                                                         const held& element, size_type hash) {
    auto* const overflow = chain.needs_overflow() ? root.take_overflow(chain.home()) : nullptr;
    // Counted first: who finds the element, which may be before the lock is released, finds it counted.
    const growth_request asked{std::addressof(root), root.elements().insert(own.index)};
    chain.insert(element, tag_of(hash), overflow);
    return asked;
  }
  /// After the lock is released. Up to split_frontier::longest_run parents are evacuated.
  EVAC_ALWAYS_INLINE void grow_if_asked(epoch_record& own, const growth_request& asked) {
    if (asked.elements != 0) growth_type(functors_, *asked.of, own, *core_).grow(asked.elements);
  }
  /// For change(): removes an element.
  EVAC_ALWAYS_INLINE void erase(epoch_record& own, root_type& root, chain_type& chain, place found) noexcept {
    chain.erase(found, [&](auto* emptied) { root.give_back(chain.home(), emptied); });
    root.elements().erase(own.index);
  }

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
        : key_(converted<key_type>(std::forward<K>(key))),
          held_(storage::make(key_, converted<typename storage::mapped_type>(std::forward<V>(value))...)) {}
    [[nodiscard]] const key_type& key() const noexcept { return key_; }
    [[nodiscard]] const held& get() const noexcept { return held_; }
    void release() noexcept {}

   private:
    // Without a warning where it narrows. Not by T(value), which would let through what is no conversion.
    template <class T, class V>
    [[nodiscard]] static decltype(auto) converted(V&& value) {
      if constexpr (std::is_same_v<std::remove_cvref_t<V>, T>) {
        return std::forward<V>(value);
      } else {
        static_assert(std::is_constructible_v<T, V&&>);
        return static_cast<T>(std::forward<V>(value));
      }
    }
    key_type key_;
    held held_;
  };
  using fresh_element = std::conditional_t<InNodes, fresh_node, fresh_slot>;

  /// What a key had when a thread was inside, for who leaves and comes back: as long as it lives, it is the same as what
  /// the key has then only if the key has never had anything else in between, or, in slots, the same again.
  class kept_element {
   public:
    explicit kept_element(const sync_table& table) noexcept : table_(table) {}
    kept_element(const kept_element&) = delete;
    kept_element& operator=(const kept_element&) = delete;
    ~kept_element() {
      if constexpr (InNodes) {
        if (kept_.has_value() && storage::let_go(*kept_)) storage::destroy(table_.functors_.allocator, *kept_);
      }
    }
    /// Once, inside the domain.
    template <class K>
    void look(epoch_record& own, const K& key, size_type hash) {
      kept_ = table_.seen(own, key, hash);
      if constexpr (InNodes) {
        if (kept_.has_value()) storage::hold(*kept_);
      }
    }
    [[nodiscard]] const std::optional<held>& get() const noexcept { return kept_; }

   private:
    const sync_table& table_;
    std::optional<held> kept_;
  };
  /// Calls f(), from which calls that change the key are misuse.
  template <class K, class F>
  auto call_within_update(const K& key, size_type hash, const F& f) const {
    struct context {
      const sync_table& table;
      const K& key;
    };
    const context of{*this, key};
    const auto is_own = [](const void* update, const void* other) -> bool {
      const auto& mine = *static_cast<const context*>(update);
      return mine.table.functors_.equal(*static_cast<const key_type*>(other), mine.key);
    };
    const key_update mark(thread_records::of_living(*core_), this, hash, std::addressof(of), is_own);
    return f();
  }

  /// Puts an element in, or in the place of the one with its key, which `replaced` then is; returns whether it is new.
  bool put(epoch_record& own, fresh_element& fresh, size_type hash, std::optional<held>& replaced) {
    check_not_in_update(own, fresh.key(), hash);
    ready_to_retire(own);
    growth_request asked;
    change(own, fresh.key(), hash, [&](root_type& root, chain_type& chain, place found) {
      if (found.where != nullptr) {
        replaced = chain_type::at(found);
        chain.replace(found, fresh.get());
      } else {
        asked = insert(own, root, chain, fresh.get(), hash);
      }
    });
    fresh.release();
    if (replaced.has_value()) return false;
    grow_if_asked(own, asked);
    return true;
  }
  /// Puts an element in if its key is absent; returns the one that is there else.
  std::optional<held> put_absent(epoch_record& own, fresh_element& fresh, size_type hash) {
    check_not_in_update(own, fresh.key(), hash);
    growth_request asked;
    std::optional<held> there;
    change(own, fresh.key(), hash, [&](root_type& root, chain_type& chain, place found) {
      if (found.where != nullptr) {
        there = chain_type::at(found);
      } else {
        asked = insert(own, root, chain, fresh.get(), hash);
      }
    });
    if (!there.has_value()) {
      fresh.release();
      grow_if_asked(own, asked);
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
    check_not_in_update(own, fresh.key(), hash);
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
    if (own.updates != nullptr) [[unlikely]] {
      const std::optional<held> there = seen(own, key, hash);
      if (there.has_value()) check_not_in_update(own, storage::key(*there), hash);
    }
    ready_to_retire(own);
    std::optional<held> taken;
    root_type* const current = root_.load(acquire);  // acquire: made
    if (current == nullptr || chain_reader<storage, allocator_type>(*current, own).surely_absent(hash)) return taken;
    change_if_rooted(own, key, hash, false, [&](root_type& root, chain_type& chain, place found) {
      if (found.where == nullptr) return false;
      const held there = chain_type::at(found);
      if (!condition(there)) return false;
      erase(own, root, chain, found);
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
  /// by. At the cap it waits for room for what it takes away.
  void clear() {
    size_type room = 0;
    {
      const read_call inside(*core_);
      const root_type* const root = root_.load(acquire);  // acquire: made
      if (root == nullptr) return;
      room = cleared_bytes(*root);
    }
    // It may grow meanwhile; but it counts no more than this.
    if (!clear_within(room)) static_cast<void>(clear_within(most_cleared_bytes()));
  }

  /// Homes for n elements, made now. The memory is asked for first, all of it; if there is none, nothing has changed.
  /// Where there are elements already, by splitting: O(n), while others go on, and leaving the domain after each run.
  /// Throws what hashes throw for a bucket that they keep from being split; the others are.
  void reserve(size_type n) {
    const size_type homes = homes_for(n, chain_type::home_slots, shared_load);
    static_cast<void>(root_type::checked(homes));
    for (;;) {
      write_call call(*core_, 0);
      root_type* root = root_.load(acquire);  // acquire: made
      if (root == nullptr) root = std::addressof(make_root(homes));
      if (root->claimed() < homes) {
        root->open_until(homes);
        // If there is nothing to claim, others are at work on what has to come before.
        if (!growth_type(functors_, *root, call.own, *core_).grow(n)) std::this_thread::yield();
      } else if (growth_type(functors_, *root, call.own, *core_).complete(homes)) {
        return;
      }
    }
  }

  /// Homes that a walk looks at before it leaves the domain for an instant.
  static constexpr size_type homes_per_visit = 64;
  /// For who has left the domain and come back: whether a root is still the table. It may be gone, and another may have
  /// its address.
  [[nodiscard]] bool is_current(const root_type& root, std::uint64_t serial) const noexcept {
    const root_type* const current = root_.load(acquire);  // acquire: made
    return current == std::addressof(root) && current->serial() == serial;
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
    size_type visited = 0;
    for (size_type home = 0; home < homes; ++home) {
      left.push_back({home, depth});
      while (!left.empty()) {
        const subtree next = left.back();
        left.pop_back();
        const unsigned reached = chain_reader<storage, allocator_type>(*root, inside.own).copy(next.index, copied);
        for (unsigned bit = next.depth; bit < reached; ++bit) left.push_back({child_of(next.index, bit), bit + 1});
        for (const held& each : copied) {
          if (!f(each)) return false;
        }
        if (++visited % homes_per_visit != 0) continue;
        inside.refresh();
        if (!is_current(*root, serial)) return true;  // after a clear() no key has been there all the time
      }
    }
    return true;
  }

 private:
  struct subtree {
    size_type index;
    unsigned depth;
  };
  // Before anything changes.
  EVAC_ALWAYS_INLINE void check_not_in_update(const epoch_record& own, const key_type& key, size_type hash) const {
    if (own.updates != nullptr) [[unlikely]]
      key_update::report_reentry(own.updates, this, hash, std::addressof(key));
  }

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

  // A root that counted in full could keep all writers waiting until the last of it is gone.
  [[nodiscard]] size_type most_cleared_bytes() const noexcept {
    return std::max<size_type>(core_->budget().cap() / 4, 1);
  }
  [[nodiscard]] size_type cleared_bytes(const root_type& root) const noexcept {
    return (std::min)(root.touched_bytes() + root.size() * retired_bytes, most_cleared_bytes());
  }
  // Takes the root away if it counts so much at most; returns whether none is left.
  bool clear_within(size_type room) {
    const size_type kept = thread_records::of(*core_).reserved;
    const write_call call(*core_, room);
    root_type* gone = root_.load(acquire);  // acquire: made
    size_type bytes = 0;
    do {
      if (gone == nullptr) break;
      bytes = cleared_bytes(*gone);
      if (bytes > room) break;
      // acq_rel: made; and what this thread did before is seen by who finds no root. acquire: made
    } while (!root_.compare_exchange_weak(gone, nullptr, acq_rel, acquire));
    if (gone != nullptr && bytes <= room) core_->retire(call.own, memory_.gone(gone, bytes));
    core_->give_up_room(call.own, kept);
    return bytes <= room;
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
