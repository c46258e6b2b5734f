// rw_lock under relacy where the system has membarrier(2), so that a biased reader announces itself by a plain store:
// see membarrier.hpp, and rw_lock_model.cpp for what relacy does and how this is run. Only what the bias is part of.
#define EVAC_HAS_MEMBARRIER 1
#include "evac/detail/sync/atomic.hpp"
#include "membarrier.hpp"

#include "evac/rw_lock.hpp"

#include <cstddef>
#include <iterator>

#include "run_models.hpp"
#include "rw_lock_models.hpp"

namespace {

using bug = evac_model::fence_bug;

/// A biased lock.
template <class Model, rl::thread_id_t Threads>
struct biased_lock : evac_model::model<Model, Threads> {
  void before() {
    evac_model::light_fences::begin();
    evac_model::model<Model, Threads>::before();
    this->make_biased();
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

/// The bias stands, becomes one that is revoked, is taken away and comes back: readers announce themselves by exchanges
/// and by plain stores. The exchanges need the one order.
struct standing_and_revoked : evac_model::changing_bias<standing_and_revoked, biased_lock> {
  void before() {
    evac_model::one_order = true;
    changing_bias::before();
    let_it_stand();
  }
  void after() {
    changing_bias::after();
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
