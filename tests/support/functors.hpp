// Hashes and equalities: good, bad, throwing, stateful, counting.
#ifndef EVAC_TESTS_SUPPORT_FUNCTORS_HPP
#define EVAC_TESTS_SUPPORT_FUNCTORS_HPP

#include <cstddef>
#include <cstdint>
#include <evac/detail/geometry/addressing.hpp>
#include <functional>
#include <utility>

#include "support/elements.hpp"

namespace evac_test {

/// Declared avalanching, so that evac uses it as it is: homes are the key's low bits.
struct raw_identity_hash {
  using is_avalanching = void;
  template <class Integer>
  std::size_t operator()(Integer key) const {
    return static_cast<std::size_t>(key);
  }
};
/// A hash by which bits 40 to 55 of a key name its shard: it undoes the product that chooses one.
struct shard_naming_hash {
  using is_avalanching = void;
  template <class Integer>
  std::size_t operator()(Integer key) const {
    return static_cast<std::size_t>(key) * inverse;
  }

 private:
  static constexpr std::size_t inverse = [] {
    std::size_t found = 1;  // of its lowest bit; each step of Newton's doubles the bits that are right
    for (int step = 0; step < 6; ++step) found *= 2 - evac::detail::shard_multiplier * found;
    return found;
  }();
  static_assert(evac::detail::shard_multiplier * inverse == 1);
};
/// Not declared: evac finishes it.
struct identity_hash {
  template <class Integer>
  std::size_t operator()(Integer key) const {
    return static_cast<std::size_t>(key);
  }
};
struct constant_hash {
  template <class Integer>
  std::size_t operator()(Integer) const {
    return 42;
  }
};
struct four_bit_hash {
  template <class Integer>
  std::size_t operator()(Integer key) const {
    return static_cast<std::size_t>(key) % 16;
  }
};

template <class Key>
struct throwing_hash {
  std::size_t operator()(const Key& key) const {
    fail_hash.tick();
    return std::hash<Key>{}(key);
  }
};
template <class Key>
struct throwing_equal {
  bool operator()(const Key& left, const Key& right) const {
    fail_equal.tick();
    return left == right;
  }
};

/// Carries a number that must follow the container's contents; not default-constructible, not assignable.
class stateful_hash {
 public:
  explicit stateful_hash(int identity) : id(identity) {}
  stateful_hash(const stateful_hash&) = default;
  stateful_hash& operator=(const stateful_hash&) = delete;
  ~stateful_hash() = default;
  std::size_t operator()(std::uint64_t key) const {
    return static_cast<std::size_t>(key) * 31 + static_cast<std::size_t>(id);
  }
  friend void swap(stateful_hash& left, stateful_hash& right) noexcept { std::swap(left.id, right.id); }
  int id;
};

/// Enters its own map, once, when it meets the key 1: the deterministic stand-in for a second thread inside the map.
struct entering_hash {
  std::size_t operator()(int key) const {
    if (key == 1 && *enter != nullptr) std::exchange(*enter, nullptr)();
    return static_cast<std::size_t>(key);
  }
  std::function<void()>* enter;
};

}  // namespace evac_test

#endif
