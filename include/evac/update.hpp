// evac::update_answer: what the function of an update() of a sync_map or a cache wants of its key: to keep what it has,
// to erase it, or to give it another value.
//
//   ports.update("http", [](const int* port) -> evac::update_answer<int> {
//     if (port == nullptr) return evac::keep;
//     if (*port > 9999) return std::nullopt;   // erase
//     return *port + 8000;
//   });
#ifndef EVAC_UPDATE_HPP
#define EVAC_UPDATE_HPP

#include <optional>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/fwd.hpp"

namespace evac::inline EVAC_ABI {

/// The answer that leaves the key as it is: see update_answer.
struct keep_t {
  explicit constexpr keep_t() noexcept = default;
};
inline constexpr keep_t keep{};

/// The effect of an update() whose function returns an update_answer.
enum class update_outcome : unsigned char {
  kept,    ///< nothing: by evac::keep, or because there was nothing to erase
  stored,  ///< the value of the answer was put in; one that is too heavy for a cache has left at once
  erased,  ///< the key was there
};

/// `evac::keep`, `std::nullopt` for erasing, or a value, or what converts to a std::optional<T>, as if by that.
template <class T>
class update_answer {
 public:
  constexpr update_answer(keep_t) noexcept : keeps_(true) {}  // NOLINT(google-explicit-constructor)
  constexpr update_answer(std::nullopt_t) noexcept {}         // NOLINT(google-explicit-constructor)
  template <class V>
    requires(!std::is_same_v<std::remove_cvref_t<V>, update_answer> &&
             !std::is_same_v<std::remove_cvref_t<V>, keep_t> && std::is_constructible_v<std::optional<T>, V &&>)
  constexpr explicit(!std::is_convertible_v<V&&, std::optional<T>>) update_answer(V&& value)
      : value_(std::forward<V>(value)) {}

  [[nodiscard]] constexpr bool keeps() const noexcept { return keeps_; }
  /// Empty if nothing is to be there, or if the answer is to keep.
  [[nodiscard]] constexpr const std::optional<T>& value() const& noexcept { return value_; }
  [[nodiscard]] constexpr std::optional<T>&& value() && noexcept { return std::move(value_); }

 private:
  std::optional<T> value_;
  bool keeps_ = false;
};

namespace detail {

/// Whether update() shows a function the value that the key has in a std::optional, which is a copy of it; else by
/// address.
template <class F, class T>
inline constexpr bool updates_copy = std::is_invocable_v<F&, std::optional<T>> && std::is_copy_constructible_v<T>;
template <class F, class T>
using update_argument = std::conditional_t<updates_copy<F, T>, std::optional<T>, const T*>;

/// Whether a function of update() returns an update_answer, or always keeps.
template <class F, class T>
[[nodiscard]] constexpr bool answers() noexcept {
  if constexpr (std::is_invocable_v<F&, update_argument<F, T>>) {
    using result = std::remove_cvref_t<std::invoke_result_t<F&, update_argument<F, T>>>;
    return std::is_same_v<result, update_answer<T>> || std::is_same_v<result, keep_t>;
  } else {
    return false;
  }
}
/// The type that its result is taken as: an empty optional erases.
template <class F, class T>
using answer_of = std::conditional_t<answers<F, T>(), update_answer<T>, std::optional<T>>;
/// The type that update() returns then.
template <class F, class T>
using update_result = std::conditional_t<answers<F, T>(), update_outcome, std::optional<T>>;

/// Whether update() takes such a function. Not one of a flag, to which addresses convert; those that take anything are
/// not asked, since they might not compile.
template <class F, class T>
[[nodiscard]] constexpr bool updates() noexcept {
  if constexpr (!updates_copy<F, T> && (!std::is_class_v<F> || requires { &F::operator(); })) {
    if constexpr (std::is_invocable_v<F&, bool>) return false;
  }
  return std::is_invocable_r_v<answer_of<F, T>, F&, update_argument<F, T>>;
}

/// The answer of f when it is shown the value that a key has, or null.
template <class T, class F>
[[nodiscard]] answer_of<F, T> ask(F& f, const T* value) {
  if constexpr (updates_copy<F, T>) {
    std::optional<T> before;
    if (value != nullptr) before.emplace(*value);
    return f(std::move(before));
  } else {
    return f(value);
  }
}

}  // namespace detail

}  // namespace evac::inline EVAC_ABI

#endif
