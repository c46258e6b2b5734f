// evac::scan_cursor: how far a scan() has come through a map that may be written to between its calls.
//
//   evac::scan_cursor at;
//   while (!at.done()) at = sessions.scan(at, 100, [&](const auto& session) { page.add(session); });
//
// It is a number, and nothing in the map knows of it: a server gives it to a client, which comes back with it in an
// hour, or never, or with another one. As in the SCAN of Redis the number is 0 at the beginning and at the end.
//
// Promises of scan(), from a call with a cursor that is new to the one that returns a cursor that is done():
//   - an element that is there all the time is shown exactly once, however the map grows and shrinks meanwhile; any other at most
//     once
//   - a call goes on to another bucket until it has looked at `budget` elements, where each bucket counts as one element, too: so
//     calls on a map of few elements for its size are short as well. A call may show nothing, and still not be the last
//   - any number is a cursor, also one of another map, or of this one before an assignment or a swap: the scan from there on shows
//     some elements, each at most once, and comes to an end
//   - if the function or the hash throws, the cursor that was passed is the one to go on with: elements that this call has shown
//     are shown again
#ifndef EVAC_SCAN_CURSOR_HPP
#define EVAC_SCAN_CURSOR_HPP

#include <cstdint>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI {

/// See the top of this file. A value of two words.
class scan_cursor {
 public:
  /// The beginning.
  constexpr scan_cursor() noexcept = default;
  /// The cursor of a number(). From 0 a scan begins anew.
  constexpr explicit scan_cursor(std::uint64_t number) noexcept : number_(number) {}
  /// Where a scan ends: the one cursor that is done().
  [[nodiscard]] static constexpr scan_cursor at_end() noexcept {
    scan_cursor last;
    last.done_ = true;
    return last;
  }

  /// For a text, a file or another process. 0 at the beginning and at the end.
  [[nodiscard]] constexpr std::uint64_t number() const noexcept { return number_; }
  [[nodiscard]] constexpr explicit operator std::uint64_t() const noexcept { return number_; }
  /// Whether everything has been shown. A scan() from such a cursor begins anew, as from its number.
  [[nodiscard]] constexpr bool done() const noexcept { return done_; }

  [[nodiscard]] friend constexpr bool operator==(const scan_cursor&, const scan_cursor&) noexcept = default;

 private:
  std::uint64_t number_ = 0;
  bool done_ = false;
};

}  // namespace evac::inline EVAC_ABI

#endif
