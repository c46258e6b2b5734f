// Compares two files of results: cases that got slower, and those that got faster, beyond noise.
//
// Ends with status 1 if something got slower or fails its own check now, with 2 if there is nothing to compare.
#include "support/comparison.hpp"
#include "support/options.hpp"

#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace bench;

struct settings {
  std::string old_file, new_file;
  std::string maps;
  double noise = 5;
};

void add_own_options(CLI::App& app, settings& chosen) {
  app.add_option("OLD.json", chosen.old_file)->required();
  app.add_option("NEW.json", chosen.new_file)->required();
  app.add_option("--noise", chosen.noise, "percent that mean nothing")->check(CLI::Range(0.001, 99.999));
}

void warn_of_differences(const recorded_results& before, const recorded_results& after) {
  const auto look = [](const char* what, const std::string& was, const std::string& is) {
    if (was != is) std::cout << "another " << what << ": " << was << " | " << is << '\n';
  };
  look("processor", before.processor, after.processor);
  look("compiler", before.compiler, after.compiler);
  look("set of flags", before.flags, after.flags);
}

void describe(const char* age, const recorded_results& file) {
  std::cout << age << ": " << file.bench << " at " << file.commit << ", " << file.date << ", load "
            << fixed(file.load_before) << " to " << fixed(file.load_after) << '\n';
}

void print_changes(const char* title, const std::vector<change>& changes) {
  if (changes.empty()) return;
  std::cout << '\n' << title << '\n';
  std::vector<std::vector<std::string>> rows;
  for (const change& each : changes) {
    const std::string times = std::isnan(each.times_as_good) ? "-" : fixed(each.times_as_good, 2);
    rows.push_back({each.after->what, each.after->subject, text_of(each.before->figures()),
                    text_of(each.after->figures()), each.after->unit, times});
  }
  print_table(std::cout, {"case", "of", "old", "new", "unit", "times as good"}, rows);
}

[[nodiscard]] int run(const settings& chosen) {
  recorded_results before = read_results(chosen.old_file);
  recorded_results after = read_results(chosen.new_file);
  if (before.bench != after.bench) {
    throw std::runtime_error("results of two programs: " + before.bench + " and " + after.bench);
  }
  for (auto* const file : {&before, &after}) {
    std::erase_if(file->rows, [&](const result& row) { return row.subject.find(chosen.maps) == std::string::npos; });
  }
  describe("old", before);
  describe("new", after);
  warn_of_differences(before, after);
  const comparison found = compare(before.rows, after.rows, chosen.noise / 100);
  const std::size_t compared = found.worse.size() + found.better.size() + found.alike + found.invalid_now.size();
  if (compared == 0) throw std::runtime_error("no case is in both files");
  print_changes("slower", found.worse);
  print_changes("faster", found.better);
  print_changes("invalid now", found.invalid_now);
  std::cout << '\n';
  for (const auto& [subject, ratio] : found.average) {
    // Maps whose code has not changed show how much the machine differs.
    std::cout << subject << ": " << fixed(ratio, 2) << " times as good on geometric average\n";
  }
  if (found.rounds == 1) std::cout << "some cases have one round only: what is noise in them cannot be told\n";
  if (!found.missing.empty()) std::cout << found.missing.size() << " cases are in the old file only\n";
  if (!found.added.empty()) std::cout << found.added.size() << " cases are in the new file only\n";
  std::cout << found.worse.size() << " slower, " << found.better.size() << " faster, " << found.alike
            << " within noise, " << found.invalid_now.size() << " invalid now\n";
  return found.worse.empty() && found.invalid_now.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const auto chosen = settings_of<settings>(
      argc, argv, "Two files of results: what got slower, and what faster, beyond noise.", add_own_options);
  try {
    return run(chosen);
  } catch (const std::exception& error) {
    std::cerr << "bench/compare: " << error.what() << '\n';
    return 2;
  }
}
