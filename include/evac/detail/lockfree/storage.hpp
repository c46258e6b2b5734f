// Storage of elements in slots of atomic words: in the slots themselves, or in nodes that they point to.
//
//   in slots   | key words | value words |    key and value are trivially copyable and small. Readers copy, then ask
//                                             the bucket's state whether the words belong together.
//   in nodes   | address |                    -> { hash, holds | element }; the element is never changed once it is in
//                                             the table. The thread that replaces it retires it.
//
//   holds      63     56  55        54 ............. 40 39 ................ 0
//              | hash   | orphaned | threads that hold | hash: all that homes are told by
//
// A `slot_value` is the contents of a slot, read by a thread or about to be put into one: a value type of a few words.
#ifndef EVAC_DETAIL_LOCKFREE_STORAGE_HPP
#define EVAC_DETAIL_LOCKFREE_STORAGE_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/addressing.hpp"
#include "evac/detail/lockfree/atomic_bucket.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/epoch_core.hpp"
#include "evac/detail/table/policy.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Words that an object of T takes in a slot.
template <class T>
[[nodiscard]] constexpr unsigned words_of() noexcept {
  return static_cast<unsigned>((sizeof(T) + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t));
}

/// Words in a slot at most, so that reading one is a matter of a cache line.
inline constexpr unsigned most_slot_words = 8;

/// Whether an object can be taken apart into words, and a copy of it be made from these. g++ also calls types trivially
/// copyable that cannot be copied at all.
template <class T>
[[nodiscard]] constexpr bool is_made_of_words() noexcept {
  static_assert(
      requires { sizeof(T); },
      "evac: a sync_map of an incomplete type, like one that is a member of its own mapped type, must be told "
      "where its elements are: give it evac::storage::in_nodes");
  return std::is_trivially_copyable_v<T> && std::is_convertible_v<const T&, T>;
}

/// Whether elements can be in slots.
template <class Elements>
[[nodiscard]] constexpr bool fits_slots() noexcept {
  using key_type = typename Elements::key_type;
  if constexpr (!is_made_of_words<key_type>()) {
    return false;
  } else if constexpr (Elements::is_map) {
    using mapped_type = typename Elements::mapped_type;
    if constexpr (!is_made_of_words<mapped_type>()) {
      return false;
    } else {
      return words_of<key_type>() + words_of<mapped_type>() <= most_slot_words;
    }
  } else {
    return words_of<key_type>() <= most_slot_words;
  }
}
template <class Elements, bool Forced>
[[nodiscard]] constexpr bool are_in_nodes() noexcept {
  if constexpr (Forced) {
    return true;
  } else {
    return !fits_slots<Elements>();
  }
}

template <class T>
[[nodiscard]] EVAC_ALWAYS_INLINE T from_words(const std::uint64_t* words) noexcept {
  if constexpr (sizeof(T) == sizeof(std::uint64_t)) {
    return std::bit_cast<T>(*words);
  } else {
    alignas(T) std::byte bytes[sizeof(T)];
    std::memcpy(bytes, words, sizeof(T));
    return *std::launder(reinterpret_cast<T*>(bytes));
  }
}
template <class T>
EVAC_ALWAYS_INLINE void to_words(std::uint64_t* words, const T& value) noexcept {
  if constexpr (sizeof(T) == sizeof(std::uint64_t)) {
    *words = std::bit_cast<std::uint64_t>(value);
  } else {
    words[words_of<T>() - 1] = 0;  // what the object does not fill
    std::memcpy(words, std::addressof(value), sizeof(T));
  }
}

struct no_value {};

template <class Elements>
class slots_storage {
  template <class E>
  struct mapped {
    using type = no_value;
  };
  template <class E>
    requires E::is_map
  struct mapped<E> {
    using type = typename E::mapped_type;
  };

 public:
  using key_type = typename Elements::key_type;
  using mapped_type = typename mapped<Elements>::type;
  static constexpr bool in_nodes = false;
  static constexpr unsigned key_words = words_of<key_type>();
  static constexpr unsigned value_words = Elements::is_map ? words_of<mapped_type>() : 0;
  static constexpr unsigned slot_words = key_words + value_words;
  /// A reader that looks at a slot while it is filled may see words of two elements.
  static constexpr bool may_tear = true;
  /// One store replaces the value.
  static constexpr bool value_is_a_word = value_words <= 1;

  struct slot_value {
    std::uint64_t words[slot_words];
  };

  [[nodiscard]] static slot_value make(const key_type& key, const mapped_type& value) noexcept {
    slot_value made;
    to_words(made.words, key);
    if constexpr (value_words != 0) to_words(made.words + key_words, value);
    return made;
  }
  [[nodiscard]] static slot_value make(const key_type& key) noexcept
    requires(!Elements::is_map)
  {
    return make(key, no_value());
  }
  [[nodiscard]] EVAC_ALWAYS_INLINE static key_type key(const slot_value& from) noexcept {
    return from_words<key_type>(from.words);
  }
  [[nodiscard]] EVAC_ALWAYS_INLINE static mapped_type value(const slot_value& from) noexcept {
    if constexpr (value_words == 0) {
      return {};
    } else {
      return from_words<mapped_type>(from.words + key_words);
    }
  }
  [[nodiscard]] static bool same(const slot_value& left, const slot_value& right) noexcept {
    return std::memcmp(left.words, right.words, sizeof(slot_value)) == 0;
  }

  [[nodiscard]] EVAC_ALWAYS_INLINE static slot_value load(const atomic_word* slot) noexcept {
    return load_words(slot, std::make_index_sequence<slot_words>());
  }
  EVAC_ALWAYS_INLINE static void store(atomic_word* slot, const slot_value& from) noexcept {
    store_words(slot, from, 0, std::make_index_sequence<slot_words>());
  }
  EVAC_ALWAYS_INLINE static void store_value(atomic_word* slot, const slot_value& from) noexcept {
    store_words(slot, from, key_words, std::make_index_sequence<value_words>());
  }
  EVAC_ALWAYS_INLINE static void prefetch(const slot_value&) noexcept {}

  template <class Functors>
  [[nodiscard]] static std::size_t hash_of(const Functors& functors, const slot_value& from) {
    return functors.hash_of(key(from));
  }
  /// The bits of a hash that hash_of() tells.
  static constexpr std::size_t known_hash_bits = ~std::size_t{0};

 private:
  // Word by word, without a loop: so that compilers keep the words in registers.
  template <std::size_t... Index>
  [[nodiscard]] EVAC_ALWAYS_INLINE static slot_value load_words(const atomic_word* slot,
                                                                std::index_sequence<Index...>) noexcept {
    // acquire: before the second look at the state, which then shows a change that any of these words is from
    return {{slot[Index].load(acquire)...}};
  }
  template <std::size_t... Index>
  EVAC_ALWAYS_INLINE static void store_words(atomic_word* slot, const slot_value& from, std::size_t first,
                                             std::index_sequence<Index...>) noexcept {
    (slot[first + Index].store(from.words[first + Index], release),
     ...);  // release: after the state has said `changing`
  }
};

template <class Elements, class Allocator>
class nodes_storage {
 public:
  using key_type = typename Elements::key_type;
  using value_type = typename Elements::value_type;
  static constexpr bool in_nodes = true;
  static constexpr unsigned slot_words = 1;
  static constexpr bool may_tear = false;
  static constexpr bool value_is_a_word = true;

  /// The element is never changed once it is in the table.
  struct node {
    atomic<std::size_t> hash;  // with the holds; by threads that make, hold or give up the node
    union {
      value_type element;
    };
    // The element is made and destroyed through the allocator.
    explicit node(std::size_t hash_of_key) noexcept : hash(hash_of_key) {}
    ~node() {}  // NOLINT(modernize-use-equals-default)
    node(const node&) = delete;
    node& operator=(const node&) = delete;
  };
  using slot_value = node*;

  [[nodiscard]] static const key_type& key(slot_value from) noexcept { return Elements::key(from->element); }
  [[nodiscard]] static const auto& value(slot_value from) noexcept {
    if constexpr (Elements::is_map) {
      return from->element.second;
    } else {
      return from->element;
    }
  }
  [[nodiscard]] static bool same(slot_value left, slot_value right) noexcept { return left == right; }

  [[nodiscard]] EVAC_ALWAYS_INLINE static slot_value load(const atomic_word* slot) noexcept {
    // acquire: what the node was made of
    return reinterpret_cast<slot_value>(std::uintptr_t{slot->load(acquire)});
  }
  EVAC_ALWAYS_INLINE static void store(atomic_word* slot, slot_value from) noexcept {
    // release: what the node was made of
    slot->store(std::uint64_t{reinterpret_cast<std::uintptr_t>(from)}, release);
  }
  EVAC_ALWAYS_INLINE static void store_value(atomic_word* slot, slot_value from) noexcept { store(slot, from); }
  EVAC_ALWAYS_INLINE static void prefetch(slot_value from) noexcept { prefetch_for_read(from); }

  template <class Functors>
  [[nodiscard]] static std::size_t hash_of(const Functors&, slot_value from) noexcept {
    return from->hash.load(relaxed) & known_hash_bits;  // relaxed: these bits are as old as the node
  }

  // A thread that leaves the domain and comes back may have to know whether a node is still the one that it has seen:
  // so nothing else may get its address meanwhile. It holds the node while it is inside, and so before the node can be
  // reclaimed. The thread that reclaims it then leaves it to the last one that holds it.
  static constexpr std::size_t one_hold = most_independent_homes;
  static constexpr std::size_t orphaned = std::size_t{1} << (tag_shift - 1);
  static constexpr std::size_t all_holds = orphaned - one_hold;
  static constexpr std::size_t known_hash_bits = ~(all_holds | orphaned);

  /// By a thread that is inside, and has found the node in the table since.
  static void hold(slot_value from) noexcept {
    // relaxed: a thread that reclaims has synchronised with those that have left
    from->hash.fetch_add(one_hold, relaxed);
  }
  /// Returns whether the caller is to destroy the node; else it may be gone by now.
  [[nodiscard]] static bool let_go(slot_value from) noexcept {
    // acq_rel: what each has done with the node before, the last one sees
    const std::size_t before = from->hash.fetch_sub(one_hold, acq_rel);
    return (before & (all_holds | orphaned)) == (one_hold | orphaned);
  }
  /// By the thread that reclaims. Returns whether it is to destroy the node; else a thread that holds it will.
  [[nodiscard]] static bool give_up(slot_value from) noexcept {
    // acquire, and acq_rel: as in let_go()
    if ((from->hash.load(acquire) & all_holds) == 0) return true;
    return (from->hash.fetch_or(orphaned, acq_rel) & all_holds) == 0;
  }

  /// A node of an element made from args. Strong guarantee.
  template <class... Args>
  [[nodiscard]] static slot_value make(const Allocator& allocator, std::size_t hash, Args&&... args) {
    node_allocator nodes(allocator);
    auto memory = node_traits::allocate(nodes, 1);
    node* const fresh = ::new (static_cast<void*>(std::to_address(memory))) node(hash & known_hash_bits);
    EVAC_TRY {
      Allocator elements(allocator);
      std::allocator_traits<Allocator>::construct(elements, std::addressof(fresh->element),
                                                  std::forward<Args>(args)...);
    }
    EVAC_CATCH_ALL {
      node_traits::deallocate(nodes, memory, 1);
      EVAC_RETHROW;
    }
    return fresh;
  }
  static void destroy(const Allocator& allocator, slot_value gone) noexcept {
    Allocator elements(allocator);
    std::allocator_traits<Allocator>::destroy(elements, std::addressof(gone->element));
    node_allocator nodes(allocator);
    std::destroy_at(gone);
    node_traits::deallocate(nodes, std::pointer_traits<typename node_traits::pointer>::pointer_to(*gone), 1);
  }

 private:
  using node_traits = typename std::allocator_traits<Allocator>::template rebind_traits<node>;
  using node_allocator = typename node_traits::allocator_type;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
