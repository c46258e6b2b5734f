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
// They look into the tables, for no map of evac has such a verb: evac/detail/table/scan.hpp is what a sharded map itself is walked
// with, and a sync map is walked here in the same order.
#ifndef EVAC_EXAMPLES_CACHE_SERVER_SCAN_HPP
#define EVAC_EXAMPLES_CACHE_SERVER_SCAN_HPP

#include <cstddef>
#include <cstdint>
#include <evac/detail/table/scan.hpp>
#include <evac/sharded_map.hpp>
#include <evac/sync_map.hpp>
#include <memory>
#include <type_traits>
#include <vector>

namespace cache_server {

/// How many numbers there are in the interval of a bucket; 0: all.
[[nodiscard]] constexpr std::uint64_t width_at(unsigned depth) {
  return depth == 0 ? 0 : std::uint64_t{1} << (64 - depth);
}

/// Calls show(key, value) for the elements of a sync map from a cursor on, bucket by bucket, until it has seen `count` of them;
/// a bucket counts as one more, so that a map with few elements for its size is not walked in one call. Returns the next cursor,
/// which is 0 at the end.
template <class Map, class Show>
std::uint64_t scan_sync(const Map& map, std::uint64_t cursor, std::size_t count, const Show& show) {
  using evac::detail::reverse_bits;
  const auto& table = evac::detail::table_access::of(map);
  using table_type = std::remove_cvref_t<decltype(table)>;
  const evac::detail::read_guard inside(table.core());
  const auto* const root = table.root();
  if (root == nullptr) return 0;
  typename table_type::reader_type reader(*root, inside.own);
  std::vector<typename table_type::slot_value> copied;
  std::size_t home = root->home_of(reverse_bits(cursor));
  for (std::size_t seen = 0; seen < count;) {
    const unsigned depth = reader.copy(home, copied);
    const std::uint64_t begin = reverse_bits(home);
    if (width_at(depth) != 0 && cursor - begin >= width_at(depth)) {
      // It has been split meanwhile: to the first child on the way to the cursor.
      const std::uint64_t others = reverse_bits(cursor) ^ home;
      home |= others & (~others + 1);
      continue;
    }
    for (const auto& each : copied) {
      const auto& key = table_type::storage::key(each);
      if (cursor == begin || reverse_bits(table.hash_of(key)) >= cursor) show(key, table_type::storage::value(each));
    }
    seen += copied.size() + 1;
    cursor = begin + width_at(depth);
    if (cursor == 0) return 0;
    home = root->home_of(reverse_bits(cursor));
  }
  return cursor;
}

/// The same for a sharded map: in the upper 16 bits of a cursor is the shard, which is held shared while its buckets are shown.
template <class Map, class Show>
std::uint64_t scan_shards(const Map& map, std::uint64_t cursor, std::size_t count, const Show& show) {
  using namespace evac::detail;
  constexpr unsigned shard_bits = 16;  // no table has so many buckets that the rest would not do
  const auto& state = table_access::state_of(map);
  std::uint64_t shard = cursor >> (64 - shard_bits);
  scan_position at{.reversed = cursor << shard_bits};
  for (std::size_t seen = 0; shard < state.shards.size(); ++shard, at = {}) {
    const inside_call mark(std::addressof(state), {"scan"});
    const shard_guard<access::shared, typename std::remove_cvref_t<decltype(state)>::shard_type> guard(
        state.shards[shard]);
    for (; !at.done; ++seen) {
      if (seen >= count) return shard << (64 - shard_bits) | at.reversed >> shard_bits;
      scan_chain(guard.table(), at, [&](const auto& element) {
        show(element.first, element.second);
        ++seen;
      });
    }
  }
  return 0;
}

}  // namespace cache_server

#endif
