// rw_lock under relacy, which runs a few threads in very many interleavings and lets loads see every value that the C++
// memory model allows. It reports data races, deadlocks (a lost wake-up is one) and failed assertions.
//
//   evac_model_rw_lock MODEL [BUG]      says "no error" or "found: what"; with a BUG, that one is planted
//   evac_model_rw_lock --list           all models
//
// EVAC_TEST_ROUNDS multiplies the interleavings. They are random but the same in every run. CMake reads the two tables
// at the end of this file: each line is a test.
//
// Order of the includes: the shadow atomic.hpp brings relacy, before evac.
#define EVAC_HAS_MEMBARRIER 0
#include "evac/detail/sync/atomic.hpp"
#include "evac/rw_lock.hpp"

#include <cstddef>
#include <iterator>
#include <optional>

#include "run_models.hpp"
#include "rw_lock_models.hpp"

namespace {

using evac_model::bug;
using evac_model::model;
using evac_model::readers;
using namespace evac_model::standing;

/// Mutual exclusion, handover and parking of writers.
struct writers : model<writers, 3> {
  void thread(unsigned) {
    write();
    write();
  }
  void after() {
    check_changes(6);
    model::after();
  }
};

/// Readers by state, who set the bias, and one writer.
struct readers_and_writer : model<readers_and_writer, 3> {
  void thread(unsigned index) {
    if (index == 0) {
      write();
    } else {
      read();
    }
  }
};

/// The last reader by state wakes those who sleep: two writers, so that one of them may sleep until the end.
struct reader_and_writers : model<reader_and_writers, 3> {
  void thread(unsigned index) {
    if (index == 0) {
      read();
    } else {
      write();
    }
  }
};

struct everybody : model<everybody, 4> {
  void thread(unsigned index) {
    for (int round = 0; round < 2; ++round) {
      if (index < 2) {
        write();
      } else {
        read();
      }
    }
  }
};

/// Biased from the start: announced readers, revocation, and the bias coming back.
struct biased_readers_and_writer : model<biased_readers_and_writer, 3> {
  void before() {
    model::before();
    make_biased();
  }
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

/// The smallest case of announcing against revoking; both threads have their record already.
struct one_announcement : model<one_announcement, 2> {
  void before() {
    model::before();
    make_biased();
  }
  void thread(unsigned index) {
    if (index == 1) {
      write();
      return;
    }
    read();
  }
};

/// Readers of a shared object that is not the writer's, and whose registry the lock names.
struct biased_elsewhere : model<biased_elsewhere, 3> {
  void before() {
    model::before();
    make_biased();  // to the registry of 0
  }
  void thread(unsigned index) {
    readers::call_in(index == 1 ? 0 : 1);
    if (index == 0) {
      write();
    } else {
      read();
      read();
    }
  }
};

/// A reader that leaves by another shared object than it has entered by, while a writer revokes.
struct leaving_elsewhere : model<leaving_elsewhere, 3> {
  void before() {
    model::before();
    make_biased();
  }
  void thread(unsigned index) {
    if (index == 0) {
      write();
      RL_ASSERT(lock->reader_count() < 3);
    } else {
      read_across(index - 1, 2 - index);
      read_across(0, 1);
    }
  }
  void after() {
    RL_ASSERT(lock->reader_count() == 0);
    RL_ASSERT(try_write());
    model::after();
  }
};

/// try_lock() by another shared object than that of the announced reader.
struct try_lock_elsewhere : model<try_lock_elsewhere, 3> {
  void before() {
    model::before();
    make_biased();
  }
  void thread(unsigned index) {
    if (index == 0) {
      readers::call_in(1);
      if (!try_write()) write();
    } else {
      read_across(0, index - 1);
    }
  }
};

/// The reader adds its record to the list while the writer walks it.
struct new_record : model<new_record, 3> {
  void before() {
    model::before();
    make_biased();  // by the first of the threads; which one that is differs from run to run
  }
  void thread(unsigned index) {
    if (index == 0) {
      write();
    } else {
      read();
    }
  }
};

/// A reader that announces itself under another lock already: the writer must look behind the first slot of its record.
struct second_lock : model<second_lock, 2> {
  std::optional<evac::rw_lock> outer;

  void before() {
    model::before();
    make_biased();
    outer.emplace();
    outer->lock_shared();
    outer->unlock_shared();
    RL_ASSERT(outer->is_biased());
  }
  void thread(unsigned index) {
    if (index == 0) {
      outer->lock_shared();
      read();
      outer->unlock_shared();
    } else {
      write();
    }
  }
  void after() {
    outer.reset();
    model::after();
  }
};

/// try_lock() against announced readers; then a writer that comes after a try_lock() that failed.
struct try_lock_and_biased_reader : model<try_lock_and_biased_reader, 3> {
  void before() {
    model::before();
    make_biased();
  }
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

struct tries : model<tries, 4> {
  void thread(unsigned index) {
    if (index == 0) {
      try_write();
      try_read();
    } else if (index == 1) {
      write();
    } else if (index == 2) {
      try_read();
      read();
    } else {
      read();
      try_write();
    }
  }
};

/// The last thread to hold the lock may destroy it, as with std::shared_mutex: no thread touches it after having left.
struct destruction : model<destruction, 3> {
  rl::atomic<int> left;

  void before() {
    model::before();
    left.store(0, rl::mo_relaxed, RL_INFO);
  }
  void thread(unsigned index) {
    int gone = 0;
    if (index == 0) {
      lock->lock_shared();
      check();
      gone = left.rmw(rl::rmw_type_t<rl::rmw_type_add>(), 1, rl::mo_relaxed, RL_INFO);
      lock->unlock_shared();
    } else {
      lock->lock();
      change();
      gone = left.rmw(rl::rmw_type_t<rl::rmw_type_add>(), 1, rl::mo_relaxed, RL_INFO);
      lock->unlock();
    }
    // As a reference count under the lock would: the third one who has been in is the last one who is in.
    if (gone == 2 && index != 0) lock.reset();
  }
};

// model, interleavings. About half a minute for all of them together.
constexpr evac_model::named_model models[] = {
    // clang-format off
    EVAC_MODEL(writers, 500'000),
    EVAC_MODEL(readers_and_writer, 500'000),
    EVAC_MODEL(reader_and_writers, 500'000),
    EVAC_MODEL(everybody, 500'000),
    EVAC_MODEL(biased_readers_and_writer, 500'000),
    EVAC_MODEL(one_announcement, 500'000),
    EVAC_MODEL(biased_elsewhere, 500'000),
    EVAC_MODEL(leaving_elsewhere, 500'000),
    EVAC_MODEL(try_lock_elsewhere, 500'000),
    EVAC_MODEL(new_record, 500'000),
    EVAC_MODEL(second_lock, 500'000),
    EVAC_MODEL(standing_announcement, 500'000),
    EVAC_MODEL(standing_readers_and_writer, 500'000),
    EVAC_MODEL(standing_reader_and_writers, 500'000),
    EVAC_MODEL(standing_elsewhere, 500'000),
    EVAC_MODEL(try_lock_and_biased_reader, 500'000),
    EVAC_MODEL(tries, 500'000),
    EVAC_MODEL(destruction, 500'000),
    // clang-format on
};

// bug, the model that must find it, what it must find
constexpr evac_model::named_bug<bug> bugs[] = {
    // clang-format off
    EVAC_MODEL_BUG(announcement_is_a_store, one_announcement, DATA RACE),
    EVAC_MODEL_BUG(no_second_look, one_announcement, DATA RACE),
    EVAC_MODEL_BUG(no_wait_for_announced, one_announcement, DATA RACE),
    EVAC_MODEL_BUG(no_wake_up, writers, DEADLOCK),
    EVAC_MODEL_BUG(leaving_reader_wakes_nobody, reader_and_writers, DEADLOCK),
    EVAC_MODEL_BUG(writer_forgets_parked, reader_and_writers, DEADLOCK),
    EVAC_MODEL_BUG(bias_is_not_put_back, try_lock_and_biased_reader, DATA RACE),
    EVAC_MODEL_BUG(notification_touches_lock, destruction, ACCESS TO FREED MEMORY),
    EVAC_MODEL_BUG(unlock_is_relaxed, writers, DATA RACE),
    EVAC_MODEL_BUG(unlock_shared_is_relaxed, readers_and_writer, DATA RACE),
    EVAC_MODEL_BUG(leave_is_relaxed, biased_readers_and_writer, DATA RACE),
    EVAC_MODEL_BUG(bias_is_relaxed, biased_readers_and_writer, DATA RACE),
    EVAC_MODEL_BUG(revocation_is_relaxed, one_announcement, DATA RACE),
    EVAC_MODEL_BUG(list_is_not_seq_cst, new_record, DATA RACE),
    EVAC_MODEL_BUG(revoked_word_names_nothing, leaving_elsewhere, LIVELOCK),
    EVAC_MODEL_BUG(leaving_forgets_other_objects, leaving_elsewhere, USER ASSERT FAILED),
    EVAC_MODEL_BUG(writer_looks_at_its_own, biased_elsewhere, DATA RACE),
    EVAC_MODEL_BUG(any_bias_will_do, biased_elsewhere, DATA RACE),
    EVAC_MODEL_BUG(mark_is_not_raised, second_lock, DATA RACE),
    EVAC_MODEL_BUG(mark_is_relaxed, second_lock, DATA RACE),
    EVAC_MODEL_BUG(writer_is_not_asked_for, standing_announcement, DATA RACE),
    EVAC_MODEL_BUG(bias_was_asked_before, standing_readers_and_writer, DATA RACE),
    EVAC_MODEL_BUG(writer_acquires_only, standing_announcement, DATA RACE),
    EVAC_MODEL_BUG(bias_moves_to_own_registry, standing_elsewhere, DATA RACE),
    // clang-format on
};
static_assert(std::size(bugs) == static_cast<std::size_t>(bug::count) - 1, "each bug has a line here");

}  // namespace

int main(int argc, char** argv) {
  return evac_model::run_models("evac_model_rw_lock", models, bugs, evac_model::planted, argc, argv);
}
