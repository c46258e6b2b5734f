// Included in place of include/evac/detail/sync/visible_readers.hpp: the same record, registry and fence, but relacy's
// threads share one thread of the system, so that each finds its record by its number. There are two shared objects,
// each with a registry of its own; a model says in which of them a thread calls. Constants are such that few steps get
// everywhere.
#ifndef EVAC_DETAIL_SYNC_VISIBLE_READERS_HPP
#define EVAC_DETAIL_SYNC_VISIBLE_READERS_HPP

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include <evac/detail/config.hpp>
#include "evac/detail/sync/reader_record.hpp"
#include "evac/detail/sync/reader_registry.hpp"

namespace evac::inline EVAC_ABI::detail {

class visible_readers {
 public:
  static constexpr std::uint32_t first_price = 1;
  static constexpr std::uint32_t least_price = 1;
  static constexpr std::uint32_t highest_price = 1;
  static constexpr std::uint32_t writes_while_standing = 2;
  static constexpr std::uint32_t counts_while_standing = 2;
  static constexpr int looks_before_parking = 1;

  static void pause(int) noexcept {}

  [[nodiscard]] static bool enter_at_once(const void* lock, std::uint32_t word) {
    evac_model::wanted_word[rl::thread_index()] = word;
    return mine().enter_at_once(lock, word);
  }
  [[nodiscard]] static bool enter(const void* lock, std::uint32_t word) {
    record& own = mine();
    return (own.word() == word || evac_model::planted == evac_model::bug::any_bias_will_do) && own.enter(lock);
  }
  [[nodiscard]] static bool enter_standing(const void* lock, std::uint32_t word) {
    evac_model::wanted_word[rl::thread_index()] = word;
    record& own = mine();
    return own.word() == bias_word::biased_like(word) && own.enter_by_exchange(lock);
  }
  [[nodiscard]] static bool leave_at_once(const void* lock) {
    record* const own = slot_of_mine();
    return own != nullptr && own->leave_at_once(lock);
  }
  [[nodiscard]] static bool leave(const void* lock, std::uint32_t word) {
    record* const own = slot_of_mine();
    if (own != nullptr && own->leave(lock)) return true;
    if (evac_model::planted == evac_model::bug::leaving_forgets_other_objects) return false;
    return named(word).leave(this_thread(), lock);
  }
  [[nodiscard]] static std::uint32_t word() { return mine().word(); }
  [[nodiscard]] static bool standing_pays(std::uint32_t) { return evac_model::bias_may_stand; }
  [[nodiscard]] static bool sample_read() { return sample(2); }
  [[nodiscard]] static bool sample(std::uint32_t period) {
    return period == 1 || !evac_model::bias_may_stand || rl::rand(2) == 0;
  }

  static void fence(std::uint32_t word) { named(word).fence(); }
  [[nodiscard]] static bool any(const void* lock, std::uint32_t word) {
    if (evac_model::planted == evac_model::bug::no_wait_for_announced) return false;
    if (evac_model::planted == evac_model::bug::writer_looks_at_its_own) return registry_of_object().any(lock);
    return named(word).any(lock);
  }
  static void await_leavers(int) { rl::yield(1, RL_INFO); }

  /// From here the thread calls in this shared object, 0 or 1; at first in 0.
  static void call_in(unsigned object) { world_->object[rl::thread_index()] = object; }

  /// Every run of a model begins with no records and nobody asleep. What a run that failed has left behind is not
  /// touched: relacy has taken away what it consisted of. (And relacy has an operator new of its own.)
  static void begin() {
    evac_model::sleepers = {};
    world_ = ::new (std::malloc(sizeof(world))) world;
  }
  static void end() {
    for (registry& each : world_->registries) each.records().release_all();
    world_->~world();
    std::free(world_);
  }

 private:
  using registry = reader_registry<2>;
  using record = registry::record;
  static constexpr unsigned objects = 2;
  static constexpr bool stores_are_plain = EVAC_HAS_MEMBARRIER != 0;
  // Word and number of a registry: not 0, which is no registry.
  struct world {
    registry registries[objects] = {{bias_word::biased | 1, stores_are_plain},
                                    {bias_word::biased | 2, stores_are_plain}};
    record* mine[evac_model::most_threads][objects] = {};
    unsigned object[evac_model::most_threads] = {};
  };
  static inline world* world_ = nullptr;
  static inline const int identities[evac_model::most_threads] = {};

  [[nodiscard]] static thread_identity this_thread() { return &identities[rl::thread_index()]; }
  [[nodiscard]] static registry& registry_of_object() { return world_->registries[world_->object[rl::thread_index()]]; }
  [[nodiscard]] static registry& named(std::uint32_t word) {
    const std::uint32_t number = word & bias_word::registry;
    RL_ASSERT(number == 1 || number == 2);
    return world_->registries[number - 1];
  }
  [[nodiscard]] static record*& slot_of_mine() {
    const unsigned thread = rl::thread_index();
    return world_->mine[thread][world_->object[thread]];
  }
  static record& mine() {
    record*& own = slot_of_mine();
    if (own == nullptr) {
      own = registry_of_object().join(this_thread(), [](registry::list& records) { return records.take(); });
      evac_model::own_word[rl::thread_index()] = own->word();
    }
    return *own;
  }
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
