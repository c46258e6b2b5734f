// An observer that writes down what it is told.
#ifndef EVAC_TESTS_SUPPORT_EVENT_RECORDER_HPP
#define EVAC_TESTS_SUPPORT_EVENT_RECORDER_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <evac/observer.hpp>
#include <mutex>
#include <string>
#include <vector>

namespace evac_test {

class event_recorder : public evac::observer {
 public:
  struct growth {
    bool begun;
    growth_event event;
  };

  using evac::observer::observer;

  void cleared(const cleared_event& event) noexcept override { add(clears_, event); }
  void growth_begun(const growth_event& event) noexcept override { add(growths_, {true, event}); }
  void growth_ended(const growth_event& event) noexcept override { add(growths_, {false, event}); }
  void shrunk(const shrunk_event& event) noexcept override { add(shrinks_, event); }
  void over_cap(const over_cap_event& event) noexcept override { add(over_caps_, event); }
  void waited(const waited_event& event) noexcept override { add(waits_, event); }
  void reentered(const reentered_event& event) noexcept override { add(reentries_, event); }

  // When no thread calls it any more.
  [[nodiscard]] const std::vector<cleared_event>& clears() const { return clears_; }
  [[nodiscard]] const std::vector<growth>& growths() const { return growths_; }
  [[nodiscard]] const std::vector<shrunk_event>& shrinks() const { return shrinks_; }
  [[nodiscard]] const std::vector<over_cap_event>& over_caps() const { return over_caps_; }
  [[nodiscard]] const std::vector<waited_event>& waits() const { return waits_; }
  [[nodiscard]] const std::vector<reentered_event>& reentries() const { return reentries_; }
  [[nodiscard]] std::size_t all() const {
    return clears_.size() + growths_.size() + shrinks_.size() + over_caps_.size() + waits_.size() + reentries_.size();
  }
  [[nodiscard]] std::size_t count(bool begun) const {
    return static_cast<std::size_t>(
        std::count_if(growths_.begin(), growths_.end(), [&](const growth& each) { return each.begun == begun; }));
  }

 private:
  template <class Event>
  void add(std::vector<Event>& to, const Event& event) {
    const std::lock_guard guard(mutex_);
    to.push_back(event);
  }

  std::mutex mutex_;
  std::vector<cleared_event> clears_;
  std::vector<growth> growths_;
  std::vector<shrunk_event> shrinks_;
  std::vector<over_cap_event> over_caps_;
  std::vector<waited_event> waits_;
  std::vector<reentered_event> reentries_;
};

/// Whether these are whole doublings in turn, each from where the one before has ended, of one table.
[[nodiscard]] inline bool in_turn(const std::vector<event_recorder::growth>& growths) {
  for (std::size_t i = 0; i < growths.size(); ++i) {
    const auto& [begun, event] = growths[i];
    if (begun != (i % 2 == 0) || event.slots_after != 2 * event.slots_before) return false;
    if (i == 0) continue;
    const auto& before = growths[i - 1].event;
    if (event.slots_before != (begun ? before.slots_after : before.slots_before)) return false;
    if (event.size < before.size || event.elements_moved < before.elements_moved) return false;
  }
  return true;
}

}  // namespace evac_test

#endif
