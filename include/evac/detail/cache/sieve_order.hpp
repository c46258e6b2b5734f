// The order in which a shard's elements came, for SIEVE (Zhang et al., NSDI 2024): a hand goes from the oldest to the
// newest element, clears the marks of those that were found since it came by last, and takes the first without one.
//
//   order     | oldest ...... passed ...... | hand | ...... ahead ...... newest |
//   queue     block -> block -> block       63 names of elements, and the next block
//   name      tag, and 24 low bits of the hash: enough to find the chain      0: the element is gone
//   place     number of a block, and which of its names
//
// A name that the hand lets stay goes from the front of one queue to the back of the other; when nothing is ahead, the
// two change roles. So elements stay in the order in which they came, nothing is linked twice, and a name costs four
// bytes. An element knows its place, so that it can be found among those with equal names, and taken out.
#ifndef EVAC_DETAIL_CACHE_SIEVE_ORDER_HPP
#define EVAC_DETAIL_CACHE_SIEVE_ORDER_HPP

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/addressing.hpp"
#include "evac/detail/geometry/tags.hpp"
#include "evac/detail/sync/relaxed_cell.hpp"

namespace evac::inline EVAC_ABI::detail {

/// The word that leads to the chain of an element. Never 0.
[[nodiscard]] EVAC_ALWAYS_INLINE std::uint32_t name_of(std::size_t hash) noexcept {
  return std::uint32_t{tag_of(hash)} << 24U | static_cast<std::uint32_t>(hash & 0xFFFFFFU);
}
/// A hash with the same tag, and the same home in a table of up to 2^24 homes.
[[nodiscard]] EVAC_ALWAYS_INLINE std::size_t hash_like(std::uint32_t name) noexcept {
  return std::size_t{name >> 24U} << tag_shift | (name & 0xFFFFFFU);
}

/// Of one shard, under its lock.
template <class Allocator>
class sieve_order {
  static constexpr std::uint32_t none = 0xFFFFFFFFU;
  static constexpr std::uint32_t names_of_block = 63;
  struct block {
    std::uint32_t names[names_of_block];
    std::uint32_t next;
  };
  static_assert(sizeof(block) == 256);
  struct queue {
    std::uint32_t first = none, last = none;
    std::uint32_t begin = 0, end = 0;  // in the first block, and in the last
    [[nodiscard]] bool empty() const noexcept { return first == none; }
  };
  using block_allocator = typename std::allocator_traits<Allocator>::template rebind_alloc<block>;

 public:
  /// So many elements have names: one leads to 2^24 homes, which hold at least .7 elements each before there are more.
  static constexpr std::size_t most_elements = std::size_t{1} << 23U;

  /// Elements that the hand passes at most before it takes one that was found, too: SIEVE itself knows no bound, and
  /// after a time of hits alone one insert would look at all elements of a shard, each far away in memory.
  static constexpr unsigned most_spared = 64;

  explicit sieve_order(const Allocator& allocator) : blocks_(block_allocator(allocator)) {}
  sieve_order(const sieve_order&) = delete;
  sieve_order& operator=(const sieve_order&) = delete;
  ~sieve_order() = default;

  /// Memory for one more name, and for all that the hand moves until the next one comes: at most four blocks are not
  /// full, the first and the last of each queue, so that the names never need more than three blocks above those that
  /// they fill now. Throws std::bad_alloc.
  void make_room() {
    while (free_count_ < 3) {
      blocks_.push_back(block{});
      ++block_count_;
      give_back(static_cast<std::uint32_t>(blocks_.size() - 1));
    }
  }
  /// The place of an element that has just come. After make_room().
  [[nodiscard]] std::uint32_t add(std::uint32_t name) noexcept {
    while (!ahead_.empty() && name_at_front(ahead_) == 0) static_cast<void>(pop(ahead_));
    if (ahead_.empty()) std::swap(ahead_, passed_);  // the hand is at the end, and begins with the oldest
    return push(ahead_, name);
  }
  /// The element of this place is gone.
  void remove(std::uint32_t place) noexcept { blocks_[place >> 6U].names[place & 63U] = 0; }

  /// The element that the hand takes; there is one that may go. look(place, name) asks for the element of a place and
  /// returns it, where it says whether it candidate.stays(the hand has spared enough); one that does gets
  /// candidate.move_to(new place), which clears the mark.
  template <class Look>
  [[nodiscard]] EVAC_ALWAYS_INLINE auto take(const Look& look) noexcept {
    for (unsigned spared = 0;;) {
      if (ahead_.empty()) std::swap(ahead_, passed_);
      const auto [place, name] = pop(ahead_);
      if (name == 0) continue;
      const auto candidate = look(place, name);
      if (!candidate.stays(spared >= most_spared)) return candidate;
      candidate.move_to(push(passed_, name));
      ++spared;
    }
  }
  /// The same for the element that came first, marked or not.
  template <class Look>
  [[nodiscard]] auto take_oldest(const Look& look) noexcept {
    for (;;) {
      const auto [place, name] = pop(passed_.empty() ? ahead_ : passed_);
      if (name != 0) return look(place, name);
    }
  }
  /// Bounds the places of elements that are gone: if they are most, the hand goes on a little, and judges nobody.
  template <class Look>
  void tidy(std::size_t live, const Look& look) noexcept {
    for (int steps = 0; steps < 4 && used_ > 2 * live + 2 * names_of_block; ++steps) {
      if (ahead_.empty()) std::swap(ahead_, passed_);
      const auto [place, name] = pop(ahead_);
      if (name != 0) look(place, name).keep_mark_at(push(passed_, name));
    }
  }

  /// Places that are taken, also by elements that are gone. For tests.
  [[nodiscard]] std::size_t places() const noexcept { return used_; }
  /// Also without the lock: a recent number.
  [[nodiscard]] std::size_t bytes() const noexcept { return block_count_ * sizeof(block); }

 private:
  void give_back(std::uint32_t index) noexcept {
    blocks_[index].next = free_;
    free_ = index;
    ++free_count_;
  }
  [[nodiscard]] std::uint32_t push(queue& to, std::uint32_t name) noexcept {
    if (to.empty() || to.end == names_of_block) {
      EVAC_ASSERT(free_count_ != 0, "evac: the order of a cache has no room for a name");
      const std::uint32_t fresh = free_;
      if (fresh == none) impossible();  // make_room()
      free_ = blocks_[fresh].next;
      --free_count_;
      blocks_[fresh].next = none;
      if (to.empty()) {
        to.first = fresh;
        to.begin = 0;
      } else {
        blocks_[to.last].next = fresh;
      }
      to.last = fresh;
      to.end = 0;
    }
    blocks_[to.last].names[to.end] = name;
    ++used_;
    return to.last << 6U | to.end++;
  }
  [[nodiscard]] std::uint32_t name_at_front(const queue& of) const noexcept {
    return blocks_[of.first].names[of.begin];
  }
  // The place and the name at the front of a queue that is not empty.
  [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> pop(queue& from) noexcept {
    const std::uint32_t index = from.first;
    const std::pair<std::uint32_t, std::uint32_t> front{index << 6U | from.begin, name_at_front(from)};
    --used_;
    ++from.begin;
    if (index == from.last && from.begin == from.end) {
      from = queue{};
      give_back(index);
    } else if (from.begin == names_of_block) {
      from.first = blocks_[index].next;
      from.begin = 0;
      give_back(index);
    }
    return front;
  }

  std::deque<block, block_allocator> blocks_;
  relaxed_cell<std::size_t> block_count_{0};  // of blocks_
  queue passed_, ahead_;
  std::uint32_t free_ = none;
  std::uint32_t free_count_ = 0;
  std::size_t used_ = 0;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
