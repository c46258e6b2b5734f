// Sets that threads share, where each has a window of keys: the newest comes, the oldest goes. And a cell that is
// replaced under an epoch.
#ifndef EVAC_TESTS_SERVICE_WINDOWS_HPP
#define EVAC_TESTS_SERVICE_WINDOWS_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "evac/counters.hpp"
#include "evac/epoch.hpp"
#include "service/worker.hpp"

namespace service {

/// Ever new keys, of which the last `width` of each worker are there: memory must stay.
template <class Set>
class windows {
 public:
  static constexpr std::uint64_t width = 8'192;

  explicit windows(part which) : which_(which) {}

  /// The keys of one worker.
  class window {
   public:
    window(windows& in, worker& who)
        : in_(in), who_(who), next_((std::uint64_t{who.number} << 40U) + 1), oldest_(next_) {}

    void move(std::uint64_t keys) {
      for (std::uint64_t i = 0; i < keys; ++i) {
        const auto newest = key(next_++);
        mistakes::require(who_.timed(in_.which_, [&] { return in_.set_.insert(newest); }), "a new key was in a window");
        const auto some = key(oldest_ + who_.below(next_ - oldest_));
        mistakes::require(who_.timed(in_.which_, [&] { return in_.set_.contains(some); }), "a key left a window early");
        if (next_ - oldest_ > width) erase_oldest();
      }
    }
    void close() {
      while (oldest_ != next_) erase_oldest();
    }
    [[nodiscard]] std::uint64_t size() const { return next_ - oldest_; }

   private:
    void erase_oldest() {
      const auto gone = key(oldest_++);
      mistakes::require(who_.timed(in_.which_, [&] { return in_.set_.erase(gone); }), "a key was not in its window");
      mistakes::require(!in_.set_.contains(gone), "an erased key is in a window");
    }
    [[nodiscard]] static auto key(std::uint64_t number) {
      if constexpr (std::is_same_v<typename Set::key_type, std::string>) {
        return name_of("tag", number);
      } else {
        return number;
      }
    }

    windows& in_;
    worker& who_;
    std::uint64_t next_;
    std::uint64_t oldest_;
  };

  /// Nobody else is inside a call. `expected`: the sizes of all windows.
  void check_sums(std::uint64_t expected) const {
    mistakes::require(set_.size() == expected, "windows have more or fewer keys than they should");
  }
  [[nodiscard]] evac::map_counters counters() const { return set_.counters(); }

 private:
  part which_;
  Set set_;
};

/// One object that readers find without a lock, and writers replace.
class replaced_cell {
 public:
  explicit replaced_cell(evac::epoch_domain& domain) : domain_(domain) {}
  replaced_cell(const replaced_cell&) = delete;
  replaced_cell& operator=(const replaced_cell&) = delete;
  ~replaced_cell() { delete content_.load(); }

  void work(worker& who, std::uint64_t calls) {
    for (std::uint64_t i = 0; i < calls; ++i) {
      if (who.once_in(16)) {
        domain_.make_room(sizeof(content));
        content* const old = content_.exchange(new content(who.random()));
        domain_.retire(old);
      } else {
        const evac::epoch_domain::guard inside(domain_);
        const content* const now = content_.load();
        mistakes::require(now->check == mark_of(now->value), "a cell was read after it was gone");
      }
    }
  }

 private:
  struct content {
    explicit content(std::uint64_t number) : value(number), check(mark_of(number)) {}
    std::uint64_t value;
    std::uint64_t check;
  };

  evac::epoch_domain& domain_;
  std::atomic<content*> content_ = new content(0);
};

}  // namespace service

#endif
