// What the commands know of a map: a store of entries by key. Behind it is one of evac's maps, or one of the
// standard's.
#ifndef EVAC_EXAMPLES_CACHE_SERVER_STORE_HPP
#define EVAC_EXAMPLES_CACHE_SERVER_STORE_HPP

#include <absl/functional/function_ref.h>

#include <cstddef>
#include <cstdint>
#include <evac/counters.hpp>
#include <evac/openmetrics.hpp>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

namespace cache_server {

/// Milliseconds of a clock that never goes back.
using time_ms = std::int64_t;
inline constexpr time_ms never = std::numeric_limits<time_ms>::max();

struct entry {
  std::string data;
  time_ms deadline = never;

  [[nodiscard]] bool is_live(time_ms now) const { return now < deadline; }
};

/// What is to become of an entry.
enum class verdict { keep, put, erase };

using show_entry = absl::FunctionRef<void(const entry&)>;
using show_element = absl::FunctionRef<void(std::string_view, const entry&)>;
using judge_entry = absl::FunctionRef<bool(const entry&)>;
using decide_entry = absl::FunctionRef<verdict(entry& it, bool found)>;

/// Any thread may call anything. Functions that are passed in run inside the map, some of them under a lock: they are
/// short and call no store, and no coroutine is suspended in them.
///
/// An entry whose deadline is over is still there, for show() and decide() to judge, until it is swept or replaced.
class store {
 public:
  virtual ~store() = default;

  /// Calls show with the entry of a key; returns whether there is one.
  virtual bool read(std::string_view key, show_entry show) const = 0;
  virtual void put(std::string_view key, entry fresh) = 0;
  /// Atomic read-modify-write: decide(it, found) is called with the entry of a key, or with an empty one. `put` stores
  /// what it has made of `it`; `keep` says that it has not changed it. It may be called again when another thread was
  /// faster.
  virtual void update(std::string_view key, decide_entry decide) = 0;
  /// Erases a key if condition(it) is true of its entry; returns whether it did. It may be called again, as decide().
  virtual bool erase_if(std::string_view key, judge_entry condition) = 0;
  virtual void clear() = 0;
  [[nodiscard]] virtual std::size_t size() const = 0;

  /// Shows about `count` entries, which come next behind a cursor, and returns the cursor for the next call; the first
  /// is 0, and 0 is the end. Over all calls each key that is there throughout is shown exactly once, others at most
  /// once, however the map grows meanwhile.
  virtual std::uint64_t scan(std::uint64_t cursor, std::size_t count, show_element show) const = 0;
  /// Where the sweep of expired entries goes on: as scan(), but keys may be shown again.
  virtual std::uint64_t walk(std::uint64_t cursor, std::size_t count, show_element show) const {
    return scan(cursor, count, show);
  }

  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual evac::map_counters counters() const = 0;
  virtual void add_to(evac::metrics_page& page) const { page.add(name(), counters()); }
  /// Walks all buckets.
  [[nodiscard]] virtual std::string stats_text() const = 0;
  [[nodiscard]] virtual std::string stats_json() const = 0;
  [[nodiscard]] virtual std::string locks() const = 0;
};

/// sync, sharded, std, or cache, which holds so many bytes; throws std::invalid_argument for another name.
[[nodiscard]] std::unique_ptr<store> make_store(std::string_view name, std::size_t most_bytes);

}  // namespace cache_server

#endif
