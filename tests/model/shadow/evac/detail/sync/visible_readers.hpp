// Included in place of include/evac/detail/sync/visible_readers.hpp: the same record, list of records and fence, but
// relacy's threads share one thread of the system, so that each finds its record by its number. Constants are such that
// few steps get everywhere.
#ifndef EVAC_DETAIL_SYNC_VISIBLE_READERS_HPP
#define EVAC_DETAIL_SYNC_VISIBLE_READERS_HPP

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include <evac/detail/config.hpp>
#include "evac/detail/sync/reader_record.hpp"
#include "evac/detail/sync/record_list.hpp"

namespace evac::inline EVAC_ABI::detail {

class visible_readers {
 public:
  static constexpr std::uint32_t least_price = 1;
  static constexpr std::uint32_t highest_price = 1;
  static constexpr int looks_before_parking = 1;

  static void pause(int) noexcept {}

  [[nodiscard]] static bool enter(const void* lock) { return mine().enter(lock); }
  [[nodiscard]] static bool leave(const void* lock) {
    record* const own = world_->mine[rl::thread_index()];
    return own != nullptr && own->leave(lock);
  }
  [[nodiscard]] static bool any(const void* lock) {
    if (evac_model::planted == evac_model::bug::no_wait_for_announced) return false;
    bool found = false;
    world_->records.for_each([&](const record& each) {
      found = each.holds(lock);
      return !found;
    });
    return found;
  }
  static void await_leavers(int) { rl::yield(1, RL_INFO); }
  [[nodiscard]] static bool sample(std::uint32_t) { return true; }

  /// Every run of a model begins with no records and nobody asleep. What a run that failed has left behind is not
  /// touched: relacy has taken away what it consisted of. (And relacy has an operator new of its own.)
  static void begin() {
    evac_model::sleepers = {};
    world_ = ::new (std::malloc(sizeof(world))) world;
  }
  static void end() {
    world_->records.release_all();
    world_->~world();
    std::free(world_);
  }

 private:
  using record = reader_record<1>;
  struct world {
    record_list<record> records;
    record* mine[evac_model::most_threads] = {};
  };
  static inline world* world_ = nullptr;

  static record& mine() {
    record*& own = world_->mine[rl::thread_index()];
    if (own == nullptr) own = world_->records.take();
    return *own;
  }
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
