// main() of every test program: settles the seed before Catch2 starts, so that one number repeats a whole run.
#define CATCH_CONFIG_RUNNER
#include "support/catch.hpp"

#include <cstdlib>
#include <evac/detail/table/seed.hpp>
#include <iostream>
#include <random>
#include <string>
#include <string_view>

#include "support/environment.hpp"

namespace {

std::uint32_t run_seed = 0;
unsigned round_factor = 1;

/// Ends the program: a mistyped number must not look like a repeated run.
[[noreturn]] void refuse(const char* name) {
  std::cerr << name << "=" << std::getenv(name) << " is not a number that it can be\n";
  std::exit(2);
}

/// The number in EVAC_TEST_SEED, or any if it is not set.
std::uint32_t seed_from_environment() {
  const evac_test::number_from_environment seed("EVAC_TEST_SEED");
  if (!seed.is_valid) refuse("EVAC_TEST_SEED");
  return seed.is_set ? seed.value : std::random_device{}();
}

bool seed_on_command_line(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]).starts_with("--rng-seed")) return true;
  }
  return false;
}

}  // namespace

namespace evac_test {

std::uint64_t seed() noexcept { return run_seed; }
std::size_t rounds(std::size_t base) noexcept { return base * round_factor; }
unsigned rounds() noexcept { return round_factor; }

}  // namespace evac_test

int main(int argc, char** argv) {
  Catch::Session session;
  if (const int status = session.applyCommandLine(argc, argv); status != 0) return status;

  if (!seed_on_command_line(argc, argv)) {
    session.configData().rngSeed = seed_from_environment();
  }
  run_seed = session.configData().rngSeed;
  evac::detail::seed_sequence().store(run_seed, evac::detail::relaxed);  // relaxed: there is one thread yet
  round_factor = evac_test::rounds_from_environment();
  if (round_factor == 0) refuse("EVAC_TEST_ROUNDS");
  // On the error stream: reporters and --list-tests own the other one.
  std::cerr << "seed " << run_seed << " (repeat this run with EVAC_TEST_SEED=" << run_seed << ")" << std::endl;

  // A count of failures above 255 would wrap around in the exit status, possibly to 0.
  return session.run() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
