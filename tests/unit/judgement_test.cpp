// The judgement of tests/soak over records made up here: lines that rise, lines that only scatter, and an earlier run.
#include "service/judgement.hpp"

#include <cmath>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "service/record.hpp"
#include "support/catch.hpp"

namespace {

using service::bounds;
using service::finding;

constexpr bounds small{.memory_bytes = 1000, .retired_bytes = 1000, .latency_ns = 1000, .warm_up = 0.25};

// A record with a sample each second; value_at(second) is the figure `figure` of the map "routes".
template <class ValueAt>
service::record record_of(const std::string& figure, int seconds, ValueAt value_at) {
  std::stringstream text;
  for (int second = 1; second <= seconds; ++second) {
    service::write_line(text, second, "routes", "\"calls\":7,\"" + figure + "\":" + std::to_string(value_at(second)));
  }
  return service::record::read(text);
}

bool is_near(double value, double expected) { return std::abs(value - expected) < 1e-9; }

bool fails(const service::record& record) {
  const std::vector<finding> found = service::judge_slopes(record, small);
  REQUIRE(found.size() == 1);
  return found.front().fails;
}

}  // namespace

TEST_CASE("A line is fitted exactly to samples that lie on one") {
  const service::line_fit line = service::fit_line({{1, 2, 3, 5}, {10, 12, 14, 18}});
  CHECK(line.samples == 4);
  CHECK(is_near(line.begin, 10));
  CHECK(is_near(line.rise, 8));
  CHECK(is_near(line.error, 0));
}

TEST_CASE("The standard error of a rise is that of the textbook") {
  // Slope 0.6; the squares of the residues sum to 1.6, over 3 degrees of freedom and a spread of 10.
  const service::line_fit line = service::fit_line({{1, 2, 3, 4, 5}, {2, 3, 3, 5, 4}});
  CHECK(is_near(line.rise, 0.6 * 4));
  CHECK(is_near(line.error, std::sqrt(1.6 / 3 / 10) * 4));
}

TEST_CASE("A figure that rises beyond its bound fails, whichever of the three it is") {
  for (const std::string figure : {"resident_bytes", "retired_bytes", "p999_ns"}) {
    CAPTURE(figure);
    CHECK(fails(record_of(figure, 20, [](int second) { return 5000 + 100 * second; })));
    CHECK_FALSE(fails(record_of(figure, 20, [](int second) { return 5000 + 50 * second; })));
    CHECK_FALSE(fails(record_of(figure, 20, [](int second) { return 9000 - 100 * second; })));
  }
}

TEST_CASE("Other figures are not judged") {
  const service::record record = record_of("size", 20, [](int second) { return 1000 * second; });
  CHECK(service::judge_slopes(record, small).empty());
}

TEST_CASE("Retired bytes are judged of maps that have a domain") {
  std::stringstream text;
  for (int second = 1; second <= 20; ++second) {
    service::write_line(text, second, "sessions", "\"retired_bytes\":0,\"cap_bytes\":0");
    service::write_line(text, second, "routes", "\"retired_bytes\":0,\"cap_bytes\":64");
  }
  const std::vector<finding> found = service::judge_slopes(service::record::read(text), small);
  REQUIRE(found.size() == 1);
  CHECK(found.front().text.starts_with("routes: retired_bytes"));
}

TEST_CASE("A rise that is no more than scatter does not fail") {
  CHECK_FALSE(fails(record_of("p999_ns", 20, [](int second) { return second == 19 ? 100'000 : 10; })));
}

TEST_CASE("A rise within the warm-up does not fail") {
  CHECK_FALSE(fails(record_of("resident_bytes", 20, [](int second) { return second < 5 ? second * 10'000 : 50'000; })));
}

TEST_CASE("Too few samples fail, also if they do not rise") {
  CHECK(fails(record_of("resident_bytes", 5, [](int) { return 1; })));
  CHECK_FALSE(fails(record_of("resident_bytes", 7, [](int) { return 1; })));
}

TEST_CASE("A mean beyond two and a half sigma of an earlier run is flagged") {
  // Sigma of 100, 102, 100, 102 ... is a little more than 1, as is a hundredth of their mean.
  const auto scattered = [](int base) {
    return record_of("p999_ns", 40, [base](int second) { return base + second % 2 * 2; });
  };
  const service::record baseline = scattered(100);
  const auto flagged = [&](int base) {
    const std::vector<finding> found = service::compare(scattered(base), baseline, 0.25);
    REQUIRE(found.size() == 1);
    return found.front().flagged;
  };
  CHECK_FALSE(flagged(100));
  CHECK_FALSE(flagged(102));
  CHECK_FALSE(flagged(50));
  CHECK(flagged(103));
}

TEST_CASE("Runs of different lengths are compared over the time that both have") {
  const service::record shorter = record_of("p999_ns", 20, [](int) { return 100; });
  const service::record longer = record_of("p999_ns", 90, [](int second) { return second > 20 ? 900 : 100; });
  for (const finding& each : service::compare(longer, shorter, 0.25)) CHECK_FALSE(each.flagged);
  for (const finding& each : service::compare(shorter, longer, 0.25)) CHECK_FALSE(each.flagged);
}

TEST_CASE("What is no line of a record is refused") {
  std::stringstream text("{\"time\":1,\"map\"");
  CHECK_THROWS_AS(service::record::read(text), std::runtime_error);
}
