// Maps of one owner behind locks: one lock for all, or a lock for each of several shards.
#ifndef EVAC_BENCH_PEERS_LOCKED_HPP
#define EVAC_BENCH_PEERS_LOCKED_HPP

#include <absl/container/flat_hash_map.h>
#include <absl/hash/hash.h>
#include <absl/strings/string_view.h>
#include <absl/synchronization/mutex.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string_view>
#include <thread>

#include "peers/absl.hpp"
#include "peers/std.hpp"

namespace bench {

// An abseil built for C++14 has a string_view of its own.
template <class Q>
const Q& absl_lookup_key(const Q& key) {
  return key;
}
inline absl::string_view absl_lookup_key(std::string_view text) { return {text.data(), text.size()}; }

/// absl::Mutex as a SharedLockable. Debian's abseil looks for deadlocks at every lock unless told not to, which makes
/// each lock two to three times as slow: that is off here, as in abseil's own optimised builds.
class absl_shared_mutex {
 public:
  absl_shared_mutex() { absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore); }
  void lock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.Lock(); }
  void unlock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.Unlock(); }
  void lock_shared() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.ReaderLock(); }
  void unlock_shared() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.ReaderUnlock(); }

 private:
  absl::Mutex mutex_;
};

/// std::mutex with the interface of a lock that readers share.
class exclusive_mutex {
 public:
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }
  void lock_shared() { mutex_.lock(); }
  void unlock_shared() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

/// Calls of a map of one owner. The hash is the one that chose the shard; a map that can use it need not compute it
/// again.
struct std_calls {
  static constexpr const char* name = "std::unordered_map";
  template <class K, class V>
  using map = std_peer::map<K, V>;
  template <class Q>
  static std::size_t hash(const Q& key) {
    return std::hash<Q>{}(key) * 0x9E3779B97F4A7C15ULL;  // that of an integer is the integer: its top bits may be zeros
  }
  template <class Map, class Q>
  static auto find(Map& map, const Q& key, std::size_t) {
    return map.find(key);
  }
};
struct absl_calls {
  static constexpr const char* name = "absl::flat_hash_map";
  template <class K, class V>
  using map = absl::flat_hash_map<K, V>;
  template <class Q>
  static std::size_t hash(const Q& key) {
    return absl::Hash<Q>{}(key);
  }
  static std::size_t hash(std::string_view key) { return absl::Hash<absl::string_view>{}(absl_lookup_key(key)); }
  template <class Map, class Q>
  static auto find(Map& map, const Q& key, std::size_t) {
    return map.find(absl_lookup_key(key));
  }
};
/// The same, sharded: the hash is there already.
struct absl_calls_hashed : absl_calls {
  template <class Map, class Q>
  static auto find(Map& map, const Q& key, std::size_t hash) {
    return map.find(absl_lookup_key(key), hash);
  }
};

/// Shards of Calls::map behind Mutex. The shard is chosen by the hash's top bits: a Swiss table uses the low ones.
template <class K, class V, class Calls, class Mutex>
class guarded_map {
 public:
  guarded_map(std::size_t shards, std::size_t expected)
      : count_(std::bit_ceil(shards)),
        shift_(64 - std::countr_zero(count_)),
        shards_(std::make_unique<shard[]>(count_)) {
    if (expected == 0) return;
    const double mean = static_cast<double>(expected) / static_cast<double>(count_);
    const double room = count_ == 1 ? mean : mean + 5 * std::sqrt(mean);  // no shard should have to grow
    for (std::size_t i = 0; i < count_; ++i) shards_[i].map.reserve(static_cast<std::size_t>(room));
  }

  template <class Q>
  bool insert(const Q& key, const V& value) {
    const std::size_t hash = hash_of(key);
    shard& at = shard_of(hash);
    const std::unique_lock lock(at.mutex);
    if (at.map.end() != Calls::find(at.map, key, hash)) return false;
    return at.map.emplace(K(key), value).second;
  }
  template <class Q>
  bool upsert(const Q& key, const V& value) {
    return set_or_change(key, value, [&](V& there) { there = value; });
  }
  template <class Q>
  void increment(const Q& key, const V& by) {
    set_or_change(key, by, [&](V& there) { there += by; });
  }
  template <class Q>
  bool find(const Q& key, V& out) const {
    const std::size_t hash = hash_of(key);
    const shard& at = shard_of(hash);
    const std::shared_lock lock(at.mutex);
    const auto found = Calls::find(at.map, key, hash);
    if (found == at.map.end()) return false;
    out = found->second;
    return true;
  }
  template <class Q, class F>
  bool look(const Q& key, const F& f) const {
    const std::size_t hash = hash_of(key);
    const shard& at = shard_of(hash);
    const std::shared_lock lock(at.mutex);
    const auto found = Calls::find(at.map, key, hash);
    if (found == at.map.end()) return false;
    f(found->second);
    return true;
  }
  template <class Q, class F>
  bool modify(const Q& key, const F& f) {
    const std::size_t hash = hash_of(key);
    shard& at = shard_of(hash);
    const std::unique_lock lock(at.mutex);
    const auto found = Calls::find(at.map, key, hash);
    if (found == at.map.end()) return false;
    f(found->second);
    return true;
  }
  template <class Q>
  bool erase(const Q& key) {
    const std::size_t hash = hash_of(key);
    shard& at = shard_of(hash);
    const std::unique_lock lock(at.mutex);
    const auto found = Calls::find(at.map, key, hash);
    if (found == at.map.end()) return false;
    at.map.erase(found);
    return true;
  }
  [[nodiscard]] std::size_t size() const {
    std::size_t total = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      const std::shared_lock lock(shards_[i].mutex);
      total += shards_[i].map.size();
    }
    return total;
  }
  template <class F>
  void for_each(const F& f) const {
    for (std::size_t i = 0; i < count_; ++i) {
      const std::shared_lock lock(shards_[i].mutex);
      for (const auto& [key, value] : shards_[i].map) f(key, value);
    }
  }

 private:
  struct alignas(64) shard {
    mutable Mutex mutex;
    typename Calls::template map<K, V> map;
  };

  template <class Q>
  [[nodiscard]] std::size_t hash_of(const Q& key) const {
    return count_ == 1 ? 0 : Calls::hash(key);
  }
  [[nodiscard]] shard& shard_of(std::size_t hash) const { return shards_[count_ == 1 ? 0 : hash >> shift_]; }

  template <class Q, class Change>
  bool set_or_change(const Q& key, const V& value, const Change& change) {
    const std::size_t hash = hash_of(key);
    shard& at = shard_of(hash);
    const std::unique_lock lock(at.mutex);
    const auto found = Calls::find(at.map, key, hash);
    if (found != at.map.end()) {
      change(found->second);
      return false;
    }
    return at.map.emplace(K(key), value).second;
  }

  std::size_t count_;
  int shift_;
  std::unique_ptr<shard[]> shards_;
};

template <class Calls, class Mutex>
struct one_lock {
  static constexpr bool locked = true;
  template <class K, class V>
  struct map : guarded_map<K, V, Calls, Mutex> {
    explicit map(std::size_t expected = 0) : guarded_map<K, V, Calls, Mutex>(1, expected) {}
  };
};
/// As many shards as evac::sharded_map has by default.
template <class Calls, class Mutex>
struct lock_per_shard {
  static constexpr bool locked = true;
  template <class K, class V>
  struct map : guarded_map<K, V, Calls, Mutex> {
    explicit map(std::size_t expected = 0)
        : guarded_map<K, V, Calls, Mutex>(4 * std::max(1U, std::thread::hardware_concurrency()), expected) {}
  };
};

struct std_mutex_peer : one_lock<std_calls, exclusive_mutex> {
  static constexpr const char* name = "std::unordered_map + std::mutex";
};
struct std_shared_mutex_peer : one_lock<std_calls, std::shared_mutex> {
  static constexpr const char* name = "std::unordered_map + std::shared_mutex";
};
struct std_sharded_peer : lock_per_shard<std_calls, std::shared_mutex> {
  static constexpr const char* name = "std::unordered_map sharded";
};
struct absl_mutex_peer : one_lock<absl_calls, absl_shared_mutex> {
  static constexpr const char* name = "absl::flat_hash_map + absl::Mutex";
};
struct absl_sharded_peer : lock_per_shard<absl_calls_hashed, std::shared_mutex> {
  static constexpr const char* name = "absl::flat_hash_map sharded";
};
struct absl_mutex_sharded_peer : lock_per_shard<absl_calls_hashed, absl_shared_mutex> {
  static constexpr const char* name = "absl::flat_hash_map sharded + absl::Mutex";
};

}  // namespace bench

#endif
