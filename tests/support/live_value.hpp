// A value that counts its live objects.
#ifndef EVAC_TESTS_SUPPORT_LIVE_VALUE_HPP
#define EVAC_TESTS_SUPPORT_LIVE_VALUE_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace evac_test {

/// Its destructor is not trivial, so that erased elements leave the map before they end.
struct live_value {
  inline static std::atomic<std::ptrdiff_t> live{0};
  std::unique_ptr<std::uint64_t> number;

  explicit live_value(std::uint64_t of) : number(std::make_unique<std::uint64_t>(of)) { ++live; }
  live_value(const live_value& other) : number(std::make_unique<std::uint64_t>(*other.number)) { ++live; }
  live_value(live_value&& other) noexcept : number(std::move(other.number)) { ++live; }
  live_value& operator=(live_value&&) noexcept = default;
  live_value& operator=(const live_value& other) {
    number = std::make_unique<std::uint64_t>(*other.number);
    return *this;
  }
  ~live_value() { --live; }
  friend bool operator==(const live_value& left, const live_value& right) { return *left.number == *right.number; }
};

}  // namespace evac_test

#endif
