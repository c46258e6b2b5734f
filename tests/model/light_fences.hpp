// The frequent side of an asymmetric fence under relacy: an announcement and the compiler fence behind it, which is
// where the fence of the rare side (membarrier.hpp) takes effect on a thread. What is before the compiler fence in the
// program is before it in the processor, too, and likewise behind; nothing else in the thread is in any order, since
// compilers may move it.
#ifndef EVAC_TESTS_MODEL_LIGHT_FENCES_HPP
#define EVAC_TESTS_MODEL_LIGHT_FENCES_HPP

#include <relacy/relacy.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace evac_model {

/// The knowledge of a thread about each thread: operations up to this one are before all that it does next.
class knowledge {
 public:
  knowledge() = default;
  [[nodiscard]] static knowledge of(const rl::thread_info_base& thread) {
    knowledge result;
    std::copy_n(thread.acq_rel_order_, threads(), result.times_.begin());
    return result;
  }
  void join(const knowledge& more) {
    for (std::size_t i = 0; i != times_.size(); ++i) times_[i] = std::max(times_[i], more.times_[i]);
  }
  void teach(rl::thread_info_base& thread) const {
    for (std::size_t i = 0; i != threads(); ++i)
      thread.acq_rel_order_[i] = std::max(thread.acq_rel_order_[i], times_[i]);
  }

 private:
  [[nodiscard]] static std::size_t threads() { return static_cast<std::size_t>(rl::ctx().get_thread_count()); }
  std::array<rl::timestamp_t, 4> times_{};
};

/// Of each thread: what it had done by its last such fence, and what it learns at its next.
class light_fences {
 public:
  static void begin() { all_ = {}; }

  /// A thread has stored an announcement: a compiler fence counts only behind one.
  static void announced() { own().announced = true; }
  static void pass() {
    if (!own().announced) return;
    rl::ctx().sched();
    one_thread& passing = own();
    passing.announced = false;
    passing.to_learn.teach(*rl::ctx().threadx_);
    passing.done = knowledge::of(*rl::ctx().threadx_);
  }

  [[nodiscard]] static const knowledge& done_by(std::size_t thread) { return all_[thread].done; }
  static void learns(std::size_t thread, const knowledge& what) { all_[thread].to_learn.join(what); }

 private:
  struct one_thread {
    bool announced;
    knowledge done;
    knowledge to_learn;
  };
  [[nodiscard]] static one_thread& own() { return all_[rl::thread_index()]; }
  static inline std::array<one_thread, 4> all_{};
};

}  // namespace evac_model

#endif
