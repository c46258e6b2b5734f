// Traits of a table's elements: their types, their key, and how a slot holds one.
//
//   in place   slot = the element                        default
//   in a node  slot = pointer to an element of its own   when the move constructor may throw or the element is large
//
// So a relocation never throws: either it is a move that cannot throw, or it moves a pointer. Types whose moves throw
// lose nothing because they are never moved; types that cannot be moved at all work, too.
#ifndef EVAC_DETAIL_TABLE_POLICY_HPP
#define EVAC_DETAIL_TABLE_POLICY_HPP

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/debugger.hpp"
#include "evac/detail/geometry/bucket.hpp"
#include "evac/detail/hash/finish_hash.hpp"
#include "evac/detail/sync/relaxed_cell.hpp"
#include "evac/detail/sync/watched.hpp"
#include "evac/detail/table/seed.hpp"
#include "evac/detail/table/table_figures.hpp"
#include "evac/hash.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Elements above this size live in nodes: a bucket of them would be larger than a page, and an evacuation would move
/// several kilobytes.
inline constexpr std::size_t largest_in_place = 256;

template <class Key, class T>
struct map_elements {
  using key_type = Key;
  using mapped_type = T;
  using value_type = std::pair<const Key, T>;
  using init_type = std::pair<Key, T>;
  // The slot is moved from through this type: a const key could only be copied.
  using movable_type = std::pair<Key, T>;

  static constexpr bool is_map = true;
  static constexpr bool trivially_relocatable() noexcept {
    return std::is_trivially_copyable_v<Key> && std::is_trivially_copyable_v<T>;
  }
  static constexpr bool moves_without_throwing() noexcept {
    return std::is_nothrow_move_constructible_v<Key> && std::is_nothrow_move_constructible_v<T>;
  }
  [[nodiscard]] static const Key& key(const value_type& element) noexcept { return element.first; }
};

template <class Key>
struct set_elements {
  using key_type = Key;
  using value_type = Key;
  using init_type = Key;
  using movable_type = Key;

  static constexpr bool is_map = false;
  static constexpr bool trivially_relocatable() noexcept { return std::is_trivially_copyable_v<Key>; }
  static constexpr bool moves_without_throwing() noexcept { return std::is_nothrow_move_constructible_v<Key>; }
  [[nodiscard]] static const Key& key(const value_type& element) noexcept { return element; }
};

/// Whether one of them frees what the other has allocated.
template <class Allocator>
[[nodiscard]] bool same_memory(const Allocator& left, const Allocator& right) noexcept {
  if constexpr (std::allocator_traits<Allocator>::is_always_equal::value) {
    return true;
  } else {
    return left == right;
  }
}

/// The finisher of a hash that does not spread; one that does needs none, and no room for it.
template <bool Needed>
struct hash_seed {};
template <>
struct hash_seed<true> {
  std::uint64_t value = next_seed();
};

/// Hash, equality and allocator of one container, and the seed that its hash is finished with.
template <class Hash, class KeyEqual, class Allocator>
struct functors {
  [[no_unique_address]] Hash hash;
  [[no_unique_address]] KeyEqual equal;
  [[no_unique_address]] Allocator allocator;
  [[no_unique_address]] hash_seed<!is_avalanching<Hash>::value> seed;

  functors(const Hash& a_hash, const KeyEqual& an_equal, const Allocator& an_allocator)
      : hash(a_hash), equal(an_equal), allocator(an_allocator) {}

  /// The hash that home, shard and tag are cut from.
  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE std::size_t hash_of(const K& key) const {
    const auto value = static_cast<std::size_t>(hash(key));
    if constexpr (is_avalanching<Hash>::value) {
      return value;
    } else {
      return finish_hash(value, seed.value);
    }
  }
  /// Hash and equality by ADL swap only: they need not be assignable. If it throws, the two still belong together.
  void swap_hash_and_equal(functors& other) {
    using std::swap;
    swap(hash, other.hash);
    EVAC_TRY { swap(equal, other.equal); }
    EVAC_CATCH_ALL {
      swap(hash, other.hash);
      EVAC_RETHROW;
    }
  }
};

/// The functors of a container that is one table, and its observer.
template <class Functors>
struct functors_with_observer : Functors {
  using Functors::Functors;
  watched observed;
};

/// For a container that is one table.
struct owns_functors {
  static constexpr bool keeps_occupied = true;  // begin() has to find it
  template <class T>
  using cell = T;  // what size() reads
  template <class Functors>
  using functors = functors_with_observer<Functors>;
  template <class Functors>
  class storage {
   public:
    static constexpr bool owned = true;
    template <class... Args>
    explicit storage(const Args&... args) : functors_(args...) {}
    [[nodiscard]] Functors& get() noexcept { return functors_; }
    [[nodiscard]] const Functors& get() const noexcept { return functors_; }

   private:
    [[no_unique_address]] Functors functors_;
  };
};

/// The functors of a container that has many tables, where these publish their figures, and the container, which is
/// observed.
template <class Functors>
struct functors_with_board : Functors {
  using Functors::Functors;
  figures_board board;
  const watched* container = nullptr;  // it has the functors, and sets this when it is made
};

/// For the tables of a container that has many: they share its functors.
struct shares_functors {
  static constexpr bool keeps_occupied = false;
  template <class T>
  using cell = relaxed_cell<T>;  // size() takes no lock
  template <class Functors>
  using functors = functors_with_board<Functors>;
  template <class Functors>
  class storage {
   public:
    static constexpr bool owned = false;
    explicit storage(Functors& shared) noexcept : functors_(std::addressof(shared)) {}
    [[nodiscard]] Functors& get() noexcept { return *functors_; }
    [[nodiscard]] const Functors& get() const noexcept { return *functors_; }

   private:
    Functors* functors_;
  };
};

/// The policy of one container type: elements plus the functors, the allocator and which object owns them.
template <class Elements, class Hash, class KeyEqual, class Allocator, class Ownership = owns_functors>
struct policy : Elements {
  using elements = Elements;
  using hasher = Hash;
  using key_equal = KeyEqual;
  using allocator_type = Allocator;
  using allocator_traits = std::allocator_traits<Allocator>;
  using functors_type = typename Ownership::template functors<functors<Hash, KeyEqual, Allocator>>;
  using functors_storage = typename Ownership::template storage<functors_type>;
  static constexpr bool keeps_occupied = Ownership::keeps_occupied;
  template <class T>
  using cell = typename Ownership::template cell<T>;
};

/// The slots of one kind of elements and allocator. Functions of this class need a complete element type; naming the
/// class does not.
template <class Elements, class Allocator>
class slot_access {
  using value_type = typename Elements::value_type;
  using movable_type = typename Elements::movable_type;
  using traits = std::allocator_traits<Allocator>;
  using node_pointer = typename traits::pointer;

 public:
  [[nodiscard]] static constexpr bool in_nodes() noexcept {
    static_assert(sizeof(movable_type) == sizeof(value_type) && alignof(movable_type) == alignof(value_type),
                  "evac: std::pair<const Key, T> and std::pair<Key, T> must have the same layout; "
                  "do not specialise std::pair for this Key");
    return !Elements::moves_without_throwing() || sizeof(value_type) > largest_in_place;
  }
  [[nodiscard]] static constexpr std::size_t size() noexcept {
    return in_nodes() ? sizeof(value_type*) : sizeof(value_type);
  }
  [[nodiscard]] static constexpr std::size_t alignment() noexcept {
    return in_nodes() ? alignof(value_type*) : alignof(value_type);
  }

  [[nodiscard]] EVAC_ALWAYS_INLINE static value_type& element(void* slot) noexcept {
    if constexpr (in_nodes()) {
      return **static_cast<value_type**>(slot);
    } else {
      return *std::launder(static_cast<value_type*>(slot));
    }
  }

  /// Whether an allocator counts on a call of its destroy() for each of its construct(); else elements that are
  /// trivial may be dropped and copied as bytes.
  [[nodiscard]] static constexpr bool destroys_itself() noexcept {
    return !std::is_same_v<Allocator, std::allocator<typename traits::value_type>> &&
           requires(Allocator& allocator, value_type* element) { allocator.destroy(element); };
  }
  /// Whether elements may be forgotten without being destroyed.
  [[nodiscard]] static constexpr bool trivially_dropped() noexcept {
    return std::is_trivially_destructible_v<value_type> && !in_nodes() && !destroys_itself();
  }

  /// Whether a relocation copies the bytes of the slot and nothing else.
  [[nodiscard]] static constexpr bool relocated_as_bytes() noexcept {
    return in_nodes() || (Elements::trivially_relocatable() && !destroys_itself());
  }

  template <class... Args>
  static void construct(Allocator& allocator, void* slot, Args&&... args) {
    if constexpr (in_nodes()) {
      node_guard node{allocator, traits::allocate(allocator, 1)};
      traits::construct(allocator, std::to_address(node.memory), std::forward<Args>(args)...);
      ::new (slot) value_type*(std::to_address(node.memory));
      node.built = true;
    } else {
      traits::construct(allocator, static_cast<value_type*>(slot), std::forward<Args>(args)...);
    }
  }

  static void destroy(Allocator& allocator, void* slot) noexcept {
    value_type& victim = element(slot);
    traits::destroy(allocator, std::addressof(victim));
    if constexpr (in_nodes()) {
      traits::deallocate(allocator, std::pointer_traits<node_pointer>::pointer_to(victim), 1);
    }
  }

  /// Moves an element from one slot to another, empty one of an equal allocator. One move construction.
  static void relocate([[maybe_unused]] Allocator& allocator, void* to, void* from) noexcept {
    if constexpr (relocated_as_bytes()) {
      std::memcpy(to, from, size());
    } else {
      auto* source = std::launder(static_cast<movable_type*>(from));
      traits::construct(allocator, static_cast<movable_type*>(to), std::move(*source));
      traits::destroy(allocator, source);
    }
  }

  /// The element seen through its movable type: for moving it into another container.
  [[nodiscard]] static movable_type& movable(value_type& element) noexcept {
    return *std::launder(reinterpret_cast<movable_type*>(std::addressof(element)));
  }

 private:
  struct node_guard {
    Allocator& allocator;
    node_pointer memory;
    bool built = false;
    ~node_guard() {
      if (!built) traits::deallocate(allocator, memory, 1);
    }
  };
};

/// Where the slots of these elements lie in a bucket: bucket_layout, computed only inside functions, so that a table of
/// an incomplete element type can be declared.
template <class Elements, class Allocator>
struct slot_layout {
  using slot_ops = slot_access<Elements, Allocator>;

  [[nodiscard]] static constexpr std::size_t alignment() noexcept { return layout<>::alignment; }
  [[nodiscard]] static constexpr unsigned home_slots() noexcept { return layout<>::home_slots; }
  [[nodiscard]] static constexpr unsigned overflow_slots() noexcept { return layout<>::overflow_slots; }
  [[nodiscard]] static constexpr std::size_t home_bytes() noexcept { return layout<>::home_bytes; }
  [[nodiscard]] static constexpr std::size_t overflow_bytes() noexcept { return layout<>::overflow_bytes; }
  [[nodiscard]] EVAC_ALWAYS_INLINE static void* slot(const bucket* where, std::size_t index) noexcept {
    return layout<>::slot(where, index);
  }
  /// Has to be called where the element type is complete: it keeps `facts` in the binary. No instructions.
  EVAC_ALWAYS_INLINE static void tell_debugger() noexcept { static_cast<void>(&facts); }

 private:
  template <class S = slot_ops>
  using layout = bucket_layout<S::size(), S::alignment()>;

  [[gnu::__used__, gnu::__retain__, gnu::__visibility__("hidden")]] static constexpr slot_facts facts =
      facts_of<slot_layout>(slot_ops::in_nodes(), slot_ops::size(), layout<>::slots_offset);
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
