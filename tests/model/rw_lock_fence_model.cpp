// rw_lock under relacy where the system has membarrier(2), so that a biased reader announces itself by a plain store:
// see membarrier.hpp, and rw_lock_model.cpp for what relacy does and how this is run. Only what the bias is part of.
#define EVAC_HAS_MEMBARRIER 1
#include "evac/detail/sync/atomic.hpp"
#include "membarrier.hpp"

#include "evac/rw_lock.hpp"

#include <cstddef>
#include <iterator>
#include <optional>

#include "run_models.hpp"

namespace {

using bug = evac_model::fence_bug;
using readers = evac::detail::visible_readers;

/// A biased lock and two words that always change together.
template <class Model, rl::thread_id_t Threads>
struct biased_lock : rl::test_suite<Model, Threads> {
  std::optional<evac::rw_lock> lock;
  evac_model::plain<int> first{0};
  evac_model::plain<int> second{0};

  void before() {
    evac_model::light_fences::begin();
    evac_model::bias_may_stand = false;
    readers::begin();
    lock.emplace();
    read();  // one is enough for the constants of the model
    RL_ASSERT(lock->is_biased());
  }
  void after() {
    lock.reset();
    readers::end();
  }

  void change() {
    first.set(first.get() + 1);
    second.set(second.get() + 1);
  }
  void write() {
    lock->lock();
    change();
    lock->unlock();
  }
  bool try_write() {
    if (!lock->try_lock()) return false;
    change();
    lock->unlock();
    return true;
  }
  void read() {
    lock->lock_shared();
    RL_ASSERT(first.get() == second.get());
    lock->unlock_shared();
  }
};

/// The smallest case of announcing against revoking.
struct one_announcement : biased_lock<one_announcement, 2> {
  void thread(unsigned index) {
    if (index == 1) {
      write();
    } else {
      read();
    }
  }
};

/// The bias goes and comes back.
struct readers_and_writer : biased_lock<readers_and_writer, 3> {
  void thread(unsigned index) {
    if (index == 0) {
      write();
      write();
    } else {
      read();
      read();
    }
  }
};

/// Two revoke, one after the other.
struct reader_and_writers : biased_lock<reader_and_writers, 3> {
  void thread(unsigned index) {
    if (index == 0) {
      read();
      read();
    } else {
      write();
    }
  }
};

/// A try_lock() that fails leaves the bias as it was, for a writer who comes then.
struct try_lock_and_reader : biased_lock<try_lock_and_reader, 3> {
  void thread(unsigned index) {
    if (index == 0) {
      if (!try_write()) try_write();
    } else if (index == 1) {
      read();
    } else {
      write();
    }
  }
};

/// The bias stands, becomes one that is revoked, is taken away and comes back: readers announce themselves by exchanges and
/// by plain stores. The exchanges need the one order.
struct standing_and_revoked : biased_lock<standing_and_revoked, 3> {
  void before() {
    evac_model::one_order = true;
    biased_lock::before();
    write();
    evac_model::bias_may_stand = true;
    while (!lock->bias_stands()) read();
  }
  void thread(unsigned index) {
    if (index == 0) {
      write();
      write();
      write();
    } else {
      read();
      read();
    }
  }
  void after() {
    biased_lock::after();
    evac_model::one_order = false;
  }
};

// model, interleavings.
constexpr evac_model::named_model models[] = {
    // clang-format off
    EVAC_MODEL(one_announcement, 200'000),
    EVAC_MODEL(readers_and_writer, 100'000),
    EVAC_MODEL(reader_and_writers, 100'000),
    EVAC_MODEL(try_lock_and_reader, 100'000),
    EVAC_MODEL(standing_and_revoked, 100'000),
    // clang-format on
};

// bug, the model that must find it, what it must find
constexpr evac_model::named_bug<bug> bugs[] = {
    // clang-format off
    EVAC_MODEL_BUG(no_fence, one_announcement, DATA RACE),
    EVAC_MODEL_BUG(fence_only_in_caller, one_announcement, DATA RACE),
    EVAC_MODEL_BUG(targets_do_not_acquire, one_announcement, DATA RACE),
    EVAC_MODEL_BUG(targets_do_not_release, one_announcement, DATA RACE),
    EVAC_MODEL_BUG(no_compiler_fence, one_announcement, DATA RACE),
    EVAC_MODEL_BUG(leaving_is_relaxed, one_announcement, DATA RACE),
    EVAC_MODEL_BUG(no_second_look, one_announcement, DATA RACE),
    // clang-format on
};
static_assert(std::size(bugs) == static_cast<std::size_t>(bug::count) - 2,
              "each bug but that of epochs has a line here");

}  // namespace

int main(int argc, char** argv) {
  evac_model::one_order = false;
  return evac_model::run_models("evac_model_rw_lock_fence", models, bugs, evac_model::fence_planted, argc, argv);
}
