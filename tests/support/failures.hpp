// Driver of the tests in which the first, second, ... n-th call of something that may throw fails.
#ifndef EVAC_TESTS_SUPPORT_FAILURES_HPP
#define EVAC_TESTS_SUPPORT_FAILURES_HPP

#include <cstddef>
#include <new>
#include <stdexcept>
#include <type_traits>

#include "support/catch.hpp"
#include "support/elements.hpp"

namespace evac_test {

/// One run of an operation in which the n-th call that `source` counts fails. Given to a round of fail_each_call.
class failing_run {
 public:
  failing_run(countdown& source, std::size_t n) : source_(source), n_(n) {}

  /// Runs operation(), which may throw the injected failure, or the std::bad_alloc that it was turned into.
  template <class Operation>
  void operator()(const Operation& operation) {
    done_ = true;
    source_.arm(n_);
    try {
      operation();
    } catch (const std::runtime_error&) {
      threw_ = true;
    } catch (const std::bad_alloc&) {
      threw_ = true;
    }
    struck_ = source_.struck;
    source_.arm(0);
    REQUIRE((struck_ || !threw_));
  }

  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] bool struck() const { return struck_; }  // there was an n-th call
  [[nodiscard]] bool threw() const { return threw_; }
  /// The call failed, and the operation succeeded.
  [[nodiscard]] bool absorbed() const { return struck_ && !threw_; }

 private:
  countdown& source_;
  std::size_t n_;
  bool done_ = false;
  bool struck_ = false;
  bool threw_ = false;
};

/// How many failures of calls made the operation fail, and how many it absorbed.
struct failures_seen {
  std::size_t thrown = 0;
  std::size_t absorbed = 0;
};

/// round(run) prepares what it needs, calls `run` with the operation and checks what is left. The first call that
/// `source` counts fails in the first round, the second in the second, and so on, until the operation completes.
template <class Round>
failures_seen fail_any_calls(countdown& source, const Round& round) {
  failures_seen seen;
  for (std::size_t n = 1; n < 100'000; ++n) {
    failing_run run(source, n);
    round(run);
    REQUIRE(run.done());
    if (!run.struck()) return seen;
    seen.thrown += run.threw() ? 1 : 0;
    seen.absorbed += run.absorbed() ? 1 : 0;
  }
  FAIL("the operation never completes");
  return seen;
}

/// The same, where at least one call has to fail.
template <class Round>
failures_seen fail_each_call(countdown& source, const Round& round) {
  failures_seen seen;
  if constexpr (std::is_invocable_v<const Round&, failing_run&>) {
    seen = fail_any_calls(source, round);
  } else {
    seen = fail_any_calls(source, [&](failing_run& run) { run(round); });  // nothing to prepare or to check
  }
  REQUIRE(seen.thrown + seen.absorbed > 0);
  return seen;
}

/// Something that may throw, and the letter that tables of operations give it.
struct failure_source {
  char letter;
  countdown& calls;
};
inline const failure_source failure_sources[] = {{'h', fail_hash},       {'e', fail_equal}, {'c', fail_copy},
                                                 {'a', fail_allocation}, {'m', fail_move},  {'f', fail_function}};

}  // namespace evac_test

#endif
