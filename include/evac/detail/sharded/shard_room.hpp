// Room in the tables of a sharded container: given to all of them, shard by shard, or to none.
#ifndef EVAC_DETAIL_SHARDED_SHARD_ROOM_HPP
#define EVAC_DETAIL_SHARDED_SHARD_ROOM_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <vector>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/segment_memory.hpp"
#include "evac/detail/sharded/sharded_state.hpp"
#include "evac/detail/table/pacing.hpp"

namespace evac::inline EVAC_ABI::detail {

/// The homes of a table, and how many of them reserve() has promised.
struct table_room {
  std::size_t homes;
  std::size_t promised;
};

/// A change of the room of all tables that can be undone.
template <class State>
class room_change {
  using layout = typename State::table_type::chains::layout;
  using memory = segment_memory<typename State::allocator_type, layout>;
  using exclusive_guard = shard_guard<access::exclusive, typename State::shard_type>;

 public:
  room_change(State& state, call_site site) : state_(state), site_(site) { before_.reserve(state.shards.size()); }

  /// Lets change(table) give each table its `homes`. If one fails, those that were changed get back what they had, as
  /// far as there is memory for that.
  template <class Change>
  void apply(std::size_t homes, const Change& change) {
    expect_memory_for(homes);
    EVAC_TRY {
      for (auto& each : state_.shards) {
        const inside_call mark(std::addressof(state_), site_);
        const exclusive_guard guard(each);
        before_.push_back({guard.table().home_count(), guard.table().promised_homes()});
        change(guard.table());
      }
    }
    EVAC_CATCH_ALL {
      for (std::size_t i = 0; i < before_.size(); ++i) restore(i);
      EVAC_RETHROW;
    }
  }

 private:
  void restore(std::size_t index) noexcept {
    EVAC_TRY {
      const inside_call mark(std::addressof(state_), site_);
      const exclusive_guard guard(state_.shards[index]);
      guard.table().restore_room(before_[index].homes, before_[index].promised);
    }
    EVAC_CATCH_ALL {
      // No memory to put the elements closer together: this table keeps its room, and is whole.
    }
  }
  // Throws std::bad_alloc if the machine could not hold what the tables want together: each by itself might get its
  // part, and filling them would take memory until there is none.
  void expect_memory_for(std::size_t homes) const {
    constexpr std::size_t most = (std::numeric_limits<std::ptrdiff_t>::max)();
    std::size_t bytes = 0;
    for (auto& each : state_.shards) {
      const inside_call mark(std::addressof(state_), site_);
      const shard_guard<access::shared, typename State::shard_type> guard(each);
      const std::size_t has = guard.table().home_count();
      const std::size_t wanted =
          (homes - (std::min)(has, homes)) * layout::home_bytes();  // no overflow: below max_size()
      if (wanted > most - bytes) throw_bad_alloc();
      bytes += wanted;
    }
    if (!memory::could_hold(bytes)) throw_bad_alloc();
  }

  State& state_;
  call_site site_;
  std::vector<table_room> before_;
};

/// Room for n elements. How many of n random keys fall into one shard is binomial: each gets six standard deviations
/// more than its share. Takes room away only from a container without elements.
template <class State>
void reserve_shards(State& state, call_site site, std::size_t n) {
  using table_type = typename State::table_type;
  std::size_t wanted = 0;
  if (n != 0) {
    const auto share = static_cast<double>(n) / static_cast<double>(state.shards.size());
    const double spread = state.shards.size() == 1 ? 0.0 : 6.0 * std::sqrt(share) + 8.0;
    if (n > table_type::max_size(copy_allocator(state, site)) ||
        !(share + spread < static_cast<double>(table_type::max_size()))) {
      throw_length_error("evac: reserve() or constructor asked for more than max_size()");
    }
    wanted = static_cast<std::size_t>(std::ceil(share + spread));
  }
  const std::size_t homes = wanted == 0 ? 0 : homes_for(wanted, table_type::chains::layout::home_slots());
  const bool empty = state.size() == 0;
  room_change(state, site).apply(homes, [&](table_type& table) {
    if (empty && table.size() == 0 && table.home_count() > homes) table.fit(homes);
    table.reserve(wanted);
  });
}

/// Room for about so many slots.
template <class State>
void rehash_shards(State& state, call_site site, std::size_t slot_count) {
  using table_type = typename State::table_type;
  const std::size_t per_home = state.shards.size() * table_type::chains::layout::home_slots();
  const std::size_t homes = slot_count / per_home + (slot_count % per_home != 0 ? 1 : 0);
  if (homes > table_type::max_size()) throw_length_error("evac: rehash() asked for more than max_size()");
  room_change(state, site).apply(homes, [&](table_type& table) { table.fit(homes); });
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
