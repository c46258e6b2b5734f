// A call that is stopped in the middle, in another thread, while this one makes others.
#ifndef EVAC_TESTS_SUPPORT_HELD_CALL_HPP
#define EVAC_TESTS_SUPPORT_HELD_CALL_HPP

#include <atomic>
#include <latch>
#include <thread>

namespace evac_test {

/// Stops the thread that calls hold(), once, until the scope of the gate ends or open() is called.
class gate {
 public:
  void hold() {
    if (held_.exchange(true)) return;
    inside_.count_down();
    opened_.wait();
  }
  void await_held() { inside_.wait(); }
  void open() { opened_.count_down(); }

 private:
  std::atomic<bool> held_{false};
  std::latch inside_{1};
  std::latch opened_{1};
};

/// Runs `held`, which has to call gate.hold() somewhere, in another thread, and `meanwhile` while it stands there.
template <class Held, class Meanwhile>
void while_held(const Held& held, const Meanwhile& meanwhile) {
  gate stop;
  std::thread other([&] { held(stop); });
  stop.await_held();
  meanwhile();
  stop.open();
  other.join();
}

}  // namespace evac_test

#endif
