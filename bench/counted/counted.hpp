// Terms that the two programs of the counted benchmark agree on.
#ifndef EVAC_BENCH_COUNTED_COUNTED_HPP
#define EVAC_BENCH_COUNTED_COUNTED_HPP

#include <cstddef>
#include <string>

namespace bench {

/// Elements, and operations of each kind. So many fit the caches of the simulated machine: instructions and branches
/// are counted, not memory.
inline constexpr std::size_t counted_elements = 40'000;

/// The kinds of keys that operations are counted with: the name of each is that of its table.
inline const std::string integer_keys = "integers";
inline const std::string string_keys = "strings";

}  // namespace bench

#endif
