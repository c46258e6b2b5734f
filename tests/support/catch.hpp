// Catch2, version 2 or 3, and what a run of the tests is parameterised with.
#ifndef EVAC_TESTS_SUPPORT_CATCH_HPP
#define EVAC_TESTS_SUPPORT_CATCH_HPP

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include <cstddef>
#include <cstdint>

namespace evac_test {

/// The seed of this run: printed at its start, taken from EVAC_TEST_SEED or --rng-seed, else random.
/// Mix something of the test's own into it; the same test then sees the same numbers whatever else runs.
[[nodiscard]] std::uint64_t seed() noexcept;

/// `base` rounds of a random test, times EVAC_TEST_ROUNDS (1 unless a longer run is asked for).
[[nodiscard]] std::size_t rounds(std::size_t base) noexcept;

/// EVAC_TEST_ROUNDS itself.
[[nodiscard]] unsigned rounds() noexcept;

}  // namespace evac_test

#endif
