// Sessions that expire, and counters that are drained: two sharded maps, and the sums that must come out.
#ifndef EVAC_TESTS_SERVICE_SHARDED_TABLES_HPP
#define EVAC_TESTS_SERVICE_SHARDED_TABLES_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "evac/counters.hpp"
#include "evac/sharded_map.hpp"
#include "service/worker.hpp"

namespace service {

struct session {
  session(std::uint64_t user, std::uint64_t end)
      : token(name_of("token", user)),
        profile(std::make_unique<std::string>(profile_bytes, static_cast<char>('a' + user % 26))),
        expires(end) {}

  static constexpr std::size_t profile_bytes = 512;
  [[nodiscard]] bool is_of(std::uint64_t user) const {
    return token == name_of("token", user) && profile->size() == profile_bytes &&
           profile->front() == static_cast<char>('a' + user % 26);
  }

  std::string token;
  std::unique_ptr<std::string> profile;
  std::uint64_t expires;
  std::uint64_t requests = 0;
};

/// Users log in, ask for something and log out; a user that does not ask for long is forgotten. Time is the number of
/// calls.
class sessions {
 public:
  static constexpr std::uint64_t users = 8'192;
  static constexpr std::uint64_t lifetime = 40'000;
  static constexpr std::uint64_t calls_between_sweeps = 5'000;

  explicit sessions(fault planted) : leaks_(planted == fault::leaked_values) {}

  void work(worker& who, std::uint64_t calls) {
    std::uint64_t served = 0;
    for (std::uint64_t i = 0; i < calls; ++i) {
      const std::uint64_t now = now_.fetch_add(1, std::memory_order_relaxed);
      const std::uint64_t user = who.below(users);
      const std::string name = name_of("user", user);
      const std::uint64_t dice = who.below(100);
      if (dice < 40) {
        served += request(who, name, user, now);
      } else if (dice < 65) {
        served += log_in(who, name, user, now);
      } else if (dice < 95) {
        who.timed(part::sessions,
                  [&] { return sessions_.cvisit(name, [&](const auto& each) { check(each.second, user); }); });
      } else {
        log_out(who, name);
      }
      if (now % calls_between_sweeps == 0) sweep(now);
    }
    served_ += served;
  }

  /// Nobody else is inside a call.
  void check_sums() const {
    std::uint64_t requests = gone_requests_;
    sessions_.cvisit_all([&](const auto& each) { requests += each.second.requests; });
    mistakes::require(requests == served_, "requests of sessions are not those that were served");
    mistakes::require(sessions_.size() == opened_ - closed_, "sessions are not those that were opened and not closed");
  }
  [[nodiscard]] evac::map_counters counters() const { return sessions_.counters(); }

 private:
  static void check(const session& found, std::uint64_t user) {
    mistakes::require(found.is_of(user), "a session is not that of its user");
  }
  std::size_t request(worker& who, const std::string& name, std::uint64_t user, std::uint64_t now) {
    return who.timed(part::sessions, [&] {
      return sessions_.visit(name, [&](auto& each) {
        check(each.second, user);
        ++each.second.requests;
        each.second.expires = now + lifetime;
      });
    });
  }
  // Asks for something where the session is there already.
  std::size_t log_in(worker& who, const std::string& name, std::uint64_t user, std::uint64_t now) {
    const bool opened = who.timed(part::sessions, [&] {
      return sessions_.try_emplace_or_visit(name, user, now + lifetime, [&](auto& each) { ++each.second.requests; });
    });
    if (opened) ++opened_;
    return opened ? 0 : 1;
  }
  void log_out(worker& who, const std::string& name) {
    std::uint64_t requests = 0;
    closed_ += who.timed(part::sessions, [&] {
      return sessions_.erase_if(name, [&](auto& each) {
        requests = each.second.requests;
        // The fault: a value behind a raw pointer that nobody deletes.
        if (leaks_) static_cast<void>(each.second.profile.release());
        return true;
      });
    });
    gone_requests_ += requests;
  }
  void sweep(std::uint64_t now) {
    std::uint64_t requests = 0;
    closed_ += sessions_.erase_if([&](const auto& each) {
      if (each.second.expires > now) return false;
      requests += each.second.requests;
      return true;
    });
    gone_requests_ += requests;
  }

  const bool leaks_;
  evac::sharded_map<std::string, session> sessions_;
  std::atomic<std::uint64_t> now_ = 1;
  std::atomic<std::uint64_t> opened_ = 0;
  std::atomic<std::uint64_t> closed_ = 0;
  std::atomic<std::uint64_t> served_ = 0;
  std::atomic<std::uint64_t> gone_requests_ = 0;
};

/// Counters by number, a few of which are hot; now and then one is read and removed.
class hits {
 public:
  static constexpr std::uint64_t pages = 4'096;

  explicit hits(fault planted) : loses_(planted == fault::lost_update) {}

  void work(worker& who, std::uint64_t calls) {
    std::uint64_t counted = 0;
    std::uint64_t drained = 0;
    for (std::uint64_t i = 0; i < calls; ++i) {
      const std::uint64_t page = who.below(who.below(pages) + 1);  // more often a low one
      const std::uint64_t dice = who.below(100);
      if (dice < 90) {
        ++counted;
        if (loses_ && who.once_in(10'000)) continue;  // the fault
        who.timed(part::hits, [&] {
          return counts_.try_emplace_or_visit(page, std::uint64_t{1}, [](auto& each) { ++each.second; });
        });
      } else if (dice < 99) {
        const auto count = who.timed(part::hits, [&] { return counts_.find(page); });
        mistakes::require(!count.has_value() || *count > 0, "a counter is there and has counted nothing");
      } else {
        who.timed(part::hits, [&] {
          return counts_.erase_if(page, [&](const auto& each) {
            drained += each.second;
            return true;
          });
        });
      }
    }
    counted_ += counted;
    drained_ += drained;
  }

  /// Nobody else is inside a call.
  void check_sums() const {
    std::uint64_t sum = drained_;
    counts_.cvisit_all([&](const auto& each) { sum += each.second; });
    mistakes::require(sum == counted_, "counters do not add up to what was counted");
  }
  [[nodiscard]] evac::map_counters counters() const { return counts_.counters(); }

 private:
  const bool loses_;
  evac::sharded_map<std::uint64_t, std::uint64_t> counts_;
  std::atomic<std::uint64_t> counted_ = 0;
  std::atomic<std::uint64_t> drained_ = 0;
};

}  // namespace service

#endif
