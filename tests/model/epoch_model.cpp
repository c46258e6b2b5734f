// Epochs and parking under relacy: see rw_lock_model.cpp for what that does and how it is run.
#define EVAC_HAS_MEMBARRIER 0
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/epoch_core.hpp"
#include "evac/detail/sync/parking.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>

#include "epoch_models.hpp"
#include "run_models.hpp"

namespace {

using bug = evac_model::sync_bug;
using evac_model::new_record;
using evac_model::reader_and_writer;
using evac_model::writer_and_advancer;
using evac_model::writer_and_flusher;
using evac_model::writers_and_reader;
using namespace evac::detail;

template <class Model, rl::thread_id_t Threads>
struct parking_model : rl::test_suite<Model, Threads> {
  std::optional<parking> sleepers;
  std::optional<atomic<std::uint64_t>> word;
  evac_model::plain<int> payload{0};

  void before() {
    evac_model::sleepers = {};
    evac_model::words::begin();
    sleepers.emplace();
    word.emplace(0U);
  }
  void after() {
    sleepers.reset();
    word.reset();
    evac_model::words::end();
  }
  void await(std::uint64_t value) {
    while (word->load(acquire) < value) {
      sleepers->wait(&*word, [&] { return word->load(seq_cst) < value; });
    }
    RL_ASSERT(payload.get() >= static_cast<int>(value));
  }
};

struct sleeper : parking_model<sleeper, 2> {
  void thread(unsigned index) {
    if (index == 0) {
      await(1);
    } else {
      payload.set(1);
      sleepers->change(*word, std::uint64_t{1});
    }
  }
};

struct two_sleepers : parking_model<two_sleepers, 3> {
  void thread(unsigned index) {
    if (index == 2) {
      payload.set(1);
      sleepers->change(*word, std::uint64_t{1});
    } else {
      await(1);
    }
  }
};

// model, interleavings.
constexpr evac_model::named_model models[] = {
    // clang-format off
    EVAC_MODEL(reader_and_writer, 30'000),
    EVAC_MODEL(writer_and_flusher, 30'000),
    EVAC_MODEL(writers_and_reader, 30'000),
    EVAC_MODEL(writer_and_advancer, 30'000),
    EVAC_MODEL(new_record, 60'000),
    EVAC_MODEL(sleeper, 50'000),
    EVAC_MODEL(two_sleepers, 50'000),
    // clang-format on
};

// bug, the model that must find it, what it must find
constexpr evac_model::named_bug<bug> bugs[] = {
    // clang-format off
    EVAC_MODEL_BUG(no_wait_for_readers, reader_and_writer, DATA RACE),
    EVAC_MODEL_BUG(nobody_is_woken, sleeper, DEADLOCK),
    EVAC_MODEL_BUG(entering_is_a_store, reader_and_writer, DATA RACE),
    EVAC_MODEL_BUG(leaving_is_relaxed, reader_and_writer, DATA RACE),
    EVAC_MODEL_BUG(stamp_is_a_load, writer_and_advancer, DATA RACE),
    EVAC_MODEL_BUG(list_is_only_read, new_record, DATA RACE),
    // clang-format on
};
static_assert(std::size(bugs) == evac_model::epoch_bugs, "each bug has a line here");

}  // namespace

int main(int argc, char** argv) {
  evac_model::lingering = true;
  return evac_model::run_models("evac_model_epoch", models, bugs, evac_model::sync_planted, argc, argv);
}
