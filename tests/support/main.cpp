// main() of every test program: settles the seed before Catch2 starts, so that one number repeats a whole run.
#define CATCH_CONFIG_RUNNER
#include "support/catch.hpp"

#include <cstdlib>
#include <evac/detail/table/seed.hpp>
#include <iostream>
#include <random>
#include <string>
#include <string_view>

namespace {

std::uint32_t run_seed = 0;
unsigned round_factor = 1;

/// The number in an environment variable; `fallback` when it is not set. Anything else ends the program: a mistyped
/// seed must not look like a repeated run.
std::uint32_t number_from_environment(const char* name, std::uint32_t fallback) {
  const char* const text = std::getenv(name);
  if (text == nullptr || *text == '\0') return fallback;
  char* end = nullptr;
  const unsigned long long value = std::strtoull(text, &end, 10);
  if (*end != '\0' || *text == '-' || value > 0xFFFFFFFFULL) {
    std::cerr << name << "=" << text << " is not a 32-bit number\n";
    std::exit(2);
  }
  return static_cast<std::uint32_t>(value);
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
    session.configData().rngSeed = number_from_environment("EVAC_TEST_SEED", std::random_device{}());
  }
  run_seed = session.configData().rngSeed;
  evac::detail::seed_sequence().store(run_seed, evac::detail::relaxed);  // relaxed: there is one thread yet
  round_factor = number_from_environment("EVAC_TEST_ROUNDS", 1);
  // On the error stream: reporters and --list-tests own the other one.
  std::cerr << "seed " << run_seed << " (repeat this run with EVAC_TEST_SEED=" << run_seed << ")" << std::endl;

  // A count of failures above 255 would wrap around in the exit status, possibly to 0.
  return session.run() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
