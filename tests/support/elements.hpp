// Element types that count what happens to them or are awkward on purpose.
#ifndef EVAC_TESTS_SUPPORT_ELEMENTS_HPP
#define EVAC_TESTS_SUPPORT_ELEMENTS_HPP

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

namespace evac_test {

/// What has happened to all `tracked` objects.
struct census {
  std::size_t live = 0;
  std::size_t copies = 0;
  std::size_t moves = 0;
};
inline census tracked_census;

/// Counts down to a failure; 0 means "never". Reports whether it has struck.
struct countdown {
  std::size_t left = 0;
  bool struck = false;

  void arm(std::size_t calls) {
    left = calls;
    struck = false;
  }
  void tick() {
    if (left != 0 && --left == 0) {
      struck = true;
      throw std::runtime_error("injected");
    }
  }
};

inline countdown fail_copy;
inline countdown fail_move;
inline countdown fail_hash;
inline countdown fail_equal;
inline countdown fail_allocation;
inline countdown fail_function;  // a visitor, a factory, a predicate

/// An int that counts its copies, moves and live objects; its copies may be made to throw.
class tracked {
 public:
  tracked(int value = 0) : value_(value) { ++tracked_census.live; }  // NOLINT(google-explicit-constructor)
  tracked(const tracked& other) : value_(other.value_) {
    fail_copy.tick();
    ++tracked_census.live;
    ++tracked_census.copies;
  }
  tracked(tracked&& other) noexcept : value_(other.value_) {
    other.value_ = -1;
    ++tracked_census.live;
    ++tracked_census.moves;
  }
  tracked& operator=(const tracked&) = default;
  tracked& operator=(tracked&&) = default;
  ~tracked() { --tracked_census.live; }

  [[nodiscard]] int value() const { return value_; }
  [[nodiscard]] friend bool operator==(const tracked& left, const tracked& right) {
    return left.value_ == right.value_;
  }

 private:
  int value_;
};

/// The same with a move constructor that may throw: such elements live in nodes.
class throwing_mover {
 public:
  throwing_mover(int value = 0) : value_(value) {}  // NOLINT(google-explicit-constructor)
  throwing_mover(const throwing_mover& other) : value_(other.value_) { fail_copy.tick(); }
  throwing_mover(throwing_mover&& other) noexcept(false) : value_(other.value_) {
    fail_move.tick();
    other.value_ = -1;
  }
  throwing_mover& operator=(const throwing_mover&) = default;
  throwing_mover& operator=(throwing_mover&&) = default;
  ~throwing_mover() = default;
  [[nodiscard]] int value() const { return value_; }
  [[nodiscard]] friend bool operator==(const throwing_mover&, const throwing_mover&) = default;

 private:
  int value_;
};

struct alignas(64) over_aligned {
  over_aligned(int v = 0) : value(v) {}  // NOLINT(google-explicit-constructor)
  [[nodiscard]] friend bool operator==(const over_aligned&, const over_aligned&) = default;
  int value;
};

struct four_kilobytes {
  four_kilobytes(int v = 0) { words.fill(v); }  // NOLINT(google-explicit-constructor)
  [[nodiscard]] friend bool operator==(const four_kilobytes&, const four_kilobytes&) = default;
  std::array<int, 1024> words;
};

/// Knows where it lies: a relocation that copies bytes breaks it.
class self_pointer {
 public:
  self_pointer(int value = 0) : value_(value), self_(this) {}  // NOLINT(google-explicit-constructor)
  self_pointer(const self_pointer& other) : value_(other.value_), self_(this) {}
  self_pointer(self_pointer&& other) noexcept : value_(other.value_), self_(this) {}
  self_pointer& operator=(const self_pointer& other) {
    value_ = other.value_;
    return *this;
  }
  ~self_pointer() = default;
  [[nodiscard]] bool intact() const { return self_ == this; }
  [[nodiscard]] friend bool operator==(const self_pointer& left, const self_pointer& right) {
    return left.value_ == right.value_ && left.intact() && right.intact();
  }

 private:
  int value_;
  self_pointer* self_;
};

struct no_default {
  explicit no_default(int v) : value(v) {}
  [[nodiscard]] friend bool operator==(const no_default&, const no_default&) = default;
  int value;
};

/// Cannot be moved or copied at all.
struct immovable {
  explicit immovable(int v) : value(v) {}
  immovable(const immovable&) = delete;
  immovable& operator=(const immovable&) = delete;
  ~immovable() = default;
  int value;
};

struct empty_value {
  empty_value(int = 0) {}  // NOLINT(google-explicit-constructor)
  [[nodiscard]] friend bool operator==(const empty_value&, const empty_value&) = default;
};

}  // namespace evac_test

template <>
struct std::hash<evac_test::tracked> {
  std::size_t operator()(const evac_test::tracked& key) const { return static_cast<std::size_t>(key.value()); }
};

#endif
