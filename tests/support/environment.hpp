// Numbers that a run of the tests takes from the environment.
#ifndef EVAC_TESTS_SUPPORT_ENVIRONMENT_HPP
#define EVAC_TESTS_SUPPORT_ENVIRONMENT_HPP

#include <cstdint>
#include <cstdlib>

namespace evac_test {

/// A number in an environment variable, or the reason why there is none.
struct number_from_environment {
  bool is_set = false;
  bool is_valid = true;  // a mistyped seed must not look like a repeated run
  std::uint32_t value = 0;

  explicit number_from_environment(const char* name) {
    const char* const text = std::getenv(name);
    is_set = text != nullptr && *text != '\0';
    if (!is_set) return;
    char* end = nullptr;
    const unsigned long long number = std::strtoull(text, &end, 10);
    is_valid = *end == '\0' && *text != '-' && number <= 0xFFFFFFFFULL;
    value = is_valid ? static_cast<std::uint32_t>(number) : 0;
  }
};

/// EVAC_TEST_ROUNDS, by which the rounds of random tests are multiplied: 1 if it is not set, 0 if it is no number.
[[nodiscard]] inline std::uint32_t rounds_from_environment() {
  const number_from_environment rounds("EVAC_TEST_ROUNDS");
  return rounds.is_set ? rounds.value : 1;
}

}  // namespace evac_test

#endif
