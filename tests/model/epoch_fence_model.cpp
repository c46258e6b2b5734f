// Epochs under relacy where the system has membarrier(2), so that entering is a plain store: see membarrier.hpp, and
// rw_lock_model.cpp for what relacy does and how this is run.
#define EVAC_HAS_MEMBARRIER 1
#include "evac/detail/sync/atomic.hpp"
#include "membarrier.hpp"

#include "evac/detail/sync/epoch_core.hpp"

#include <cstddef>
#include <iterator>

#include "epoch_models.hpp"
#include "run_models.hpp"

namespace {

using bug = evac_model::fence_bug;
using namespace evac_model;

// model, interleavings.
constexpr named_model models[] = {
    // clang-format off
    EVAC_MODEL(reader_and_writer, 30'000),
    EVAC_MODEL(writer_and_flusher, 30'000),
    EVAC_MODEL(writers_and_reader, 30'000),
    EVAC_MODEL(writer_and_advancer, 30'000),
    EVAC_MODEL(new_record, 60'000),
    // clang-format on
};

// bug, the model that must find it, what it must find
constexpr named_bug<bug> bugs[] = {
    // clang-format off
    EVAC_MODEL_BUG(no_fence, reader_and_writer, DATA RACE),
    EVAC_MODEL_BUG(fence_only_in_caller, reader_and_writer, DATA RACE),
    EVAC_MODEL_BUG(targets_do_not_acquire, reader_and_writer, DATA RACE),
    EVAC_MODEL_BUG(targets_do_not_release, reader_and_writer, DATA RACE),
    EVAC_MODEL_BUG(no_compiler_fence, reader_and_writer, DATA RACE),
    EVAC_MODEL_BUG(leaving_is_relaxed, reader_and_writer, DATA RACE),
    EVAC_MODEL_BUG(announcing_is_relaxed, reader_and_writer, DATA RACE),
    // clang-format on
};
static_assert(std::size(bugs) == static_cast<std::size_t>(bug::count) - 2, "each bug but the lock's has a line here");

}  // namespace

int main(int argc, char** argv) {
  lingering = true;
  one_order = false;
  return run_models("evac_model_epoch_fence", models, bugs, fence_planted, argc, argv);
}
