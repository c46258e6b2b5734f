// A map and a set of one worker: they grow to ten times their size and shrink again, and are cleared, moved and
// rehashed.
#ifndef EVAC_TESTS_SERVICE_OWNED_TABLES_HPP
#define EVAC_TESTS_SERVICE_OWNED_TABLES_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "evac/counters.hpp"
#include "evac/map.hpp"
#include "evac/set.hpp"
#include "service/worker.hpp"

namespace service {

class owned_tables {
 public:
  static constexpr std::uint64_t least = 2'000;
  static constexpr std::uint64_t most = 20'000;

  /// One growth and one fall. Afterwards there are `least` elements, or none after every fourth.
  void cycle(worker& who) {
    grow(who);
    look(who);
    shrink(who);
    switch (cycles_++ % 4) {
      case 0:
        words_.rehash(0);
        numbers_.rehash(0);
        break;
      case 1: {
        evac::map<std::string, std::uint64_t> elsewhere = std::move(words_);
        words_ = std::move(elsewhere);
        break;
      }
      case 2:
        words_ = evac::map<std::string, std::uint64_t>(words_);
        break;
      default:
        words_.clear();
        numbers_.clear();
    }
    check_sums();
  }

  [[nodiscard]] evac::map_counters counters() const {
    evac::map_counters both = words_.counters();
    both += numbers_.counters();
    return both;
  }

 private:
  void grow(worker& who) {
    for (std::uint64_t i = words_.size(); i < most; ++i) {
      const std::string name = name_of("word", i);
      const bool fresh = who.timed(part::owned, [&] { return words_.try_emplace(name, mark_of(i)).second; });
      mistakes::require(fresh && numbers_.insert(mark_of(i)).second, "a new key of an owned map was there");
    }
    check_sums();
  }
  void look(worker& who) {
    for (std::uint64_t i = 0; i < most / 2; ++i) {
      const std::uint64_t wanted = who.below(2 * most);
      const std::string name = name_of("word", wanted);
      const auto found = who.timed(part::owned, [&] { return words_.find(name); });
      mistakes::require((found != words_.end()) == (wanted < most), "an owned map does not know its keys");
      mistakes::require(found == words_.end() || found->second == mark_of(wanted), "an owned map has another value");
      mistakes::require(numbers_.contains(mark_of(wanted)) == (wanted < most), "an owned set does not know its keys");
    }
  }
  void shrink(worker& who) {
    for (std::uint64_t i = least; i < most; ++i) {
      const std::string name = name_of("word", i);
      const std::size_t erased = who.timed(part::owned, [&] { return words_.erase(name); });
      mistakes::require(erased == 1 && numbers_.erase(mark_of(i)) == 1, "an erased key of an owned map was not there");
    }
  }
  // Keys are 0, 1, ... size - 1.
  void check_sums() const {
    std::uint64_t expected = 0;
    std::uint64_t values = 0;
    std::uint64_t keys = 0;
    for (std::uint64_t i = 0; i < words_.size(); ++i) expected += mark_of(i);
    for (const auto& [name, value] : words_) values += value;
    for (const std::uint64_t number : numbers_) keys += number;
    mistakes::require(values == expected && keys == expected, "the sum over an owned map or set is another");
  }

  evac::map<std::string, std::uint64_t> words_;
  evac::set<std::uint64_t> numbers_;
  std::uint64_t cycles_ = 0;
};

}  // namespace service

#endif
