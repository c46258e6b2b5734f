// The maps that take part in a run: those that are asked for, found and pass their check. Each measures in processes of
// its own, round by round in turn.
#ifndef EVAC_BENCH_SUPPORT_FIELD_HPP
#define EVAC_BENCH_SUPPORT_FIELD_HPP

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "peers/concurrent_check.hpp"
#include "peers/concurrent_peers.hpp"
#include "support/measure.hpp"
#include "support/turns.hpp"

namespace bench {

template <class Peers>
class field {
 public:
  /// Peers whose name contains `wanted` and for which check(peer) holds.
  template <class Check>
  field(const std::string& wanted, const Check& check) {
    for_each_peer(Peers{}, [&](auto peer) {
      const std::string name = peer.name;
      if (name.find(wanted) == std::string::npos) return;
      if (!in_child([&] { return guarded([&] { return check(peer); }); }).value_or(false)) {
        std::cout << "without " << name << ": it failed its correctness run\n";
        return;
      }
      names_.push_back(name);
      if constexpr (requires { peer.locked; }) {
        if (peer.locked && !name.starts_with("evac::")) locked_.push_back(name);
      }
    });
  }
  /// Those of `all` that are in this list too.
  template <class All>
  explicit field(const field<All>& all) {
    for_each_peer(Peers{}, [&](auto peer) {
      const auto take = [&](const std::vector<std::string>& from, std::vector<std::string>& to) {
        if (std::find(from.begin(), from.end(), peer.name) != from.end()) to.emplace_back(peer.name);
      };
      take(all.names(), names_);
      take(all.locked(), locked_);
    });
  }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  /// The maps of others whose readers lock.
  [[nodiscard]] const std::vector<std::string>& locked() const { return locked_; }

  /// measure(peer) in a child process for each map, rounds times; take(name, result) with what came of it.
  template <class Measure, class Take>
  void interleaved(const std::string& part, std::size_t rounds, const Measure& measure, const Take& take) const {
    for (std::size_t round = 0; round < rounds; ++round) {
      for_each_peer(Peers{}, [&](auto peer) {
        if (std::find(names_.begin(), names_.end(), peer.name) == names_.end()) return;
        std::cerr << "\r\033[K" << part << ": round " << round + 1 << " of " << rounds << ", " << peer.name
                  << std::flush;
        const auto got = in_child([&] { return guarded([&] { return measure(peer); }); });
        if (got) {
          take(std::string(peer.name), *got);
        } else {
          std::cout << part << ": " << peer.name << " failed\n";
        }
      });
    }
    std::cerr << "\r\033[K";
  }

  /// The same for measure(peer, turn), which calls turn.pass() between its steps: so the rounds are interleaved step by
  /// step. No more than `at_once` maps are in memory at a time.
  /// `besides` are measured with them.
  template <class Result, class Besides, class Measure, class Take>
  void in_turns(const std::string& part, std::size_t rounds, std::size_t at_once, Besides besides,
                const Measure& measure, const Take& take) const {
    for (std::size_t round = 0; round < rounds; ++round) {
      std::optional<processes_in_turn<Result>> processes;
      std::vector<std::string> group;
      const auto run_group = [&] {
        if (group.empty()) return;
        const auto got = processes->run([&](std::size_t i) {
          std::cerr << "\r\033[K" << part << ": round " << round + 1 << " of " << rounds << ", " << group[i]
                    << std::flush;
        });
        for (std::size_t i = 0; i < group.size(); ++i) {
          if (got[i]) {
            take(group[i], *got[i]);
          } else {
            std::cout << part << ": " << group[i] << " failed\n";
          }
        }
        processes.reset();
        group.clear();
      };
      const auto add = [&](auto peer) {
        if (!processes) processes.emplace();
        processes->add([&](turn& mine) { return measure(peer, mine); });
        group.emplace_back(peer.name);
        if (group.size() == at_once) run_group();
      };
      for_each_peer(Peers{}, [&](auto peer) {
        if (std::find(names_.begin(), names_.end(), peer.name) != names_.end()) add(peer);
      });
      for_each_peer(besides, add);
      run_group();
    }
    std::cerr << "\r\033[K";
  }

 private:
  // A map that hangs must not hang the rest.
  template <class Work>
  static auto guarded(const Work& work) {
    ::alarm(600);
    return work();
  }

  std::vector<std::string> names_;
  std::vector<std::string> locked_;
};

using concurrent_field = field<concurrent_peers>;
using counting_field = field<counting_peers>;

inline void name_missing(const std::vector<std::string>& peers) {
  for (const auto& name : peers) std::cout << "without " << name << ": not found when this was configured\n";
}

/// Prints the maps that are missing. For maps that can also erase: concurrent_field(choose_counting(wanted)).
[[nodiscard]] inline counting_field choose_counting(const std::string& wanted) {
  name_missing(missing_concurrent_peers());
  return {wanted, [](auto peer) { return behaves<decltype(peer)>(); }};
}
[[nodiscard]] inline concurrent_field choose_concurrent(const std::string& wanted) {
  name_missing(missing_concurrent_peers());
  return {wanted, [](auto peer) { return behaves<decltype(peer)>(); }};
}

}  // namespace bench

#endif
