// Sharded maps under each kind of lock, and their keys and values, for tests with many threads.
#ifndef EVAC_TESTS_SUPPORT_SHARDED_STRESS_HPP
#define EVAC_TESTS_SUPPORT_SHARDED_STRESS_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <memory>
#include <shared_mutex>
#include <utility>

#include "support/absl_shared_mutex.hpp"
#include "support/dice.hpp"
#include "support/in_threads.hpp"
#include "support/valid_shards.hpp"

namespace evac_test {

using key = std::uint64_t;

template <class T, class Mutex, class Hash = evac::hash<key>>
using map_under = evac::sharded_map<key, T, Hash, evac::equal_to<key>, std::allocator<std::pair<const key, T>>, Mutex>;
template <class Mutex>
using set_under = evac::sharded_set<key, evac::hash<key>, evac::equal_to<key>, std::allocator<key>, Mutex>;

// The list of locks as a TEMPLATE_TEST_CASE takes it.
#define EVAC_TEST_ALL_MUTEXES evac::rw_lock, std::shared_mutex, evac_test::absl_shared_mutex

/// Counts its live objects. Its destructor is not trivial, so that erased elements leave the map before they end.
struct live_value {
  inline static std::atomic<std::ptrdiff_t> live{0};
  std::unique_ptr<key> number;

  explicit live_value(key of) : number(std::make_unique<key>(of)) { ++live; }
  live_value(const live_value& other) : number(std::make_unique<key>(*other.number)) { ++live; }
  live_value(live_value&& other) noexcept : number(std::move(other.number)) { ++live; }
  live_value& operator=(live_value&&) noexcept = default;
  live_value& operator=(const live_value& other) {
    number = std::make_unique<key>(*other.number);
    return *this;
  }
  ~live_value() { --live; }
  friend bool operator==(const live_value& left, const live_value& right) { return *left.number == *right.number; }
};

}  // namespace evac_test

#endif
