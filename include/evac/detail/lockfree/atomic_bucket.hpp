// Buckets whose every word is atomic. For slots of two words (8-byte key, 8-byte value):
//
//   home bucket, 128 bytes                                        overflow bucket, 64 bytes
//   0        8        16       32       48                 112 128   0        8        16       32       48   64
//   +--------+--------+--------+--------+-- - - - - - - - --+----+   +--------+--------+--------+--------+----+
//   | state  |  tags  | slot 0 | slot 1 |        ...        | s6 |   |  next  |  tags  | slot 0 | slot 1 | s2 |
//   +--------+--------+--------+--------+-- - - - - - - - --+----+   +--------+--------+--------+--------+----+
//
// A chain that fits its home has no link. One that does not gives up the last slot of its home for it: while any bit of
// the filter in the tag word is set, that slot's first word is the address of the first overflow bucket.
#ifndef EVAC_DETAIL_LOCKFREE_ATOMIC_BUCKET_HPP
#define EVAC_DETAIL_LOCKFREE_ATOMIC_BUCKET_HPP

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/debugger.hpp"
#include "evac/detail/geometry/bucket.hpp"
#include "evac/detail/geometry/tags.hpp"
#include "evac/detail/sync/atomic.hpp"

namespace evac::inline EVAC_ABI::detail {

using atomic_word = atomic<std::uint64_t>;

/// The header of both kinds. Words are written by the thread that holds the home's lock, and read by all.
template <class Layout>
struct atomic_bucket {
  atomic_word state_or_next{0};  // home: the state; overflow bucket: the next one's address
  atomic_word tags{0};

  [[nodiscard]] EVAC_ALWAYS_INLINE atomic_word* slot(unsigned index) noexcept {
    return reinterpret_cast<atomic_word*>(this + 1) + std::size_t{index} * Layout::slot_words();
  }
  [[nodiscard]] EVAC_ALWAYS_INLINE const atomic_word* slot(unsigned index) const noexcept {
    return const_cast<atomic_bucket*>(this)->slot(index);
  }

  // For a pool of overflow buckets. release: a reader may still be inside, and if it loads one of these words, it must
  // then find that its home says `changing`, as it did before the bucket left the chain.
  [[nodiscard]] static atomic_bucket* create(void* memory) noexcept {
    return create_with<Layout::overflow_slots()>(memory);
  }
  void make_empty() noexcept {
    tags.store(0, release);           // release: as above
    state_or_next.store(0, release);  // release: as above
  }
  // relaxed: by the thread that has the lock
  [[nodiscard]] atomic_bucket* next() const noexcept { return from_word(state_or_next.load(relaxed)); }
  void set_next(atomic_bucket* after) noexcept { state_or_next.store(to_word(after), release); }  // release: as above

  /// A home: empty, at rest, as deep as when the root was made.
  static atomic_bucket* create_home(void* memory) noexcept { return create_with<Layout::home_slots()>(memory); }

  [[nodiscard]] static atomic_bucket* from_word(std::uint64_t word) noexcept {
    return reinterpret_cast<atomic_bucket*>(std::uintptr_t{word});
  }
  [[nodiscard]] static std::uint64_t to_word(const atomic_bucket* where) noexcept {
    return std::uint64_t{reinterpret_cast<std::uintptr_t>(where)};
  }

 private:
  template <unsigned Slots>
  static atomic_bucket* create_with(void* memory) noexcept {
    auto* const fresh = ::new (memory) atomic_bucket;
    create_words(fresh->slot(0), std::make_index_sequence<std::size_t{Slots} * Layout::slot_words()>());
    return fresh;
  }
  // Not a loop, of which compilers make a string instruction, which takes long to begin.
  template <std::size_t... Index>
  static void create_words(atomic_word* words, std::index_sequence<Index...>) noexcept {
    (::new (static_cast<void*>(words + Index)) atomic_word(0), ...);
  }
};

/// Sizes of buckets, from the number of words in a slot.
template <unsigned SlotWords>
class atomic_layout {
 public:
  [[nodiscard]] static constexpr unsigned slot_words() noexcept { return SlotWords; }
  [[nodiscard]] static constexpr std::size_t alignment() noexcept { return sizes::alignment; }
  [[nodiscard]] static constexpr unsigned home_slots() noexcept { return sizes::home_slots; }
  [[nodiscard]] static constexpr unsigned overflow_slots() noexcept { return sizes::overflow_slots; }
  [[nodiscard]] static constexpr std::size_t home_bytes() noexcept { return sizes::home_bytes; }
  [[nodiscard]] static constexpr std::size_t overflow_bytes() noexcept { return sizes::overflow_bytes; }
  /// Keeps `facts` in the binary. No instructions.
  EVAC_ALWAYS_INLINE static void tell_debugger() noexcept { static_cast<void>(&facts); }

 private:
  // The first overflow bucket takes two elements at least: the new one, and the one whose place the link takes.
  using sizes = bucket_layout<SlotWords * sizeof(atomic_word), alignof(atomic_word), 2, 2 * sizeof(atomic_word)>;

  // Whether a word is the address of an element, the storage says (lockfree/storage.hpp).
  [[gnu::__used__, gnu::__retain__, gnu::__visibility__("hidden")]] static constexpr slot_facts facts =
      facts_of<atomic_layout>(false, SlotWords * sizeof(atomic_word), sizes::slots_offset);
};

// The picture above, where an atomic word is a word (a model checker's is not).
static_assert(sizeof(atomic_word) != 8 ||
              (atomic_layout<2>::home_slots() == 7 && atomic_layout<2>::home_bytes() == 128));
static_assert(sizeof(atomic_word) != 8 ||
              (atomic_layout<2>::overflow_slots() == 3 && atomic_layout<2>::overflow_bytes() == 64));
// Pointers to nodes: one line.
static_assert(sizeof(atomic_word) != 8 ||
              (atomic_layout<1>::home_slots() == 6 && atomic_layout<1>::home_bytes() == 64));

}  // namespace evac::inline EVAC_ABI::detail

#endif
