// Counts of what an operation asks of hash, equality and key type; a hash and an equality of int keys that count.
#ifndef EVAC_TESTS_SUPPORT_CALL_COUNTS_HPP
#define EVAC_TESTS_SUPPORT_CALL_COUNTS_HPP

#include <cstddef>
#include <evac/detail/hash/finish_hash.hpp>
#include <evac/hash.hpp>

namespace evac_test {

struct call_counts {
  std::size_t hashes = 0;
  std::size_t comparisons = 0;
  std::size_t keys_built = 0;
};
inline call_counts noted_calls;

struct noting_hash {
  using is_transparent = void;
  using is_avalanching = void;
  template <class K>
  std::size_t operator()(const K& key) const {
    ++noted_calls.hashes;
    return evac::detail::finish_hash(static_cast<std::size_t>(key), 12345);
  }
};
/// The stored key is always on the left: what is looked up by a long arrives as a long on the right.
struct stored_first {
  using is_transparent = void;
  bool operator()(int stored, long wanted) const {
    ++noted_calls.comparisons;
    return stored == wanted;
  }
  bool operator()(int stored, int wanted) const { return (*this)(stored, static_cast<long>(wanted)); }
  bool operator()(long, int) const = delete;
};

template <class Operation>
call_counts counted_calls(const Operation& operation) {
  noted_calls = {};
  operation();
  return noted_calls;
}

}  // namespace evac_test

#endif
