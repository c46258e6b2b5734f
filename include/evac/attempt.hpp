// evac::attempt: the result of a call that does not wait, and may therefore not have been made.
//
//   const auto tried = sessions.visit(std::try_to_lock, "alice", touch);
//   if (tried.busy()) return later();
//   if (tried.result() == 0) log("no such session");
//
// The calls of sharded containers that take std::try_to_lock return one.
#ifndef EVAC_ATTEMPT_HPP
#define EVAC_ATTEMPT_HPP

#include <optional>
#include <utility>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI {

/// The result of a call, or the news that it was not made because it would have had to wait. Neither converts to bool,
/// so that a busy attempt is not taken for a false result.
template <class Result>
class [[nodiscard]] attempt {
 public:
  /// Of a call that was not made.
  constexpr attempt() noexcept = default;
  /// Of a call that was made, and returned this.
  constexpr attempt(Result result) : result_(std::move(result)) {}  // NOLINT(google-explicit-constructor)

  /// Whether the call was not made: nothing was looked at, and nothing has changed.
  [[nodiscard]] constexpr bool busy() const noexcept { return !result_.has_value(); }
  /// The result of the call, which must have been made: builds without NDEBUG stop with a message.
  [[nodiscard]] constexpr const Result& result() const& EVAC_LIFETIME_BOUND {
    require_result();
    return *result_;
  }
  [[nodiscard]] constexpr Result&& result() && EVAC_LIFETIME_BOUND {
    require_result();
    return *std::move(result_);
  }

 private:
  constexpr void require_result() const {
    EVAC_ASSERT(result_.has_value(), "evac: result() of an attempt that was busy");
  }

  std::optional<Result> result_;
};

}  // namespace evac::inline EVAC_ABI

#endif
