// Cursors through maps that are written to meanwhile, without any memory for them.
//
// A bucket of depth d holds the elements whose hashes end with the same d bits. Read backwards, the bits of a hash are a number,
// and those of a bucket an interval, which a split cuts into halves. A cursor is such a number: all elements with smaller ones
// have been shown. The bucket that holds the number comes next, whatever has become of the table, and where its interval ends
// is the next cursor. So each element that is there throughout is shown once, and none is shown twice.
//
//   last bits of hashes     00      10      01      11
//   depth 2              |  0   |   2   |   1   |   3   |     homes, in the order of their intervals
//   depth 1              |      0       |       1       |
//                                       ^ a cursor: the even hashes have been shown
//
// They look into the tables, for no map of evac has such a verb.
#ifndef EVAC_EXAMPLES_CACHE_SERVER_SCAN_HPP
#define EVAC_EXAMPLES_CACHE_SERVER_SCAN_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <evac/sharded_map.hpp>
#include <evac/sync_map.hpp>
#include <memory>
#include <type_traits>
#include <vector>

namespace cache_server {

[[nodiscard]] constexpr std::uint64_t backwards(std::uint64_t bits) {
  std::uint64_t result = 0;
  for (int i = 0; i < 64; ++i, bits >>= 1U) result = result << 1U | (bits & 1U);
  return result;
}
static_assert(backwards(0b10) == std::uint64_t{1} << 62U);

/// How many numbers there are in the interval of a bucket; 0: all.
[[nodiscard]] constexpr std::uint64_t width_at(unsigned depth) {
  return depth == 0 ? 0 : std::uint64_t{1} << (64 - depth);
}

/// Calls show(key, value) for the elements of a sync map from a cursor on, bucket by bucket, until it has seen `count` of them;
/// a bucket counts as one more, so that a map with few elements for its size is not walked in one call. Returns the next cursor,
/// which is 0 at the end.
template <class Map, class Show>
std::uint64_t scan_sync(const Map& map, std::uint64_t cursor, std::size_t count, const Show& show) {
  const auto& table = evac::detail::table_access::of(map);
  using table_type = std::remove_cvref_t<decltype(table)>;
  const evac::detail::read_guard inside(table.core());
  const auto* const root = table.root();
  if (root == nullptr) return 0;
  typename table_type::reader_type reader(*root, inside.own);
  std::vector<typename table_type::slot_value> copied;
  std::size_t home = root->home_of(backwards(cursor));
  for (std::size_t seen = 0; seen < count;) {
    const unsigned depth = reader.copy(home, copied);
    const std::uint64_t begin = backwards(home);
    if (width_at(depth) != 0 && cursor - begin >= width_at(depth)) {
      // It has been split meanwhile: to the first child on the way to the cursor.
      const std::uint64_t others = backwards(cursor) ^ home;
      home |= others & (~others + 1);
      continue;
    }
    for (const auto& each : copied) {
      const auto& key = table_type::storage::key(each);
      if (cursor == begin || backwards(table.hash_of(key)) >= cursor) show(key, table_type::storage::value(each));
    }
    seen += copied.size() + 1;
    cursor = begin + width_at(depth);
    if (cursor == 0) return 0;
    home = root->home_of(backwards(cursor));
  }
  return cursor;
}

/// The same for a sharded map: in the upper 16 bits of a cursor is the shard, which is held shared while its buckets are shown.
template <class Map, class Show>
std::uint64_t scan_shards(const Map& map, std::uint64_t cursor, std::size_t count, const Show& show) {
  using namespace evac::detail;
  constexpr unsigned bits = 48;
  const auto& state = table_access::state_of(map);
  using state_type = std::remove_cvref_t<decltype(state)>;
  const auto number_of = [](std::size_t hash) { return backwards(hash) >> (64 - bits); };
  std::uint64_t shard = cursor >> bits;
  std::uint64_t at = cursor & ((std::uint64_t{1} << bits) - 1);
  for (std::size_t seen = 0; shard < state.shards.size() && seen < count; ++shard, at = 0) {
    const inside_call mark(std::addressof(state), {"scan"});
    const shard_guard<access::shared, typename state_type::shard_type> guard(state.shards[shard]);
    const auto& homes = guard.table().homes();
    while (homes.count() != 0 && at < std::uint64_t{1} << bits) {
      if (seen++ >= count) return shard << bits | at;
      const std::size_t home = homes.home_of(backwards(at << (64 - bits)));
      const std::uint64_t begin = number_of(home);
      for (bucket* where = homes.at(home); where != nullptr; where = where->overflow) {
        for (slot_mask taken = where->tags.occupied(); taken; taken.drop_first()) {
          const auto& [key, value] = state_type::table_type::element({where, taken.first(), home});
          if (at == begin || number_of(state.functors.hash_of(key)) >= at) show(key, value);
          ++seen;
        }
      }
      at = begin + (std::uint64_t{1} << (bits - depth_of(home, homes.count())));
    }
  }
  return shard < state.shards.size() ? shard << bits : 0;
}

}  // namespace cache_server

#endif
