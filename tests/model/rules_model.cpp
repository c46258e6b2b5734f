// Rules that the models take for granted of relacy and of the headers beside it: small protocols that are right, and
// each with a mistake that must be found. See rw_lock_model.cpp for how this is run.
#define EVAC_HAS_MEMBARRIER 0
#include "evac/detail/sync/atomic.hpp"

#include <iterator>
#include <optional>

#include "run_models.hpp"

namespace {

using evac_model::plain;
using namespace evac::detail;

enum class bug {
  none,
  own_store_goes_on,      // a store, where only a read-modify-write continues a release sequence
  store_goes_on,          // the same by another thread than the one that has released
  failure_sees_newest,    // a compare-exchange that fails, and what it has found taken for the newest value
  freed_before_the_look,  // between the load of a pointer and the look at what it points to
  count,
};
bug planted = bug::none;

/// A thread hands over a value that it has written, and the word goes through another state before a reader finds it.
template <class Model>
struct handed_over : rl::test_suite<Model, 3> {
  using word_type = atomic<unsigned>;
  std::optional<word_type> word;
  plain<int> payload{0};

  void before() { word.emplace(0U); }
  void after() { word.reset(); }

  void thread(unsigned index) {
    if (index == 0) {
      payload.set(1);
      static_cast<Model*>(this)->hand_over();
    } else if (index == 1) {
      static_cast<Model*>(this)->hand_on();
    } else if (word->load(acquire) == 2) {
      RL_ASSERT(payload.get() == 1);
    }
  }
};
struct by_oneself : handed_over<by_oneself> {
  void hand_over() {
    word->store(1, release);
    if (planted == bug::own_store_goes_on) {
      word->store(2, relaxed);
    } else {
      word->fetch_add(1, relaxed);
    }
  }
  void hand_on() {}
};
/// As a bucket that another thread has split is locked, and then changes.
struct by_another : handed_over<by_another> {
  void hand_over() { word->store(1, release); }
  void hand_on() {
    unsigned there = 1;
    if (!word->compare_exchange_strong(there, 3, acquire, relaxed)) return;
    word->store(2, planted == bug::store_goes_on ? relaxed : release);
  }
};

struct failed_exchange : rl::test_suite<failed_exchange, 2> {
  std::optional<atomic<unsigned>> first;
  std::optional<atomic<unsigned>> second;

  void before() {
    first.emplace(0U);
    second.emplace(0U);
  }
  void after() {
    first.reset();
    second.reset();
  }
  void thread(unsigned index) {
    if (index == 0) {
      first->store(1, relaxed);
      second->store(1, release);
      return;
    }
    if (second->load(planted == bug::failure_sees_newest ? relaxed : acquire) != 1) return;
    unsigned found = 2;
    RL_ASSERT(!first->compare_exchange_strong(found, 3, relaxed, relaxed) && found == 1);
  }
};

struct pointed_to : rl::test_suite<pointed_to, 2> {
  std::optional<atomic<plain<int>*>> pointer;
  plain<int>* gone = nullptr;

  void before() {
    gone = nullptr;
    pointer.emplace(new plain<int>(1));
  }
  void after() {
    delete gone;
    pointer.reset();
  }
  void thread(unsigned index) {
    if (index == 0) {
      if (const plain<int>* const found = pointer->load(seq_cst); found != nullptr) RL_ASSERT(found->get() == 1);
      return;
    }
    gone = pointer->exchange(nullptr, seq_cst);
    if (planted != bug::freed_before_the_look) return;
    delete gone;
    gone = nullptr;
  }
};

// model, interleavings.
constexpr evac_model::named_model models[] = {
    // clang-format off
    EVAC_MODEL(by_oneself, 20'000),
    EVAC_MODEL(by_another, 20'000),
    EVAC_MODEL(failed_exchange, 20'000),
    EVAC_MODEL(pointed_to, 20'000),
    // clang-format on
};

// bug, the model that must find it, what it must find
constexpr evac_model::named_bug<bug> bugs[] = {
    // clang-format off
    EVAC_MODEL_BUG(own_store_goes_on, by_oneself, DATA RACE),
    EVAC_MODEL_BUG(store_goes_on, by_another, DATA RACE),
    EVAC_MODEL_BUG(failure_sees_newest, failed_exchange, USER ASSERT FAILED),
    EVAC_MODEL_BUG(freed_before_the_look, pointed_to, ACCESS TO FREED MEMORY),
    // clang-format on
};
static_assert(std::size(bugs) == static_cast<std::size_t>(bug::count) - 1, "each bug has a line here");

}  // namespace

int main(int argc, char** argv) {
  return evac_model::run_models("evac_model_rules", models, bugs, planted, argc, argv);
}
