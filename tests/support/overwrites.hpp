// The order in which threads have overwritten one value, put together from what each of them found.
#ifndef EVAC_TESTS_SUPPORT_OVERWRITES_HPP
#define EVAC_TESTS_SUPPORT_OVERWRITES_HPP

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace evac_test {

struct overwrite_chain {
  std::size_t length = 0;
  std::size_t replaced_twice = 0;  // values
  std::uint64_t last = 0;
};

/// Begins at the value 0. previous[thread][i] is what the value thread * each + i + 1 has replaced, where `each` is how
/// many values a thread wrote.
[[nodiscard]] inline overwrite_chain chain_of_overwrites(const std::vector<std::vector<std::uint64_t>>& previous) {
  const std::size_t each = previous.front().size();
  std::vector<std::uint64_t> next(previous.size() * each + 1, 0);
  overwrite_chain chain;
  for (std::size_t thread = 0; thread < previous.size(); ++thread) {
    for (std::size_t i = 0; i < each; ++i) {
      chain.replaced_twice += std::exchange(next.at(previous[thread][i]), thread * each + i + 1) != 0 ? 1 : 0;
    }
  }
  for (; next[chain.last] != 0 && chain.length <= next.size(); chain.last = next[chain.last]) ++chain.length;
  return chain;
}

}  // namespace evac_test

#endif
