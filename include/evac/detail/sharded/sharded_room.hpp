// Room in the tables of a sharded container: given to all of them, shard by shard, or to none.
#ifndef EVAC_DETAIL_SHARDED_SHARDED_ROOM_HPP
#define EVAC_DETAIL_SHARDED_SHARDED_ROOM_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <new>
#include <stdexcept>
#include <vector>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/segment_memory.hpp"
#include "evac/detail/sharded/sharded_parts.hpp"
#include "evac/detail/table/pacing.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy, class Mutex>
class sharded_room : public sharded_parts<Policy, Mutex> {
  using base = sharded_parts<Policy, Mutex>;

 public:
  using typename base::reading_shard;
  using typename base::size_type;
  using typename base::table_type;
  using typename base::writing_shard;

  using base::base;

  /// Room for n elements. How many of n random keys fall into one shard is binomial: each gets six standard deviations
  /// more than its share. Takes room away only from a container without elements.
  void reserve(size_type n, call_site site) {
    size_type wanted = 0;
    if (n != 0) {
      const auto share = static_cast<double>(n) / static_cast<double>(shards_.size());
      const double spread = shards_.size() == 1 ? 0.0 : 6.0 * std::sqrt(share) + 8.0;
      if (n > table_type::max_size(base::copy_allocator(site)) ||
          !(share + spread < static_cast<double>(table_type::max_size()))) {
        throw_length_error("evac: reserve() or constructor asked for more than max_size()");
      }
      wanted = static_cast<size_type>(std::ceil(share + spread));
    }
    const size_type homes = wanted == 0 ? 0 : homes_for(wanted, layout::home_slots());
    bool empty = true;
    for (const auto& each : shards_) empty = empty && each.size() == 0;
    change_all(homes, site, [&](table_type& table) {
      if (empty && table.size() == 0 && table.home_count() > homes) table.fit(homes);
      table.reserve(wanted);
    });
  }
  /// Room for about so many slots.
  void rehash(size_type slot_count, call_site site) {
    const size_type per_home = shards_.size() * layout::home_slots();
    const size_type homes = slot_count / per_home + (slot_count % per_home != 0 ? 1 : 0);
    if (homes > table_type::max_size()) throw_length_error("evac: rehash() asked for more than max_size()");
    change_all(homes, site, [&](table_type& table) { table.fit(homes); });
  }

 protected:
  ~sharded_room() = default;

  using base::functors_;
  using base::shards_;

 private:
  using layout = typename table_type::chains::layout;
  using memory = segment_memory<typename Policy::allocator_type, layout>;

  // Lets change(table) give each table its `homes`. If one fails, those that were changed get back what they had, as far
  // as there is memory for that.
  template <class Change>
  void change_all(size_type homes, call_site site, const Change& change) {
    expect_memory_for(homes, site);
    std::vector<room> before;
    before.reserve(shards_.size());
    EVAC_TRY {
      for (auto& each : shards_) {
        const inside_call mark(this, site);
        const writing_shard guard(each);
        before.push_back({guard.table().home_count(), guard.table().promised_homes()});
        change(guard.table());
      }
    }
    EVAC_CATCH_ALL {
      for (size_type i = 0; i < before.size(); ++i) restore(i, before[i], site);
      EVAC_RETHROW;
    }
  }
  struct room {
    size_type homes;
    size_type promised;
  };
  void restore(size_type index, const room& before, call_site site) noexcept {
    EVAC_TRY {
      const inside_call mark(this, site);
      const writing_shard guard(shards_[index]);
      guard.table().restore_room(before.homes, before.promised);
    }
    EVAC_CATCH_ALL {
      // No memory to put the elements closer together: this table keeps its room, and is whole.
    }
  }

  // Throws std::bad_alloc if the machine could not hold what the tables want together: each by itself might get its part,
  // and filling them would take memory until there is none.
  void expect_memory_for(size_type homes, call_site site) const {
    constexpr size_type most = (std::numeric_limits<std::ptrdiff_t>::max)();
    size_type bytes = 0;
    for (auto& each : shards_) {
      const inside_call mark(this, site);
      const reading_shard guard(each);
      const size_type has = guard.table().home_count();
      const size_type wanted =
          (homes - (std::min)(has, homes)) * layout::home_bytes();  // no overflow: below max_size()
      if (wanted > most - bytes) throw_bad_alloc();
      bytes += wanted;
    }
    if (!memory::could_hold(bytes)) throw_bad_alloc();
  }
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
