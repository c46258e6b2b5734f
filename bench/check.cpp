// What the benchmarks stand on, checked: histogram, memory, files of results, their comparison and the documents made
// of them, the answers of Go's maps, counted accesses and what is predicted from them.
//
//   evac_bench_check FOLDER
//
// FOLDER is for files that are written. Names the sentences that do not hold; status 1 if there is one.
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

#include "peers/go_maps.hpp"
#include "scale/coherence.hpp"
#include "scale/counted_mixes.hpp"
#include "support/comparison.hpp"
#include "support/document.hpp"
#include "support/histogram.hpp"
#include "support/measure.hpp"
#include "support/memory_use.hpp"
#include "support/results.hpp"

namespace {

using namespace bench;

int failures = 0;

void require(const std::string& sentence, bool holds) {
  if (holds) return;
  std::cout << "not so: " << sentence << '\n';
  ++failures;
}

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

// ---- comparison

struct one_row {
  const char* what;
  const char* unit;
  std::vector<double> rounds;
};
[[nodiscard]] results results_of(const std::vector<one_row>& rows) {
  results all("check");
  for (const one_row& row : rows) {
    for (const double value : row.rounds) all.add(row.what, row.unit, "evac::map", value);
  }
  return all;
}
[[nodiscard]] std::vector<std::string> names(const std::vector<change>& changes) {
  std::vector<std::string> all;
  for (const change& each : changes) all.push_back(each.after->what);
  return all;
}

const std::vector<one_row> old_rows{{"half the rate", "Mops", {100, 101, 102}},
                                    {"twice the rate", "Mops", {100, 101, 102}},
                                    {"twice the time", "ns", {10, 11, 12}},
                                    {"half the time", "ns", {10, 11, 12}},
                                    {"ranges overlap", "ns", {10, 11, 30}},
                                    {"apart, but by 3 %", "Mops", {100, 100, 100}},
                                    {"no matter how many", "elements", {100, 100, 100}},
                                    {"invalid now", "Mops", {100, 100, 100}},
                                    {"invalid before", "Mops", {100, invalid, 100}},
                                    {"old only", "ns", {1, 1, 1}}};
const std::vector<one_row> new_rows{
    {"half the rate", "Mops", {50, 51, 52}},       {"twice the rate", "Mops", {200, 201, 202}},
    {"twice the time", "ns", {30, 21, 22}},        {"half the time", "ns", {5, 5, 5}},
    {"ranges overlap", "ns", {29, 40, 50}},        {"apart, but by 3 %", "Mops", {97, 97, 97}},
    {"no matter how many", "elements", {1, 1, 1}}, {"invalid now", "Mops", {100, invalid, 100}},
    {"invalid before", "Mops", {1, 1, 1}},         {"new only", "ns", {1, 1, 1}}};

void check_comparison(const std::string& folder) {
  const std::string old_path = folder + "/check_old.json";
  const std::string new_path = folder + "/check_new.json";
  require("results can be written",
          results_of(old_rows).write_json(old_path) && results_of(new_rows).write_json(new_path));
  const recorded_results before = read_results(old_path);
  const recorded_results after = read_results(new_path);
  const comparison found = compare(before.rows, after.rows, 0.05);
  using list = std::vector<std::string>;
  require("what got slower is found, whether more or less is better, the worst first",
          names(found.worse) == list{"half the rate", "twice the time"} ||
              names(found.worse) == list{"twice the time", "half the rate"});
  require("what got faster is found", names(found.better).size() == 2);
  require("the worst comes first",
          found.worse.size() == 2 && found.worse[0].times_as_good <= found.worse[1].times_as_good);
  require("ranges that overlap and small differences are noise", found.alike == 2);
  require("a result that became invalid is named", names(found.invalid_now) == list{"invalid now"});
  require("what only one file has is counted", found.missing.size() == 1 && found.added.size() == 1);
  require("the least number of rounds is known", found.rounds == 3);
  const comparison same = compare(before.rows, before.rows, 0.05);
  require("nothing changes between a file and itself", same.worse.empty() && same.better.empty() && same.alike == 8);
  require("a file says what it was measured on", before.bench == "check" && !before.processor.empty() &&
                                                     !before.compiler.empty() && !before.flags.empty() &&
                                                     !before.commit.empty() && before.date.size() == 20);

  std::ofstream(old_path) << "{\"results\": []}";
  bool refused = false;
  try {
    static_cast<void>(read_results(old_path));
  } catch (const std::runtime_error& error) {
    refused = std::string(error.what()).find(old_path) != std::string::npos;
  }
  require("a file of another kind is refused by name", refused);
  std::remove(old_path.c_str());
  std::remove(new_path.c_str());
}

// ---- documents

[[nodiscard]] bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
[[nodiscard]] std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

[[nodiscard]] results mixes_to_document() {
  results all("throughput");
  const auto add = [&](const std::string& what, const std::string& map, std::vector<double> rounds) {
    for (const double value : rounds) all.add(what, "Mops", map, value);
  };
  add("100 K, uniform, 0 % updates, 1 thread", "evac::sync_map", {40, 42, 44});
  add("100 K, uniform, 0 % updates, 1 thread", "slow", {21, 20, 22});
  add("100 K, uniform, 0 % updates, 1 thread", "wrong", {50, invalid, 52});
  add("100 K, uniform, 0 % updates, 2 threads", "evac::sync_map", {80, 80, 80});
  add("100 K, uniform, 0 % updates, 2 threads", "slow", {20, 20, 20});
  add("100 K, uniform, 10 % updates, 1 thread", "evac::sync_map", {21, 21, 21});
  add("100 K, uniform, 10 % updates, 1 thread", "slow", {10.5, 10.5, 10.5});
  add("100 K, uniform, 10 % updates, 1 thread", "wrong", {50, 50, 50});
  add("100 K, one hot key, 1 thread", "slow", {1000, 1000, 1000});
  all.add("footprint, 1 M grown", "bytes per element", "evac::sync_map", 33.25);
  all.add("latency / insert / p50", "ns", "evac::sync_map", 20);
  all.add("latency / insert / p50", "ns", "slow", 50);
  all.add("latency / insert / longest", "ns", "evac::sync_map", 1.5e6);
  all.note("slow | or not");
  return all;
}

void check_document(const std::string& folder) {
  const std::string path = folder + "/check_document.json";
  const std::vector<judged_bar> bars{{"a bar", "1 and 2", "at least", "MISS", 0.5, 1}};
  require("results with bars can be written", mixes_to_document().write_json(path, bars));
  const recorded_results file = read_results(path);
  std::remove(path.c_str());
  require("bars are read as they were written",
          file.bars.size() == 1 && file.bars[0].verdict == "MISS" && file.bars[0].measured == 0.5);
  const std::string text = markdown_of(file, "throughput");
  require("a table says where it was measured, with what and when",
          contains(text, file.processor) && contains(text, file.compiler) && contains(text, file.flags) &&
              contains(text, file.commit) && contains(text, file.date) && contains(text, "load ") &&
              contains(text, "slow | or not."));
  require("a bar has its verdict", contains(text, "| a bar | 1 and 2 | 0.500 | at least 1.000 | MISS |"));
  const auto tables = tables_of(file);
  const auto table = [&](const std::string& title) {
    for (const case_table& each : tables) {
      if (each.title == title) return markdown_of(text_table_of(each, bytes_per_element(file)));
    }
    return std::string();
  };
  const std::string reads = table("100 K, uniform, 0 % updates");
  require(
      "cases that differ in their number of threads share a table",
      contains(reads, "| map | 1 thread | 2 threads | bytes per element | evac::sync_map is so many times as good |"));
  require("a figure is a median with least and most, and beside each other map stands the ratio to it",
          contains(reads, "| slow | 21.0 (20.0-22.0) | 20.0 (20.0-20.0) |  | 2.00 / 4.00 |"));
  require("a map stands beside its bytes per element, and not beside itself",
          contains(reads, "| evac::sync_map | 42.0 (40.0-44.0) | 80.0 (80.0-80.0) | 33.2 |  |"));
  require("a result that failed its check is no number, nor is a ratio to it",
          contains(reads, "| wrong | - |  |  | - / - |"));
  const std::string means = table("geometric means, mixes, 100 K");
  require("the mean of 42 and 21 is that of the mixes, without the hot key",
          contains(means, "| evac::sync_map | 29.7 |"));
  require("there is no mean of a map that failed once, nor where a case is missing",
          contains(means, "| wrong | - |  |") && contains(means, "| slow | 14.8 | - |"));
  require("the means come first", !tables.empty() && tables.front().summary);
  const std::string times = table("latency / insert");
  require("times have units, and less is better", contains(times, "| evac::sync_map | 20.0 ns | 1.50 ms |") &&
                                                      contains(times, "| slow | 50.0 ns |  | 2.50 / - |"));
  require("more than four tables are folded away, means are not",
          count_of(text, "<details>") == 1 && text.find("<details>") > text.find("geometric means"));
  const auto chosen = sections_of(file, "throughput");
  require("a document may choose the facts, the verdicts and each table of a file",
          chosen.contains("throughput / facts") &&
              chosen.at("throughput / verdicts").starts_with("0 of 1 bars passed. Missed: ") &&
              chosen.size() == 2 + tables.size());
  require("a sign that ends a cell is escaped", markdown_of(text_table{{"a|b"}, {}}).starts_with("| a\\|b |"));
  case_table wide;
  for (int i = 0; i < 20; ++i) wide.add(std::to_string(i), {"", "bytes", "evac::map", {1.0 * i}});
  wide.add("peak", {"", "times", "evac::map", {1.5}});
  require("many cases stand below each other, with their units where these differ",
          text_table_of(wide, {}).rows.size() == 21 && text_table_of(wide, {}).rows.back().front() == "peak, times");
  report page;
  add_to_page(page, file, "throughput");
  const std::string page_path = folder + "/check_document.html";
  page.write(page_path, "check");
  std::ifstream written(page_path);
  const std::string html{std::istreambuf_iterator<char>(written), {}};
  require("a page has a picture of each table but those of one kind of figure each",
          count_of(html, "<svg") >= 4 && count_of(html, "<svg") == count_of(html, "</svg>"));
  require("no picture has a bar that is no number", !contains(html, "nan") && !contains(html, "inf"));
  std::remove(page_path.c_str());
}

void check_sections() {
  const std::string before =
      "Prose.\n<!-- begin: a -->\nold\n<!-- end -->\nMore.\n<!-- begin: b -->\nkept\n<!-- end -->\nEnd\n";
  const rewritten after = replace_sections(before, {{"a", "new\n"}, {"c", "nowhere\n"}});
  require("what stands between markers is replaced, all else is left",
          after.text ==
              "Prose.\n<!-- begin: a -->\n\nnew\n\n<!-- end -->\nMore.\n<!-- begin: b -->\nkept\n<!-- end -->\nEnd\n");
  require("what was replaced, and what has no partner, is named",
          after.replaced == std::vector<std::string>{"a"} && after.without_results == std::vector<std::string>{"b"});
  require("the second time nothing changes", replace_sections(after.text, {{"a", "new\n"}}).text == after.text);
  for (const std::string broken :
       {"<!-- begin: a -->\n", "<!-- end -->\n", "<!-- begin: a -->\n<!-- begin: b -->\n<!-- end -->\n"}) {
    bool refused = false;
    try {
      static_cast<void>(replace_sections(broken, {{"a", "new\n"}}));
    } catch (const std::runtime_error&) {
      refused = true;
    }
    require("markers that do not match are refused: " + broken, refused);
  }
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

// ---- counts and the model of the caches

void check_lines() {
  line_directory lines(3);
  std::size_t transfers = 0;
  for (std::size_t i = 0; i < 30; ++i) transfers += lines.read(i % 3, i % 5) ? 1 : 0;
  require("lines that are only read are not transferred", transfers == 0);
  for (std::size_t i = 0; i < 10; ++i) transfers += lines.write(i % 2, 7) ? 1 : 0;
  require("when two threads write a line in turn, every write is a transfer", transfers == 10);
  require("the hottest line is the one that is transferred most", lines.hottest() == 10);
  transfers = 0;
  for (std::size_t i = 0; i < 10; ++i) transfers += lines.write(1, 7) ? 1 : 0;
  require("a thread that wrote a line last writes it again for nothing", transfers == 0 && lines.hottest() == 10);
  for (std::size_t i = 0; i < 10; ++i) transfers += lines.read(2, 7) ? 1 : 0;
  require("after another thread's write the first read is a transfer, the next ones are not", transfers == 1);
  require("a write to a line that somebody has read since the last one is a transfer", lines.write(1, 7));
  lines.restart_count();
  require("a new count begins at 0", lines.hottest() == 0);
  require("and forgets no holders", !lines.write(1, 7) && lines.read(0, 7) && lines.hottest() == 1);
  line_directory most(line_directory::most_threads);
  require("64 threads have a bit each",
          !most.read(63, 0) && most.write(63, 0) && !most.write(63, 0) && most.read(62, 0));
  line_directory alone(1);
  require("one thread transfers nothing", !alone.write(0, 0) && !alone.read(0, 0));
}

void check_model() {
  const auto close = [](double told, double right) { return std::abs(told - right) < 1e-9 * right; };
  const operation_counts nothing{};
  require("without transfers each core adds the speed of one", close(predicted_mops(64, 20, nothing, 50), 64 * 50.0));
  operation_counts counts{};
  counts.shared_reads = 1;
  counts.shared_writes = 0.5;
  require("transfers add to the time of an operation", close(predicted_mops(4, 25, counts, 50), 4 * 10.0));
  counts.hottest = 0.5;
  require("the hottest line bounds the rate", close(predicted_mops(64, 25, counts, 50), 40));
  require("the hottest line bounds nothing that is slower", close(predicted_mops(2, 25, counts, 50), 20));
}

#ifdef EVAC_BENCH_HAS_COUNTS
[[nodiscard]] operation_counts counted(counted_map map, std::size_t threads, unsigned updates) {
  counted_mix mix;
  mix.resident = 1000;
  mix.threads = threads;
  mix.updates = updates;
  mix.unrecorded = 20'000;
  mix.recorded = 10'000;
  const auto counts = count_mix(map, mix);
  require(std::string(name_of(map)) + " is counted", counts.has_value());
  return counts.value_or(operation_counts{});
}

void check_counts() {
  for (const counted_map map : counted_maps) {
    const std::string name = name_of(map);
    const operation_counts reads = counted(map, 4, 0);
    require("reading " + name + " is seen", reads.atomic_loads >= 1);
    require("reading " + name + " takes no line from anybody", reads.transfers() == 0 && reads.hottest == 0);
    require("reading " + name + " takes no read-modify-write", reads.read_modify_writes == 0);
    const operation_counts alone = counted(map, 1, 50);
    require("one thread takes no line from anybody", alone.transfers() == 0);
    require("updating " + name + " takes read-modify-writes", alone.read_modify_writes > 0.4);
    const operation_counts updates = counted(map, 4, 50);
    require("updating " + name + " by several threads moves lines", updates.shared_writes > 0.1);
    require("no line of " + name + " is moved more often than all", updates.hottest < updates.transfers());
  }
  // Half of the updates find something to do; each of these takes the lock of its shard with one exchange and leaves it
  // with another, and so do reads, as the lock is never long without a writer.
  const double locked = counted(counted_map::sharded, 2, 50).read_modify_writes;
  require("an operation on evac::sharded_map takes one lock", locked >= 2 && locked < 2.1);
}
#endif

// ---- memory

/// Sixteen bytes an element in a vector, which copies itself when it grows.
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
  check_lines();
  check_model();
#ifdef EVAC_BENCH_HAS_COUNTS
  check_counts();
#endif
  std::cout << (failures == 0 ? "all holds\n" : std::to_string(failures) + " do not hold\n");
  return failures == 0 ? 0 : 1;
}
