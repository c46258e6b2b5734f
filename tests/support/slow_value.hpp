// Values and hashes that give way to other threads now and then, for histories: on few processors threads meet there.
#ifndef EVAC_TESTS_SUPPORT_SLOW_VALUE_HPP
#define EVAC_TESTS_SUPPORT_SLOW_VALUE_HPP

#include <cstddef>
#include <cstdint>

#include "support/history.hpp"
#include "support/in_threads.hpp"

namespace evac_test {

/// A number, told twice, that gives way to other threads now and then when it is copied or moved: also where a call is
/// about to return it.
struct slow_value {
  explicit slow_value(std::uint32_t value) : is(value), is_not(~value) {}
  slow_value(const slow_value& other) noexcept : is(other.is) {
    stumble();
    is_not = other.is_not;
  }
  slow_value& operator=(const slow_value& other) noexcept {
    is = other.is;
    stumble();
    is_not = other.is_not;
    return *this;
  }
  ~slow_value() = default;

  std::uint32_t is;
  std::uint32_t is_not = 0;
};
[[nodiscard]] inline std::uint32_t decode(const slow_value& value) {
  return value.is == ~value.is_not ? value.is : torn;
}

/// Depends on all bits of the key, or on none.
template <std::size_t Factor>
struct stumbling_hash {
  using is_avalanching = void;
  std::size_t operator()(std::uint64_t key) const {
    stumble();
    return static_cast<std::size_t>((key + 1) * Factor);
  }
};

}  // namespace evac_test

#endif
