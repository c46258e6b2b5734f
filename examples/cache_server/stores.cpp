// The maps behind the server: evac::sync_map, evac::sharded_map, evac::cache, and for contrast std::unordered_map
// behind a lock.
#include <algorithm>
#include <evac/cache.hpp>
#include <evac/hash.hpp>
#include <evac/sharded_map.hpp>
#include <evac/sync_map.hpp>
#include <limits>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <sstream>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <vector>

#include "store.hpp"

namespace cache_server {

namespace {

template <class Printable>
std::string printed(const Printable& what) {
  std::ostringstream text;
  text << what;
  return text.str();
}

/// What all of evac's maps are asked for in the same way.
template <class Map>
class map_store : public store {
 public:
  void clear() override { map_.clear(); }
  std::size_t size() const override { return map_.size(); }
  std::uint64_t scan(std::uint64_t cursor, std::size_t count, show_element show) const override {
    return map_.scan(evac::scan_cursor(cursor), count, shown{show}).number();
  }
  std::string stats_text() const override { return printed(figures()); }
  std::string stats_json() const override { return figures().to_json(); }

 protected:
  template <class... Arguments>
  explicit map_store(const Arguments&... arguments) : map_(arguments...) {}

  Map map_;

 private:
  [[nodiscard]] auto figures() const {
    if constexpr (requires { map_.stats(); }) {
      return map_.stats();
    } else {
      return map_.counters();
    }
  }
  struct shown {
    show_element show;
    void operator()(const std::string& key, const entry& value) const { show(key, value); }
    void operator()(const std::pair<const std::string, entry>& element) const { show(element.first, element.second); }
  };
};

/// What decide() does with a copy of what a key has, as an answer to update().
[[nodiscard]] auto answers_of(decide_entry decide) {
  return [decide](std::optional<entry> found) -> evac::update_answer<entry> {
    const bool is_there = found.has_value();
    entry it = is_there ? *std::move(found) : entry();
    const verdict answer = decide(it, is_there);
    if (answer == verdict::keep) return evac::keep;
    if (answer == verdict::erase) return std::nullopt;
    return it;
  };
}

/// Readers write no shared memory. Entries are replaced as a whole.
class sync_store final : public map_store<evac::sync_map<std::string, entry>> {
 public:
  bool read(std::string_view key, show_entry show) const override { return map_.load(key, show); }
  void put(std::string_view key, entry fresh) override { map_.store(key, std::move(fresh)); }
  void update(std::string_view key, decide_entry decide) override { map_.update(key, answers_of(decide)); }
  bool erase_if(std::string_view key, judge_entry condition) override { return map_.erase_if(key, condition); }
  std::string_view name() const override { return "sync"; }
  evac::map_counters counters() const override { return map_.counters(); }
  std::string locks() const override {
    return "buckets have locks of one bit; what waits for them:\n" + printed(map_.counters());
  }
};

/// Entries are changed in place, under the lock of their shard.
class sharded_store final : public map_store<evac::sharded_map<std::string, entry>> {
 public:
  bool read(std::string_view key, show_entry show) const override {
    return map_.cvisit(key, [&](const auto& element) { show(element.second); }) != 0;
  }
  void put(std::string_view key, entry fresh) override { map_.insert_or_assign(key, std::move(fresh)); }
  void update(std::string_view key, decide_entry decide) override {
    bool is_done = false;
    const auto prepared = map_.prepare(key);
    do {
      map_.erase_if(prepared, [&](auto& element) {
        is_done = true;
        return decide(element.second, true) == verdict::erase;
      });
      if (is_done) return;
      entry fresh;
      is_done = decide(fresh, false) != verdict::put || map_.try_emplace(key, std::move(fresh));
    } while (!is_done);  // somebody else has put the key meanwhile
  }
  bool erase_if(std::string_view key, judge_entry condition) override {
    return map_.erase_if(key, [&](const auto& element) { return condition(element.second); }) != 0;
  }
  std::string_view name() const override { return "sharded"; }
  evac::map_counters counters() const override { return map_.counters(); }
  std::string locks() const override { return map_.dump_locks(); }
};

/// One lock for all; growing holds it.
class std_store final : public store {
 public:
  bool read(std::string_view key, show_entry show) const override {
    const std::shared_lock guard(mutex_);
    const auto at = map_.find(key);
    if (at == map_.end()) return false;
    show(at->second);
    return true;
  }
  void put(std::string_view key, entry fresh) override {
    const std::lock_guard guard(mutex_);
    if (const auto at = map_.find(key); at != map_.end()) {
      std::swap(at->second, fresh);
    } else {
      map_.emplace(key, std::move(fresh));
    }
  }
  void update(std::string_view key, decide_entry decide) override {
    const std::lock_guard guard(mutex_);
    const auto at = map_.find(key);
    entry absent;
    const verdict answer = decide(at != map_.end() ? at->second : absent, at != map_.end());
    if (at == map_.end()) {
      if (answer == verdict::put) map_.emplace(key, std::move(absent));
    } else if (answer == verdict::erase) {
      map_.erase(at);
    }
  }
  bool erase_if(std::string_view key, judge_entry condition) override {
    const std::lock_guard guard(mutex_);
    const auto at = map_.find(key);
    if (at == map_.end() || !condition(at->second)) return false;
    map_.erase(at);
    return true;
  }
  void clear() override {
    elements gone;  // destroyed without the lock
    const std::lock_guard guard(mutex_);
    gone.swap(map_);
  }
  std::size_t size() const override {
    const std::shared_lock guard(mutex_);
    return map_.size();
  }
  /// A rehash changes the order of everything, so a page is the elements with the next hashes, for which all have to be
  /// looked at. Pages are never so small that there were more than a few hundred.
  std::uint64_t scan(std::uint64_t cursor, std::size_t count, show_element show) const override {
    const std::shared_lock guard(mutex_);
    std::vector<std::uint64_t> hashes;
    for (const auto& element : map_) {
      if (const std::uint64_t hash = map_.hash_function()(element.first); hash >= cursor) hashes.push_back(hash);
    }
    std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
    if (const std::size_t page = std::max(count, map_.size() / 256); page < hashes.size()) {
      const auto at = hashes.begin() + static_cast<std::ptrdiff_t>(page) - 1;
      std::ranges::nth_element(hashes, at);
      last = *at;
    }
    for (const auto& [key, value] : map_) {
      if (const std::uint64_t hash = map_.hash_function()(key); cursor <= hash && hash <= last) show(key, value);
    }
    return last + 1;
  }
  std::uint64_t walk(std::uint64_t cursor, std::size_t count, show_element show) const override {
    const std::shared_lock guard(mutex_);
    const std::uint64_t end = std::min<std::uint64_t>(map_.bucket_count(), cursor + count);
    for (; cursor < end; ++cursor) {
      for (auto at = map_.begin(cursor); at != map_.end(cursor); ++at) show(at->first, at->second);
    }
    return cursor < map_.bucket_count() ? cursor : 0;
  }
  std::string_view name() const override { return "std"; }
  evac::map_counters counters() const override {
    evac::map_counters figures;
    const std::shared_lock guard(mutex_);
    figures.size = map_.size();
    figures.home_slots = map_.bucket_count();
    figures.directory_bytes = map_.bucket_count() * sizeof(void*);
    figures.node_bytes = map_.size() * (sizeof(elements::value_type) + 2 * sizeof(void*));
    return figures;
  }
  std::string stats_text() const override { return printed(counters()); }
  std::string stats_json() const override { return counters().to_json(); }
  std::string locks() const override { return "one std::shared_mutex\n"; }

 private:
  using elements = std::unordered_map<std::string, entry, evac::hash<std::string>, evac::equal_to<std::string>>;

  mutable std::shared_mutex mutex_;
  elements map_;
};

struct bytes_of_entry {
  std::size_t operator()(const std::string& key, const entry& it) const {
    return sizeof(std::pair<const std::string, entry>) + key.capacity() + it.data.capacity();
  }
};

/// Holds so many bytes; what is asked for least goes.
class cache_store final : public map_store<evac::weighed_cache<std::string, entry, bytes_of_entry>> {
 public:
  // Few shards, for an element may weigh as much as a shard holds.
  explicit cache_store(std::size_t most_bytes)
      : map_store(evac::cache_options{.capacity = most_bytes, .shard_count = 8}) {}

  bool read(std::string_view key, show_entry show) const override { return map_.get(key, show); }
  void put(std::string_view key, entry fresh) override { map_.put(key, std::move(fresh)); }
  void update(std::string_view key, decide_entry decide) override { map_.update(key, answers_of(decide)); }
  bool erase_if(std::string_view key, judge_entry condition) override {
    const auto judge = [&](const entry* it) -> evac::update_answer<entry> {
      if (it == nullptr || !condition(*it)) return evac::keep;
      return std::nullopt;
    };
    return map_.update(key, judge) == evac::update_outcome::erased;
  }
  std::string_view name() const override { return "cache"; }
  evac::map_counters counters() const override {
    evac::map_counters figures;
    figures.size = map_.size();
    figures.node_bytes = map_.weight();
    return figures;
  }
  void add_to(evac::metrics_page& page) const override { page.add(name(), map_); }
  std::string locks() const override { return "shards of a cache do not tell\n"; }
};

}  // namespace

std::unique_ptr<store> make_store(std::string_view name, std::size_t most_bytes) {
  if (name == "cache") return std::make_unique<cache_store>(most_bytes);
  if (name == "sync") return std::make_unique<sync_store>();
  if (name == "sharded") return std::make_unique<sharded_store>();
  if (name == "std") return std::make_unique<std_store>();
  throw std::invalid_argument("there is no store " + std::string(name));
}

}  // namespace cache_server
