// Elements on their way out of a cache: taken under the lock of a shard, told and destroyed when no lock is held.
#ifndef EVAC_DETAIL_CACHE_DEPARTURES_HPP
#define EVAC_DETAIL_CACHE_DEPARTURES_HPP

#include <cstddef>

#include "evac/detail/cache/cached.hpp"
#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Up to `Most` elements. At the end of its scope the listener is told of each, which ends the program if it throws.
template <class State, std::size_t Most>
class departures {
  using slot_ops = typename State::slot_ops;

 public:
  explicit departures(State& from) noexcept : from_(from) {}
  departures(const departures&) = delete;
  departures& operator=(const departures&) = delete;
  ~departures() {
    for (std::size_t i = 0; i != count_; ++i) {
      if (from_.listener) tell(i);
      slot_ops::destroy(from_.functors.allocator, slots_[i].bytes);
    }
  }

  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] std::size_t room() const noexcept { return Most - count_; }
  /// Takes the element of a slot, which is empty afterwards. Under the lock of the shard.
  void take(void* slot, removal_cause cause, typename State::companion& beside) noexcept {
    EVAC_ASSERT(count_ != Most, "evac: more elements leave a cache at a time than one call lets go");
    slot_ops::relocate(from_.functors.allocator, slots_[count_].bytes, slot);
    causes_[count_] = cause;
    ++count_;
    ++beside.left[static_cast<std::size_t>(cause)];
  }

 private:
  EVAC_NEVER_INLINE void tell(std::size_t index) noexcept {
    auto& element = slot_ops::element(slots_[index].bytes);
    from_.listener(element.first, element.second.value, causes_[index]);
  }

  struct slot_bytes {
    alignas(slot_ops::alignment()) std::byte bytes[slot_ops::size()];
  };
  State& from_;
  std::size_t count_ = 0;
  removal_cause causes_[Most];
  slot_bytes slots_[Most];
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
