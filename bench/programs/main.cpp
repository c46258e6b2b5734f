// The main job: grows maps to many random keys and times each insert, counts the words of real files, alone and with
// threads that share a map, and writes a report.
//
// Every measurement runs in a child process of its own, the maps interleaved within each round.
#include <array>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "peers/owned_peers.hpp"
#include "support/backed_memory.hpp"
#include "support/growth.hpp"
#include "support/histogram.hpp"
#include "support/measure.hpp"
#include "support/options.hpp"
#include "support/report.hpp"
#include "support/results.hpp"
#include "support/service.hpp"
#include "support/shared_words.hpp"
#include "support/words.hpp"

namespace {

using namespace bench;

struct settings {
  std::string path = "/usr/include";
  std::string report_folder = "bench/report";
  std::string json;
  std::size_t rounds = 3;
  std::size_t keys = 10'000'000;
};

/// Bytes of text that are counted by threads which share a map.
constexpr std::size_t most_shared_text = std::size_t{32} << 20U;

struct bad_input : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// ---- words

struct count_result {
  double seconds = 0;
  std::size_t bytes = 0;
  word_totals totals;
  std::uint64_t longest_insert = 0;
};

template <class Peer, class Map, class Insert>
void count_words(Map& map, std::string_view text, const Insert& insert) {
  for_each_word(text, [&](std::string_view word) {
    const auto found = map.find(Peer::lookup_key(word));
    if (found != map.end()) {
      ++found->second;
    } else {
      insert(map, word);
    }
  });
}

template <class Peer>
count_result count_in_child(std::string_view text, bool time_inserts) {
  typename Peer::template map<std::string, std::uint64_t> counts;
  count_result result;
  const std::size_t before = resident_bytes();
  const double start = seconds();
  if (time_inserts) {
    count_words<Peer>(counts, text, [&](auto& map, std::string_view word) {
      const std::uint64_t begin = nanoseconds();
      map.emplace(std::string(word), 1);
      result.longest_insert = std::max(result.longest_insert, nanoseconds() - begin);
    });
  } else {
    count_words<Peer>(counts, text, [](auto& map, std::string_view word) { map.emplace(std::string(word), 1); });
  }
  result.seconds = seconds() - start;
  result.bytes = resident_bytes() - before;
  for (const auto& [word, count] : counts) result.totals.add(word, count);
  return result;
}

struct word_rows {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::pair<std::string, double>> throughput;
};

word_rows measure_words(std::string_view text, std::size_t rounds, results& all) {
  std::map<std::string, std::vector<count_result>> counted;
  std::map<std::string, count_result> timed;
  for (std::size_t round = 0; round < rounds; ++round) {
    for_each_peer(main_peers{}, [&](auto peer) {
      using peer_type = decltype(peer);
      std::cerr << "\rwords: round " << round + 1 << " of " << rounds << ", " << peer.name << "          "
                << std::flush;
      if (const auto got = in_child([&] { return count_in_child<peer_type>(text, false); }))
        counted[peer.name].push_back(*got);
      if (round != 0) return;
      if (const auto got = in_child([&] { return count_in_child<peer_type>(text, true); })) timed[peer.name] = *got;
    });
  }
  std::cerr << '\n';
  word_rows out;
  const word_totals totals = counted.at(std_peer::name).front().totals;
  for_each_peer(main_peers{}, [&](auto peer) {
    std::vector<double> rates;
    std::size_t memory = 0;
    for (const auto& result : counted[peer.name]) {
      if (result.totals != totals) throw std::runtime_error(std::string(peer.name) + " counted differently");
      rates.push_back(static_cast<double>(result.totals.words) / result.seconds / 1e6);
      all.add("words, rate", "million words/s", peer.name, rates.back());
      all.add("words, memory", "MiB", peer.name, static_cast<double>(result.bytes) / (1 << 20));
      memory = std::max(memory, result.bytes);
    }
    all.add("words, longest insert", "ns", peer.name, static_cast<double>(timed[peer.name].longest_insert));
    const summary rate = summarise(rates);
    out.rows.push_back({peer.name, fixed(rate.median), fixed(rate.least), fixed(rate.most),
                        fixed(static_cast<double>(memory) / (1 << 20)),
                        duration_text(static_cast<double>(timed[peer.name].longest_insert))});
    out.throughput.emplace_back(peer.name, rate.median);
  });
  return out;
}

std::vector<std::vector<std::string>> top_ten(std::string_view text, std::uint64_t& words, std::size_t& distinct) {
  evac::map<std::string, std::uint64_t> counts;
  count_words<evac_peer>(counts, text, [](auto& map, std::string_view word) { map.emplace(std::string(word), 1); });
  distinct = counts.size();
  std::vector<std::pair<std::uint64_t, std::string>> order;
  for (const auto& [word, count] : counts) {
    words += count;
    order.emplace_back(count, word);
  }
  const std::size_t shown = std::min<std::size_t>(10, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown), order.end(), std::greater<>());
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < shown; ++i) rows.push_back({order[i].second, std::to_string(order[i].first)});
  return rows;
}

// ---- growth

constexpr std::size_t windows = 400;

struct growth_result {
  std::uint64_t p50, p99, p999, p9999, most;
  bool complete;
  std::array<std::uint64_t, windows> worst_of_window;
};

template <class Peer>
growth_result grow_by_windows(std::size_t keys) {
  latency_histogram histogram;
  growth_result result{};
  result.complete = grow_timed<Peer>(keys, [&](std::uint64_t i, std::uint64_t taken) {
    histogram.add(taken);
    auto& worst = result.worst_of_window[i * windows / keys];
    worst = std::max(worst, taken);
  });
  result.p50 = histogram.percentile(0.5);
  result.p99 = histogram.percentile(0.99);
  result.p999 = histogram.percentile(0.999);
  result.p9999 = histogram.percentile(0.9999);
  result.most = histogram.most();
  return result;
}

struct growth_rows {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::pair<std::string, double>> throughput;
  std::vector<series> lines;
  std::vector<std::pair<std::string, std::uint64_t>> longest;  // nanoseconds
};

void record_growth(results& all, const std::string& map, std::size_t keys, const std::vector<double>& totals,
                   const std::vector<growth_result>& timed) {
  const std::string at = "growing to " + std::to_string(keys) + " keys, ";
  if (totals.empty() || timed.empty()) all.add(at + "total", "s", map, invalid);
  for (const double total : totals) all.add(at + "total", "s", map, total);
  for (const growth_result& each : timed) {
    const std::pair<const char*, std::uint64_t> figures[] = {
        {"p50", each.p50}, {"p99", each.p99}, {"p99.9", each.p999}, {"p99.99", each.p9999}, {"longest", each.most}};
    for (const auto& [name, nanos] : figures) all.add(at + name, "ns", map, static_cast<double>(nanos));
  }
}

growth_rows measure_growth(std::size_t keys, std::size_t rounds, results& all) {
  std::map<std::string, std::vector<double>> totals;
  std::map<std::string, std::vector<growth_result>> timed;
  for (std::size_t round = 0; round < rounds; ++round) {
    for_each_peer(main_peers{}, [&](auto peer) {
      using peer_type = decltype(peer);
      std::cerr << "\rgrowth: round " << round + 1 << " of " << rounds << ", " << peer.name << "          "
                << std::flush;
      const auto total = in_child([&] { return grow_untimed<peer_type>(keys); });
      if (total && *total > 0) totals[peer.name].push_back(*total);
      const auto latencies = in_child([&] { return grow_by_windows<peer_type>(keys); });
      if (latencies && latencies->complete) timed[peer.name].push_back(*latencies);
    });
  }
  std::cerr << '\n';
  growth_rows out;
  for_each_peer(main_peers{}, [&](auto peer) {
    record_growth(all, peer.name, keys, totals[peer.name], timed[peer.name]);
    if (totals[peer.name].empty() || timed[peer.name].empty()) {
      out.rows.push_back({peer.name, "invalid", "", "", "", "", ""});
      return;
    }
    // The round whose longest insert is the median one: figures of one run belong together.
    auto& runs = timed[peer.name];
    std::sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) { return a.most < b.most; });
    const growth_result& run = runs[runs.size() / 2];
    const double total = summarise(totals[peer.name]).median;
    const auto text = [](std::uint64_t nanos) { return duration_text(static_cast<double>(nanos)); };
    out.rows.push_back(
        {peer.name, fixed(total, 2), text(run.p50), text(run.p99), text(run.p999), text(run.p9999), text(run.most)});
    out.throughput.emplace_back(peer.name, static_cast<double>(keys) / total / 1e6);
    out.longest.emplace_back(peer.name, run.most);
    out.lines.push_back({peer.name, std::vector<double>(run.worst_of_window.begin(), run.worst_of_window.end())});
  });
  return out;
}

// ---- the run

void add_own_options(CLI::App& app, settings& chosen) {
  app.add_option("PATH", chosen.path, "a file or a folder");
  app.add_option("--report", chosen.report_folder, "folder for index.html");
  app.add_option("--keys", chosen.keys, "how many random keys the maps grow to")->check(CLI::Range(1, 1'000'000'000));
}

void add_stats(report& page, std::size_t keys) {
  evac::map<std::uint64_t, std::uint64_t> map;
  for (std::uint64_t i = 0; i < keys; ++i) map.emplace(random_key(i), i);
  const evac::table_stats stats = map.stats();
  std::vector<std::pair<std::string, double>> bars;
  for (std::size_t i = 0; i < stats.occupancy_histogram.size(); ++i) {
    bars.emplace_back(std::to_string(i) + " slots taken", 100.0 * static_cast<double>(stats.occupancy_histogram[i]) /
                                                              static_cast<double>(stats.home_buckets));
  }
  page.bars("Home buckets of evac::map at " + std::to_string(keys) + " keys, by slots taken", bars, "%",
            evac_peer::name);
  page.paragraph("Bytes per element: " + fixed(static_cast<double>(map.memory_usage()) / static_cast<double>(keys)) +
                 ", longest chain: " + std::to_string(stats.longest_chain) + " buckets, elements moved per element: " +
                 fixed(static_cast<double>(stats.elements_moved) / static_cast<double>(keys), 2));
}

std::string text_of_missing(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "left out: " : ", ") + name;
  return text;
}

void add_shared(report& page, const std::vector<std::string>& head, const shared_rows& shared, std::uint64_t words) {
  page.heading("Threads share one map");
  page.paragraph("The first " + std::to_string(words) +
                 " of the words, each counted in place. All maps agree with the count of one thread. Medians, with "
                 "least and most.");
  page.table(head, shared.rows);
  for (std::size_t i = 0; i < sharing_threads.size(); ++i)
    page.bars("Million words per second, " + head[i + 1], shared.throughput[i], "M/s");
  const std::string missing = text_of_missing(shared.missing);
  if (!missing.empty()) page.paragraph(missing);
}

void add_service(report& page, const std::vector<std::string>& head, const service_rows& service) {
  page.heading("A service reads its configuration");
  page.paragraph(
      "A million entries, string to number: 99 look-ups and one change in a hundred operations, uniform. Medians, with "
      "least and most.");
  page.table(head, service.rows);
  for (std::size_t i = 0; i < service_threads.size(); ++i)
    page.bars("Million operations per second, " + head[i + 1], service.throughput[i], "M/s");
}

/// The story of the page, before anything else: how long a single insert can take.
void add_story(report& page, const std::vector<std::string>& head, const growth_rows& grown, std::size_t keys) {
  page.heading("The longest insert");
  page.paragraph(
      "Every map grows to " + std::to_string(keys) +
      " random keys, and each insert is timed: how long does the one that takes longest make its caller wait?");
  std::vector<std::string> names;
  std::vector<std::vector<double>> values;
  std::vector<std::vector<std::string>> texts;
  for (const auto& [name, nanos] : grown.longest) {
    names.push_back(name);
    values.push_back({static_cast<double>(nanos)});
    texts.push_back({duration_text(static_cast<double>(nanos))});
  }
  page.grouped_bars("Longest insert (log axis)", {"longest insert"}, names, values, texts, true);
  page.log_lines("Longest insert in each of " + std::to_string(windows) + " stretches of the growth", "inserts so far",
                 grown.lines);
  page.table(head, grown.rows);
  page.bars("Million inserts per second, growing", grown.throughput, "M/s");
  add_stats(page, keys);
}

/// False if the results could not be written.
bool run(const settings& chosen) {
  const text_of_files input = read_files(chosen.path);
  std::uint64_t words = 0;
  std::size_t distinct = 0;
  const auto top = top_ten(input.text, words, distinct);
  if (words == 0) throw bad_input(chosen.path + " holds no readable file with a word in it");
  warm_up_memory();
  results all("main");

  const growth_rows grown = measure_growth(chosen.keys, chosen.rounds, all);
  const std::vector<std::string> growth_head{"map", "total, s", "p50", "p99", "p99.9", "p99.99", "longest"};
  std::cout << chosen.keys << " random 64-bit keys into a growing map\n";
  print_table(std::cout, growth_head, grown.rows);

  const std::string facts = std::to_string(input.files) + " files, " + std::to_string(input.unreadable) +
                            " unreadable, " + std::to_string(input.text.size()) + " bytes, " + std::to_string(words) +
                            " words, " + std::to_string(distinct) + " distinct";
  std::cout << '\n' << facts << "\n\n";
  all.note("Words under " + chosen.path + ": " + facts);
  print_table(std::cout, {"most frequent", "times"}, top);
  const word_rows counted = measure_words(input.text, chosen.rounds, all);
  const std::vector<std::string> word_head{"map", "million words/s", "least", "most", "memory, MiB", "longest insert"};
  std::cout << "\nall maps agree\n";
  print_table(std::cout, word_head, counted.rows);

  // A part of the text: a dozen maps count it with three numbers of threads.
  const std::string_view part = cut_between_words(input.text, input.text.size() / most_shared_text + 1).front();
  const auto reference = in_child([&] { return count_in_child<std_peer>(part, false).totals; });
  if (!reference) throw std::runtime_error("the words that threads are to share could not be counted");
  const shared_rows shared = measure_shared_words(part, chosen.rounds, *reference, all);
  const std::vector<std::string> shared_head{"shared map, million words/s", "1 thread", "2 threads", "4 threads"};
  std::cout << "\nthreads share one map, " << reference->words << " words; all agree with the count of one thread\n";
  print_table(std::cout, shared_head, shared.rows);
  const std::string missing = text_of_missing(shared.missing);
  if (!missing.empty()) {
    std::cout << missing << '\n';
    all.note("Shared words: " + missing);
  }

  const service_rows service = measure_service(chosen.rounds, all);
  const std::vector<std::string> service_head{"service, million operations/s", "1 thread", "2 threads"};
  std::cout << "\na service reads its configuration: 1 M entries, 1 % changes\n";
  print_table(std::cout, service_head, service.rows);

  report page;
  add_story(page, growth_head, grown, chosen.keys);
  page.heading("Counting the words under " + chosen.path);
  page.paragraph(facts + ". Medians of " + std::to_string(chosen.rounds) +
                 " interleaved rounds, each in a process of its own.");
  page.table(word_head, counted.rows);
  page.bars("Million words per second", counted.throughput, "M/s");
  page.table({"most frequent", "times"}, top);
  add_shared(page, shared_head, shared, reference->words);
  add_service(page, service_head, service);
  std::filesystem::create_directories(chosen.report_folder);
  page.write(chosen.report_folder + "/index.html", "evac: maps at work");
  std::cout << "\nreport: " << chosen.report_folder << "/index.html\n";
  return chosen.json.empty() || all.write_json(chosen.json);
}

}  // namespace

int main(int argc, char** argv) {
  const auto chosen = settings_of<settings>(
      argc, argv, "Counts the words of all files under PATH, grows maps, and writes a report.", add_own_options);
  try {
    return run(chosen) ? 0 : 1;
  } catch (const bad_input& error) {
    std::cerr << "evac_bench_main: " << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "evac_bench_main: " << error.what() << '\n';
    return 1;
  }
}
