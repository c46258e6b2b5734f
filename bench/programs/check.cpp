// Checks of the parts that the benchmarks stand on: histogram, memory, files of results, their comparison and the
// documents made of them, the answers of Go's maps, counted operations, counted accesses and the predictions from them,
// traces of caches and eviction policies.
//
//   evac_bench_check FOLDER
//
// FOLDER is for the files that it writes. Prints the sentences that do not hold; status 1 if there is one.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "check/caches.hpp"
#include "check/comparison.hpp"
#include "check/counted.hpp"
#include "check/documents.hpp"
#include "check/require.hpp"
#include "check/scale.hpp"
#include "peers/go_maps.hpp"
#include "support/histogram.hpp"
#include "support/measure.hpp"
#include "support/memory_use.hpp"
#include "support/results.hpp"

namespace {

using namespace bench;

// ---- histogram

void check_histogram() {
  latency_histogram first;
  latency_histogram second;
  latency_histogram both;
  std::vector<std::uint64_t> values;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    const std::uint64_t value = random_key(i) >> (random_key(~i) % 64);  // of all lengths
    (i % 3 == 0 ? first : second).add(value);
    values.push_back(value);
  }
  both.add(first);
  both.add(second);
  std::sort(values.begin(), values.end());
  for (const double share : {0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 0.9999}) {
    const auto exact = values[static_cast<std::size_t>(share * static_cast<double>(values.size()))];
    const std::uint64_t told = both.percentile(share);
    require("percentile " + fixed(share, 4) + " is not below what a sorted list has there", told >= exact);
    require("percentile " + fixed(share, 4) + " is at most 1/32 above what a sorted list has there",
            told - exact <= exact / 32);
  }
  require("the largest value is kept exactly", both.most() == values.back());
  require("two histograms add up", both.total() == values.size() && first.total() + second.total() == both.total());
  latency_histogram ends;
  ends.add(0);
  ends.add(std::numeric_limits<std::uint64_t>::max());
  require("the largest number has a bucket",
          ends.percentile(0.9) == std::numeric_limits<std::uint64_t>::max() && ends.percentile(0) == 0);
  require("an empty histogram says nothing but 0", latency_histogram().percentile(0.5) == 0);
}

// ---- another program's answer

void check_answer() {
  const auto answer = [](const std::string& text) {
    std::istringstream lines(text);
    return go_answer(lines);
  };
  const std::string good = "mix 0 10 2\t4000000\t0.5\t0.9\t1\nhot 1\t7\t0.5\t0.9\t0\n";
  require("operations and times are read", answer(good + "end\t1\n").run("mix 0 10 2", 2).mops() == 8);
  require("a case that was wrong has no operations", answer(good + "end\t1\n").run("hot 1", 1).operations == 0);
  require("nothing counts if all was wrong in the end", answer(good + "end\t0\n").run("mix 0 10 2", 2).operations == 0);
  require("nothing counts without an end", answer(good).run("mix 0 10 2", 2).operations == 0);
}

// ---- memory

/// Sixteen bytes per element in a vector, which copies itself when it grows.
struct listed_elements {
  explicit listed_elements(std::size_t) {}
  void insert(std::uint64_t key, std::uint64_t value) { elements.push_back({key, value}); }
  [[nodiscard]] std::size_t size() const { return elements.size(); }
  std::vector<std::array<std::uint64_t, 2>> elements;
};
/// A thousand bytes, whatever is in it.
struct block_of_memory {
  explicit block_of_memory(std::size_t) { bytes.fill(1); }
  void insert(std::uint64_t, std::uint64_t) { ++count; }
  [[nodiscard]] std::size_t size() const { return count; }
  std::size_t count = 0;
  std::array<char, 992> bytes{};
};

void check_memory() {
  const auto sizes = sizes_between(1'000'000, 3'000'000, 4);
  require("sizes grow evenly from end to end",
          sizes == std::vector<std::size_t>{1'000'000, 1'189'207, 1'414'214, 1'681'793, 2'000'000, 2'378'414, 2'828'427,
                                            3'000'000});
  require("no size stands twice", sizes_between(1, 8, 4) == std::vector<std::size_t>{1, 2, 3, 4, 5, 6, 7, 8});
  const auto grown = in_child([&] { return grow_through<listed_elements>(sizes); });
  require("elements of 16 bytes take 16 bytes each",
          grown && grown->bytes_per_element[0] > 15.9 && grown->bytes_per_element[sizes.size() - 1] < 16.5);
  // The last copy was made of 2^21 elements.
  require("two lists that are there at once are seen", grown && std::abs(grown->peak_over_final - 4.194 / 3) < 0.03);
  const auto weighed = in_child([] { return weigh_many<block_of_memory>(3, 5000, std::size_t{1} << 30U); });
  require("a thousand bytes and what malloc adds are weighed",
          weighed && weighed->maps == 5000 && weighed->bytes_each > 1000 && weighed->bytes_each < 1040);
  const auto few = in_child([] { return weigh_many<block_of_memory>(0, 5000, std::size_t{100} << 10U); });
  require("there are no more maps than needed", few && few->maps == 128);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: evac_bench_check FOLDER\n";
    return 2;
  }
  check_histogram();
  check_memory();
  check_comparison(argv[1]);
  check_document(argv[1]);
  check_sections();
  check_answer();
  check_counted();
  check_traces();
  check_policies();
  check_lines();
  check_model();
#ifdef EVAC_BENCH_HAS_COUNTS
  check_counts();
#endif
  std::cout << (failures == 0 ? "all holds\n" : std::to_string(failures) + " do not hold\n");
  return failures == 0 ? 0 : 1;
}
