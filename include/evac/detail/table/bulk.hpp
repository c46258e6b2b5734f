// Work on many keys of one table, one after the other, while the memory of those that follow is fetched.
//
//   keys   ... done ... | in use | hashed, on their way from memory: keys_ahead at most | not looked at
//
// A look-up in a table larger than the caches waits for memory; 32 of them wait together.
#ifndef EVAC_DETAIL_TABLE_BULK_HPP
#define EVAC_DETAIL_TABLE_BULK_HPP

#include <array>
#include <cstddef>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

inline constexpr std::size_t keys_ahead = 32;

/// Calls use(*it, hash) for each of a range that may be passed twice, in order; key_of(*it) is hashed once. If a hash
/// throws, those before its key have been used; what use() throws passes through at once.
template <class Table, class It, class End, class KeyOf, class Use>
void for_each_ahead(const Table& table, It first, const End last, const KeyOf& key_of, const Use& use) {
  std::array<std::size_t, keys_ahead> hashes;
  It ahead = first;
  std::size_t hashed = 0;
  std::size_t used = 0;
  const auto use_next = [&] {
    use(*first, hashes[used % keys_ahead]);
    ++used;
    ++first;
  };
  const auto fetch_next = [&] {
    EVAC_TRY {
      const std::size_t hash = table.hash_of(key_of(*ahead));
      table.prefetch_hashed(hash);
      hashes[hashed % keys_ahead] = hash;
    }
    EVAC_CATCH_ALL {
      while (used != hashed) use_next();
      EVAC_RETHROW;
    }
    ++hashed;
    ++ahead;
  };
  while (hashed != keys_ahead && ahead != last) fetch_next();
  while (ahead != last) {
    use_next();
    fetch_next();
  }
  while (used != hashed) use_next();
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
