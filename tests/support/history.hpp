// Histories of maps: what each call got and returned, and when it began and ended.
//
// Keys and values are small numbers; 0 as a value is "absent". A history is complete: every call has returned.
#ifndef EVAC_TESTS_SUPPORT_HISTORY_HPP
#define EVAC_TESTS_SUPPORT_HISTORY_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <ostream>
#include <vector>

namespace evac_test {

/// Stands in a history for a value that is no number's: nothing explains it.
inline constexpr std::uint32_t torn = 0xFFFFFFFFU;

enum class verb : std::uint8_t {
  load,                // found: the value, 0 if absent; flag: only that it was there is known
  store,               // put; flag: the key was new
  store_unseen,        // put; whether the key was new is not known
  load_or_store,       // put, found, flag: loaded
  load_and_delete,     // found
  erase,               // flag: the key was there
  erase_unseen,        // whether the key was there is not known
  swap,                // put, found
  compare_and_swap,    // put, expected, flag: done
  compare_and_delete,  // expected, flag: done
  update,     // found: what the function saw last, put: what it made of it (0: nothing); flag: and update() said so
  clear,      // of all keys
  visit_two,  // both keys; flag: both were there; found and other_found: what the function saw, put and other_put: what it
              // made of them. Not one key's call: check_whole() only
};

/// One call. `invoked` and `responded` are different for all events of a history.
struct call {
  verb what = verb::load;
  bool flag = false;
  std::uint32_t key = 0;
  std::uint32_t put = 0;
  std::uint32_t expected = 0;
  std::uint32_t found = 0;
  std::uint32_t other_key = 0;
  std::uint32_t other_put = 0;
  std::uint32_t other_found = 0;
  std::uint64_t invoked = 0;
  std::uint64_t responded = 0;
};

/// The value of a key after the call if it had `before`; nothing if the call cannot have returned then as it did.
[[nodiscard]] inline std::optional<std::uint32_t> after(const call& made, std::uint32_t before) {
  const auto when = [](bool possible, std::uint32_t state) {
    return possible ? std::optional<std::uint32_t>(state) : std::nullopt;
  };
  const bool there = before != 0;
  const bool equal = there && before == made.expected;
  switch (made.what) {
    case verb::load:
      return when(made.flag ? there : made.found == before, before);
    case verb::store:
      return when(made.flag == !there, made.put);
    case verb::store_unseen:
      return made.put;
    case verb::load_or_store:
      return there ? when(made.flag && made.found == before, before)
                   : when(!made.flag && made.found == made.put, made.put);
    case verb::load_and_delete:
      return when(made.found == before, 0);
    case verb::erase:
      return when(made.flag == there, 0);
    case verb::swap:
      return when(made.found == before, made.put);
    case verb::compare_and_swap:
      return when(made.flag == equal, equal ? made.put : before);
    case verb::compare_and_delete:
      return when(made.flag == equal, equal ? 0 : before);
    case verb::update:
      return when(made.flag && made.found == before, made.put);
    case verb::erase_unseen:
    case verb::clear:
      return 0;
    case verb::visit_two:
      break;
  }
  return std::nullopt;
}

/// Whether a call that returned what this one did leaves every state as it is.
[[nodiscard]] inline bool only_looked(const call& made) {
  switch (made.what) {
    case verb::load:
      return true;
    case verb::load_or_store:
      return made.flag;
    case verb::load_and_delete:
      return made.found == 0;
    case verb::erase:
    case verb::compare_and_swap:
    case verb::compare_and_delete:
      return !made.flag;
    case verb::update:
      return made.found == made.put;
    case verb::visit_two:
      return !made.flag || (made.found == made.put && made.other_found == made.other_put);
    default:
      return false;
  }
}

inline std::ostream& operator<<(std::ostream& out, const call& made) {
  static constexpr const char* names[] = {
      "load",   "store",          "store (unseen)", "load_or_store",    "load_and_delete",
      "erase",  "erase (unseen)", "swap",           "compare_and_swap", "compare_and_delete",
      "update", "clear",          "visit_two"};
  return out << '[' << made.invoked << ", " << made.responded << "] " << names[static_cast<unsigned>(made.what)]
             << " key " << made.key << " put " << made.put << " expected " << made.expected << " found " << made.found
             << (made.flag ? " true" : " false") << " other key " << made.other_key << " put " << made.other_put
             << " found " << made.other_found;
}

using history = std::vector<call>;

/// The clock of one history: all threads take their stamps from it, so that one call comes before another if its
/// responded is less than the other's invoked.
class stamps {
 public:
  [[nodiscard]] std::uint64_t next() noexcept { return now_.fetch_add(1, std::memory_order_seq_cst); }

 private:
  std::atomic<std::uint64_t> now_{1};
};

/// The record of one thread: a buffer of its own, so that recording orders the calls only by the stamps.
class recorder {
 public:
  explicit recorder(stamps& clock) : clock_(&clock) {}

  /// Runs made(call&), which is to do the call and to fill in what it returned, between two stamps.
  template <class Made>
  void record(call begun, const Made& made) {
    begun.invoked = clock_->next();
    made(begun);
    begun.responded = clock_->next();
    calls_.push_back(begun);
  }
  /// The same for a call that stands for several, each of them at a moment of its own: fill(calls) appends them.
  template <class Made>
  void record_many(const Made& made) {
    history several;
    const std::uint64_t invoked = clock_->next();
    made(several);
    const std::uint64_t responded = clock_->next();
    for (call& each : several) {
      each.invoked = invoked;
      each.responded = responded;
      calls_.push_back(each);
    }
  }

  [[nodiscard]] const history& calls() const noexcept { return calls_; }
  void clear() noexcept { calls_.clear(); }

 private:
  stamps* clock_;
  history calls_;
};

/// The calls of all recorders.
[[nodiscard]] inline history joined(const std::vector<recorder>& recorders) {
  history all;
  for (const recorder& each : recorders) all.insert(all.end(), each.calls().begin(), each.calls().end());
  return all;
}

/// The part of a history that is about one key; a clear() is an erasure of it.
[[nodiscard]] inline history of_key(const history& all, std::uint32_t key) {
  history some;
  std::copy_if(all.begin(), all.end(), std::back_inserter(some),
               [&](const call& each) { return each.what == verb::clear || each.key == key; });
  return some;
}

}  // namespace evac_test

#endif
