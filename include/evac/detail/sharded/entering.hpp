// The way into the shard of a key: with waiting for its lock or without, and with a key that was hashed before.
//
// The invariants S1 to S6 are those of sharded_state.hpp.
#ifndef EVAC_DETAIL_SHARDED_ENTERING_HPP
#define EVAC_DETAIL_SHARDED_ENTERING_HPP

#include <cstddef>
#include <memory>
#include <mutex>

#include "evac/attempt.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/face/prepared_key.hpp"
#include "evac/detail/platform/thread_annotations.hpp"
#include "evac/detail/sharded/sharded_state.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Reports a prepared key that does not belong here, under a lock that keeps the hash as it is.
template <class State, class K>
EVAC_ALWAYS_INLINE void check_prepared(const State& state, const K& key) {
  if constexpr (is_prepared_key<K>) {
    key.require_prepared_by(std::addressof(state), [&](const auto& plain) { return state.functors.hash_of(plain); });
  }
}

/// The shard of a key, locked, and the key's hash: what a call on one key holds behind its mark (S6). The mark is a
/// variable of its own and no member: its address is known elsewhere, and what shares an object with it would have to
/// lie in memory.
template <access A, class State>
class entered {
 public:
  template <class K>
  EVAC_ALWAYS_INLINE entered(const State& state, const K& key) : guard_(lock(state, key, hash_)) {
    check_prepared(state, key);
  }

  /// Whether the shard is held: always, by a call that waits for it.
  [[nodiscard]] static constexpr bool succeeded() noexcept { return true; }
  [[nodiscard]] EVAC_ALWAYS_INLINE std::size_t hash() const noexcept { return hash_; }
  [[nodiscard]] EVAC_ALWAYS_INLINE auto& table() const noexcept { return guard_.table(); }
  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE position find(const K& key) const {
    return table().find_hashed(unprepared(key), hash_);
  }

 private:
  using guard_type = shard_guard<A, typename State::shard_type>;

  // S3: the hash mutex is released when the shard is locked. A prepared key names a shard without it, which is the right
  // one if the key is used as it should: an assignment to the container has ended that.
  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE static guard_type lock(const State& state, const K& key,
                                                          std::size_t& hash) EVAC_NO_THREAD_SAFETY_ANALYSIS {
    if constexpr (is_prepared_key<K>) {
      hash = key.hash();
      return guard_type(state.shards.of_hash(hash));
    } else {
      const hash_guard unchanged(state);
      hash = state.functors.hash_of(key);
      return guard_type(state.shards.of_hash(hash));
    }
  }

  std::size_t hash_;
  guard_type guard_;
};

/// The same without waiting: the shard of a key, if it and what keeps the hash as it is could be locked at once.
template <access A, class State>
class entered_at_once {
  using shard_type = typename State::shard_type;

 public:
  template <class K>
  EVAC_ALWAYS_INLINE entered_at_once(const State& state, const K& key) : held_{try_lock(state, key, hash_)} {
    if (succeeded()) check_prepared(state, key);
  }
  entered_at_once(const entered_at_once&) = delete;
  entered_at_once& operator=(const entered_at_once&) = delete;
  ~entered_at_once() = default;

  [[nodiscard]] bool succeeded() const noexcept { return held_.shard != nullptr; }
  [[nodiscard]] EVAC_ALWAYS_INLINE std::size_t hash() const noexcept { return hash_; }
  [[nodiscard]] EVAC_ALWAYS_INLINE auto& table() const noexcept { return table_as<A>(*held_.shard); }
  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE position find(const K& key) const {
    return table().find_hashed(unprepared(key), hash_);
  }

 private:
  struct held {
    shard_type* shard;
    ~held() {
      if (shard != nullptr) unlock_as<A>(*shard);
    }
  };

  // S3: as above.
  template <class K>
  [[nodiscard]] static shard_type* try_lock(const State& state, const K& key, std::size_t& hash) {
    if constexpr (is_prepared_key<K>) {
      hash = key.hash();
      return try_lock_shard(state, hash);
    } else {
      if (!try_lock_mutex<access::shared>(state.hash_mutex)) return nullptr;
      const hash_guard unchanged(state, std::adopt_lock);
      hash = state.functors.hash_of(key);
      return try_lock_shard(state, hash);
    }
  }
  [[nodiscard]] static shard_type* try_lock_shard(const State& state, std::size_t hash) {
    shard_type& wanted = state.shards.of_hash(hash);
    return try_lock_as<A>(wanted) ? std::addressof(wanted) : nullptr;
  }

  std::size_t hash_ = 0;
  held held_;
};

/// How a call on one key comes by its shard, and what it returns then: it waits for it, or tells that it would have to.
struct waiting {
  template <access A, class State>
  using entered = detail::entered<A, State>;
  template <class Result>
  using result = Result;
};
struct at_once {
  template <access A, class State>
  using entered = entered_at_once<A, State>;
  template <class Result>
  using result = attempt<Result>;
};

/// The hash of a key: nothing is locked afterwards.
template <class State, class K>
[[nodiscard]] std::size_t hash_of_key(const State& state, call_site site, const K& key) {
  const inside_call mark(std::addressof(state), site);
  const hash_guard unchanged(state);
  check_prepared(state, key);
  if constexpr (is_prepared_key<K>) {
    return key.hash();
  } else {
    return state.functors.hash_of(key);
  }
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
