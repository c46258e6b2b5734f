// What the two programs of the counted benchmark agree on.
#ifndef EVAC_BENCH_COUNTED_COUNTED_HPP
#define EVAC_BENCH_COUNTED_COUNTED_HPP

#include <cstddef>

namespace bench {

/// Elements, and operations of each kind. A map of so many words fits the caches of the simulated machine: what is
/// counted is instructions and branches, not memory.
inline constexpr std::size_t counted_elements = 40'000;

}  // namespace bench

#endif
