// What sharded_map and sharded_set are: a table under locks; their types, size and room, copies of the functors, and
// looks inside. The contract is documented at the types themselves; in this header and in those of the classes derived
// from this one the members say only what is special. What they do is in sharded_elements.hpp and sharded_table.hpp.
#ifndef EVAC_DETAIL_SHARDED_SHARDED_CONTAINER_BASE_HPP
#define EVAC_DETAIL_SHARDED_SHARDED_CONTAINER_BASE_HPP

#include <cstddef>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/sharded/sharded_stats.hpp"
#include "evac/detail/sharded/sharded_table.hpp"
#include "evac/stats.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy, class Mutex>
class sharded_container_base {
 protected:
  using core = sharded_table<Policy, Mutex>;
  using writing_shard = typename core::writing_shard;
  using reading_shard = typename core::reading_shard;
  using traits = typename Policy::allocator_traits;
  using location = std::source_location;

 public:
  using key_type = typename Policy::key_type;
  using value_type = typename Policy::value_type;
  using init_type = typename Policy::init_type;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  using hasher = typename Policy::hasher;
  using key_equal = typename Policy::key_equal;
  using allocator_type = typename Policy::allocator_type;
  using reference = value_type&;
  using const_reference = const value_type&;
  using pointer = typename traits::pointer;
  using const_pointer = typename traits::const_pointer;
  using mutex_type = Mutex;
  /// What visitors of the forms without a c get: the elements of a set are its keys.
  using visited_type = typename core::visited_type;

  /// Keys that a bulk visit works on at a time: their cache misses overlap.
  static constexpr size_type bulk_visit_size = core::bulk_size;

  /// A recent number; takes no lock. O(shards).
  [[nodiscard]] size_type size() const noexcept {
    size_type total = 0;
    for (const auto& each : core_.shards()) total += each.size();
    return total;
  }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  /// No more than the allocator's.
  [[nodiscard]] size_type max_size(location where = location::current()) const noexcept {
    return core::table_type::max_size(core_.copy_allocator({"max_size", where}));
  }
  [[nodiscard]] size_type shard_count() const noexcept { return core_.shards().size(); }

  /// Linearizable; the locks are held for O(shards). All memory is given back.
  void clear(location where = location::current()) noexcept { core_.clear({"clear", where}); }

  /// Room for n elements in all, with a margin for how they fall into shards: it is all but certain that the next
  /// inserts move nothing. An empty container gives back what it has beyond that. Shard by shard. Throws
  /// std::length_error for an absurd n, std::bad_alloc; then all shards have the room that they had. More memory than the
  /// machine could hold is refused before any of it is touched.
  void reserve(size_type n, location where = location::current()) { core_.reserve(n, {"reserve", where}); }
  /// Room for about n slots, or for what there is if that is more; gives back what is beyond that, all of it for
  /// rehash(0) of an empty container. Shard by shard. Throws as reserve().
  void rehash(size_type n, location where = location::current()) { core_.rehash(n, {"rehash", where}); }
  /// Slots of all home buckets.
  [[nodiscard]] size_type bucket_count(location where = location::current()) const {
    size_type total = 0;
    for (auto& each : core_.shards()) {
      const inside_call mark(std::addressof(core_), {"bucket_count", where});
      const reading_shard guard(each);
      total += guard.table().home_count() * core::table_type::chains::layout::home_slots();
    }
    return total;
  }
  [[nodiscard]] float load_factor(location where = location::current()) const {
    const size_type slot_count = bucket_count(where);
    return slot_count == 0 ? 0.0F : static_cast<float>(size()) / static_cast<float>(slot_count);
  }
  [[nodiscard]] float max_load_factor() const noexcept { return 1.0F; }
  /// Accepted and ignored.
  void max_load_factor(float) noexcept {}
  /// Elements that fit without another bucket, if they fell evenly.
  [[nodiscard]] size_type max_load(location where = location::current()) const { return bucket_count(where); }

  /// Copies. They take a lock, for reading, where there is a state that an assignment or a swap could be replacing.
  [[nodiscard]] hasher hash_function(location where = location::current()) const {
    return core_.copy_hash({"hash_function", where});
  }
  [[nodiscard]] key_equal key_eq(location where = location::current()) const {
    return core_.copy_equal({"key_eq", where});
  }
  [[nodiscard]] allocator_type get_allocator(location where = location::current()) const noexcept {
    return core_.copy_allocator({"get_allocator", where});
  }

  /// A look inside, shard by shard. O(buckets).
  [[nodiscard]] sharded_stats stats(location where = location::current()) const {
    return collect_sharded_stats(core_, {"stats", where});
  }
  /// Who holds which shard, as a text of a line for each. In builds without NDEBUG with the owners' thread ids. Takes
  /// no lock: what it says may be over when it is read.
  [[nodiscard]] std::string dump_locks() const { return describe_locks(core_.shards()); }

 protected:
  sharded_container_base(size_type shard_count, const hasher& hash, const key_equal& equal,
                         const allocator_type& allocator)
      : core_(shard_count, hash, equal, allocator) {}
  /// Copies another core or takes its elements, with an allocator or with that one's.
  sharded_container_base(const core& from, const std::optional<allocator_type>& allocator, call_site site)
      : core_(from, allocator, site) {}
  sharded_container_base(core&& from, call_site site) : core_(std::move(from), site) {}
  sharded_container_base(core&& from, const allocator_type& allocator, call_site site)
      : core_(std::move(from), allocator, site) {}
  ~sharded_container_base() = default;

  core core_;

 private:
  friend struct table_access;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
