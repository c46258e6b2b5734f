// Memory that maps take with 16-byte elements: from 1 to 16 M of them, as many small maps, after erasing, after churn.
//
// Parts: sizes, small maps, erased, churn. Figures are resident bytes (support/memory_use.hpp); each map, round
// and case has a process of its own. They hardly differ between rounds: there is one unless more are asked for.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

#include "peers/concurrent_check.hpp"
#include "peers/concurrent_peers.hpp"
#include "peers/owned_peers.hpp"
#include "support/field.hpp"
#include "support/measure.hpp"
#include "support/memory_use.hpp"
#include "support/options.hpp"
#include "support/report.hpp"
#include "support/results.hpp"
#include "support/scoreboard.hpp"

namespace {

using namespace bench;

using memory_field = field<joined<owned_peers, counting_peers>>;
using erasing_field = field<joined<owned_peers, concurrent_peers>>;
template <class Peer>
using map_of = typename Peer::template map<std::uint64_t, std::uint64_t>;

constexpr std::size_t million = 1'000'000;
constexpr double mebibyte = 1U << 20U;

struct settings {
  std::string only, maps, json;
  std::size_t rounds = 1;
  std::size_t largest = 16 * million;
  [[nodiscard]] bool wants(const std::string& part) const { return part.find(only) != std::string::npos; }
};

class run {
 public:
  run(const settings& chosen, const memory_field& maps) : chosen_(chosen), maps_(maps) {}

  void measure() {
    if (chosen_.wants("sizes")) measure_sizes();
    if (chosen_.wants("small maps")) measure_small_maps();
    if (chosen_.wants("erased")) measure_erased();
    if (chosen_.wants("churn")) measure_churn();
  }
  void judge();
  [[nodiscard]] bool finish() const {
    const bool written = chosen_.json.empty() || all_.write_json(chosen_.json, board_.entries());
    return all_.all_valid() && written;
  }

 private:
  void measure_sizes();
  void print_ranges(const std::vector<std::size_t>& sizes) const;
  void print_teeth() const;
  void measure_small_maps();
  void measure_erased();
  void measure_churn();

  [[nodiscard]] static std::string size_name(std::size_t size) {
    return "sizes / " + std::to_string(size) + " elements";
  }
  [[nodiscard]] std::vector<double> of_sizes(const std::vector<std::size_t>& sizes, const std::string& map) const {
    std::vector<double> each;
    for (const std::size_t size : sizes) each.push_back(all_.median(size_name(size), map));
    return each;
  }
  /// Sizes of one map that grows: coarse enough to count its pages.
  [[nodiscard]] std::vector<std::size_t> large_sizes() const {
    return sizes_between(million / 32, chosen_.largest, 32);
  }

  const settings& chosen_;
  const memory_field& maps_;
  const erasing_field erasing_{maps_};
  results all_{"memory"};
  scoreboard board_;
};

[[nodiscard]] std::string number(double value, int digits = 1) {
  return std::isnan(value) ? "-" : fixed(value, digits);
}
[[nodiscard]] double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}
[[nodiscard]] std::string count_name(std::size_t count) {
  if (count >= million) return fixed(static_cast<double>(count) / million, count % million == 0 ? 0 : 2) + " M";
  return count >= 10'000 ? fixed(static_cast<double>(count) / 1000, 1) + " K" : std::to_string(count);
}

// ---- sizes

constexpr const char* peak_name = "sizes / peak over final";

void run::measure_sizes() {
  const auto large = large_sizes();
  const auto small = sizes_between(1, large.front() - 1, 4);
  for (const std::size_t size : small) {
    maps_.interleaved(
        size_name(size), chosen_.rounds,
        [&](auto peer) { return weigh_many<map_of<decltype(peer)>>(size, million, std::size_t{32} << 20U); },
        [&](const std::string& map, const many_maps& got) {
          all_.add(size_name(size), "bytes per element", map, got.bytes_each / static_cast<double>(size));
        });
  }
  maps_.interleaved(
      "growing", chosen_.rounds, [&](auto peer) { return grow_through<map_of<decltype(peer)>>(large); },
      [&](const std::string& map, const grown_memory& got) {
        for (std::size_t i = 0; i < large.size(); ++i) {
          all_.add(size_name(large[i]), "bytes per element", map, got.bytes_per_element[i]);
        }
        all_.add(peak_name, "times", map, got.peak_over_final);
      });
  std::vector<std::size_t> sizes = small;
  sizes.insert(sizes.end(), large.begin(), large.end());
  print_ranges(sizes);
  print_teeth();
}

void run::print_ranges(const std::vector<std::size_t>& sizes) const {
  constexpr std::array<std::size_t, 6> starts{1, 2, 16, 1024, million / 32, million};
  std::vector<std::string> head{"map"};
  std::vector<std::vector<std::size_t>> ranges;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    std::vector<std::size_t> range;
    for (const std::size_t size : sizes) {
      if (size >= starts[i] && (i + 1 == starts.size() || size < starts[i + 1])) range.push_back(size);
    }
    if (range.empty()) continue;
    const bool single = range.size() == 1;
    head.push_back(single ? count_name(range[0]) : count_name(range.front()) + " to " + count_name(range.back()));
    ranges.push_back(std::move(range));
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& map : maps_.names()) {
    std::vector<std::string> row{map};
    for (const auto& range : ranges) {
      const auto each = of_sizes(range, map);
      const auto [least, most] = std::minmax_element(each.begin(), each.end());
      row.push_back(text_of({mean_of(each), *least, *most}));
    }
    rows.push_back(row);
  }
  std::cout << "\nBytes per element over ranges of sizes: mean (least-most)\n";
  print_table(std::cout, head, rows);
}

void run::print_teeth() const {
  const auto teeth = large_sizes();
  std::vector<std::string> head{"map"};
  std::vector<std::size_t> shown;
  for (std::size_t i = teeth.size() < 33 ? 0 : teeth.size() - 33; i < teeth.size(); i += 4) {
    shown.push_back(teeth[i]);
    head.push_back(count_name(teeth[i]));
  }
  head.emplace_back("peak over final");
  std::vector<std::vector<std::string>> rows;
  for (const auto& map : maps_.names()) {
    std::vector<std::string> row{map};
    for (const double each : of_sizes(shown, map)) row.push_back(number(each));
    row.push_back(number(all_.median(peak_name, map), 2));
    rows.push_back(row);
  }
  std::cout << "\nBytes per element over the last doubling\n";
  print_table(std::cout, head, rows);
}

// ---- many small maps

constexpr std::array<std::size_t, 3> small_elements{0, 1, 8};
[[nodiscard]] std::string small_name(std::size_t elements) {
  return "small maps / " + std::to_string(elements) + (elements == 1 ? " element" : " elements");
}

void run::measure_small_maps() {
  std::vector<std::string> head{"map"};
  for (const std::size_t elements : small_elements) {
    const std::string name = small_name(elements);
    maps_.interleaved(
        name, chosen_.rounds,
        [&](auto peer) { return weigh_many<map_of<decltype(peer)>>(elements, million, std::size_t{1} << 30U); },
        [&](const std::string& map, const many_maps& got) {
          all_.add(name, "bytes per map", map, got.bytes_each);
          all_.add(name + ", maps", "elements", map, got.maps);
        });
    head.push_back(std::to_string(elements) + (elements == 1 ? " element" : " elements"));
    head.emplace_back("maps");
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& map : maps_.names()) {
    std::vector<std::string> row{map};
    for (const std::size_t elements : small_elements) {
      row.push_back(number(all_.median(small_name(elements), map), 0));
      const double maps = all_.median(small_name(elements) + ", maps", map);
      row.push_back(std::isnan(maps) ? "-" : count_name(static_cast<std::size_t>(maps)));
    }
    rows.push_back(row);
  }
  std::cout << "\nBytes per map, of a million maps or as many as take a gibibyte\n";
  print_table(std::cout, head, rows);
}

// ---- erased

struct erased_memory {
  double at_a_million, full;  // bytes per element
  double full_bytes;          // of all
  double left, left_trimmed;  // the same when 99 of 100 are erased, and when malloc has given back what it can
};

template <class Map>
[[nodiscard]] erased_memory fill_and_erase(std::size_t elements) {
  const memory_watch watch;
  auto& map = *new Map(0);
  erased_memory got{invalid, invalid, invalid, invalid, invalid};
  for (std::uint64_t i = 0; i < elements; ++i) {
    if (i == million) got.at_a_million = watch.held() / million;
    map.insert(random_key(i), i);
  }
  if (map.size() != elements) return got;
  got.full_bytes = watch.held();
  got.full = got.full_bytes / static_cast<double>(elements);
  std::uint64_t to_erase = 0;
  std::uint64_t erased = 0;
  for (std::uint64_t i = 0; i < elements; ++i) {
    if (random_key(~i) % 100 == 0) continue;
    ++to_erase;
    erased += map.erase(random_key(i)) ? 1 : 0;
  }
  if (erased != to_erase || map.size() != elements - erased) return got;
  got.left = watch.held();
  ::malloc_trim(0);
  got.left_trimmed = watch.held();
  return got;
}

/// The bar is at 10 M.
[[nodiscard]] std::size_t erased_elements(const settings& chosen) { return std::min(chosen.largest, 10 * million); }
constexpr const char* at_a_million = "erased / before, at 1 M";
[[nodiscard]] std::string full_name(std::size_t elements) { return "erased / before, at " + count_name(elements); }

void run::measure_erased() {
  const std::size_t elements = erased_elements(chosen_);
  const std::string full = full_name(elements);
  erasing_.interleaved(
      "erased", chosen_.rounds, [&](auto peer) { return fill_and_erase<map_of<decltype(peer)>>(elements); },
      [&](const std::string& map, const erased_memory& got) {
        if (elements > million) all_.add(at_a_million, "bytes per element", map, got.at_a_million);
        all_.add(full, "bytes per element", map, got.full);
        all_.add("erased / full", "MiB", map, got.full_bytes / mebibyte);
        all_.add("erased / 99 %", "MiB", map, got.left / mebibyte);
        all_.add("erased / 99 %, trimmed", "MiB", map, got.left_trimmed / mebibyte);
      });
  std::vector<std::vector<std::string>> rows;
  for (const auto& map : erasing_.names()) {
    const auto cell = [&](const std::string& what) { return number(all_.median(what, map)); };
    rows.push_back({map, cell(at_a_million), cell(full), cell("erased / full"), cell("erased / 99 %"),
                    cell("erased / 99 %, trimmed")});
  }
  std::cout << "\nGrown to " << count_name(elements) << ", then 99 % erased; malloc may keep what a map frees: "
            << "trimmed is after malloc_trim\n";
  print_table(std::cout,
              {"map", "bytes per element at 1 M", "at " + count_name(elements), "MiB", "99 % erased, MiB", "trimmed"},
              rows);
}

// ---- churn

constexpr std::size_t churn_rounds = 10;
struct churn_memory {
  std::array<double, churn_rounds + 1> after;  // bytes per element: filled, and after each round
  double peak;
};

/// Constant size: the oldest key goes, a fresh one comes. A round replaces all.
template <class Map>
[[nodiscard]] churn_memory churn(std::size_t elements) {
  const memory_watch watch;
  auto& map = *new Map(0);
  churn_memory got{};
  const auto n = static_cast<double>(elements);
  std::uint64_t next = 0;
  std::uint64_t wrong = 0;
  for (; next < elements; ++next) wrong += map.insert(random_key(next), next) ? 0 : 1;
  got.after[0] = watch.held() / n;
  for (std::size_t round = 1; round <= churn_rounds; ++round) {
    for (std::size_t i = 0; i < elements; ++i, ++next) {
      wrong += map.erase(random_key(next - elements)) ? 0 : 1;
      wrong += map.insert(random_key(next), next) ? 0 : 1;
    }
    wrong += map.size() == elements ? 0 : 1;
    got.after[round] = watch.held() / n;
  }
  got.peak = watch.peak() / n;
  if (wrong != 0) got.after.fill(invalid);
  return got;
}

void run::measure_churn() {
  const std::size_t elements = std::min(chosen_.largest, million);
  const auto name = [](std::size_t round) { return "churn / round " + std::to_string(round); };
  erasing_.interleaved(
      "churn", chosen_.rounds, [&](auto peer) { return churn<map_of<decltype(peer)>>(elements); },
      [&](const std::string& map, const churn_memory& got) {
        for (std::size_t i = 0; i <= churn_rounds; ++i) all_.add(name(i), "bytes per element", map, got.after[i]);
        all_.add("churn / peak", "bytes per element", map, got.peak);
      });
  std::vector<std::vector<std::string>> rows;
  for (const auto& map : erasing_.names()) {
    std::vector<std::string> row{map};
    for (const std::size_t round : {std::size_t{0}, std::size_t{1}, std::size_t{5}, churn_rounds}) {
      row.push_back(number(all_.median(name(round), map)));
    }
    row.push_back(number(all_.median("churn / peak", map)));
    rows.push_back(row);
  }
  std::cout << "\nBytes per element at a constant " << count_name(elements) << ", each round replaces all keys\n";
  print_table(std::cout, {"map", "filled", "round 1", "round 5", "round 10", "peak"}, rows);
}

// ---- bars

void run::judge() {
  const auto enter = [&](const std::string& bar, const std::string& what, const char* map, double allowed) {
    if (all_.find(what, map) == nullptr) return;  // not among those that were asked for
    const double measured = all_.median(what, map);
    board_.enter(std::string(map) + ", " + bar, number(measured, 2), measured, allowed);
  };
  std::cout << '\n';
  std::vector<std::size_t> judged = large_sizes();
  std::erase_if(judged, [](std::size_t size) { return size < million; });
  const bool has_sizes = all_.find(peak_name, evac_peer::name) != nullptr;
  if (has_sizes && chosen_.largest == 16 * million) {
    const auto each = of_sizes(judged, evac_peer::name);
    const double worst = *std::max_element(each.begin(), each.end());
    const std::string map = evac_peer::name;
    board_.enter(map + ", bytes per element, average of 1 M to 16 M", number(mean_of(each), 2), mean_of(each), 31);
    board_.enter(map + ", bytes per element, worst of 1 M to 16 M", number(worst, 2), worst, 42);
    enter("peak over final, growing to 16 M", peak_name, evac_peer::name, 1.1);
  }
  enter("bytes per element at 1 M", at_a_million, evac_sharded_peer::name, 34);
  enter("bytes per element at 10 M", full_name(10 * million), evac_sync_peer::name, 32);
  enter("an empty map, bytes", small_name(0), evac_sync_peer::name, 256);
  std::cout << board_.missed() << " bars missed\n";
}

void add_own_options(CLI::App& app, settings& chosen) {
  app.add_option("--largest", chosen.largest, "elements of the largest map; bars that need more are left out")
      ->check(CLI::Range(100'000, 16'000'000));
}

}  // namespace

int main(int argc, char** argv) {
  const auto chosen =
      settings_of<settings>(argc, argv, "What maps take of memory with 16-byte elements.", add_own_options);
  name_missing(missing_owned_peers());
  name_missing(missing_concurrent_peers());
  const memory_field maps(chosen.maps, [](auto peer) {
    if constexpr (requires { peer.locked; }) return behaves<decltype(peer)>();
    return behaves_alone<decltype(peer)>(3000, true) && behaves_alone<decltype(peer)>(0, true);
  });
  run all(chosen, maps);
  all.measure();
  all.judge();
  return all.finish() ? 0 : 1;
}
