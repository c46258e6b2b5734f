// Index of one thread's records by their cores: an open-addressing table.
//
//   places   | core, record | - | core, record | core, record | - | - | ...      at most half of them taken
//
// An entry is in the place that its core's address leads to, or in the next that was free: no free place lies between.
#ifndef EVAC_DETAIL_SYNC_RECORD_INDEX_HPP
#define EVAC_DETAIL_SYNC_RECORD_INDEX_HPP

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

class epoch_core;
struct epoch_record;

class record_index {
 public:
  struct entry {
    epoch_core* core = nullptr;  // null: free
    epoch_record* record = nullptr;
  };

  /// Null if there is none. O(1) expected.
  [[nodiscard]] epoch_record* find(const epoch_core& core) const noexcept {
    return places_.empty() ? nullptr : places_[place_of(core)].record;
  }
  /// Whether make_room() would make the table larger.
  [[nodiscard]] bool is_full() const noexcept { return 2 * (count_ + 1) > places_.size(); }
  /// Room for one more. Amortised O(1). Throws std::bad_alloc.
  void make_room() {
    if (!is_full()) return;
    record_index larger;
    larger.places_.resize(places_.empty() ? fewest_places : 2 * places_.size());
    for_each([&](const entry& each) { larger.add(*each.core, *each.record); });
    std::swap(*this, larger);
  }
  /// There must be room, and no record of this core.
  void add(epoch_core& core, epoch_record& record) noexcept {
    places_[place_of(core)] = {&core, &record};
    ++count_;
  }
  /// Looks at the next so many places, in turn, and removes the entries for which is_gone(entry).
  template <class IsGone>
  void sweep(std::size_t places, const IsGone& is_gone) noexcept {
    while (places != 0 && !places_.empty()) {
      swept_ %= places_.size();
      const entry& next = places_[swept_];
      if (next.core != nullptr && is_gone(next)) {
        remove(swept_);  // another may be there now
      } else {
        ++swept_;
        --places;
      }
    }
  }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] std::size_t places() const noexcept { return places_.size(); }
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (const entry& each : places_) {
      if (each.core != nullptr) visit(each);
    }
  }

  /// Where a core is, or would be; there must be places.
  [[nodiscard]] std::size_t place_of(const epoch_core& core) const noexcept {
    std::size_t place = first_place_of(&core);
    while (places_[place].core != nullptr && places_[place].core != &core) place = (place + 1) & (places_.size() - 1);
    return place;
  }
  /// Where the search for it begins.
  [[nodiscard]] std::size_t first_place_of(const epoch_core* core) const noexcept {
    const std::uint64_t address = reinterpret_cast<std::uintptr_t>(core);
    return std::size_t{(address * multiplier) >> 32U} & (places_.size() - 1);
  }

 private:
  static constexpr std::size_t fewest_places = 8;                     // a power of two
  static constexpr std::uint64_t multiplier = 0x9E3779B97F4A7C15ULL;  // of Fibonacci hashing: the upper half spreads

  // Closes the gap: what would not be found beyond it moves there.
  void remove(std::size_t gap) noexcept {
    const std::size_t mask = places_.size() - 1;
    for (std::size_t next = (gap + 1) & mask; places_[next].core != nullptr; next = (next + 1) & mask) {
      const std::size_t away = (next - first_place_of(places_[next].core)) & mask;
      if (away < ((next - gap) & mask)) continue;
      places_[gap] = places_[next];
      gap = next;
    }
    places_[gap] = {};
    --count_;
  }

  std::vector<entry> places_;  // as many as a power of two, or none
  std::size_t count_ = 0;
  std::size_t swept_ = 0;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
