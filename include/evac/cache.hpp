// evac::cache: a map with room for so many elements, or so much weight, for any thread. Which element goes when another
// one needs the room is decided by SIEVE (Zhang et al., NSDI 2024).
//
//   evac::cache<std::string, page> pages(10'000, [](const std::string& url, page& gone, evac::removal_cause) { ... });
//   const page shown = pages.get_or_compute(url, [&] { return render(url); });
//
//   evac::weighed_cache<std::string, page, bytes_of_page> pages({.capacity = 64 << 20});
//   evac::expiring_cache<token, user, std::chrono::steady_clock> sessions({.capacity = 10'000, .time_to_idle = 20min});
//
//   hash -> shard -> { reader-writer lock, table, order of arrival }
//
// Threads     any thread may call anything at any time, but for construction and destruction.
// Bound       the weight of all elements is at most capacity(), and one element more for each thread that is putting
//             one in; after set_capacity() has lowered it, more until later calls have evicted the rest. Without a
//             Weigher each element weighs 1. Each shard has an equal part of the capacity, and keeps no element heavier
//             than that.
// Expiry      only with a Clock: a type as std::chrono::steady_clock, whose now() does not throw. An element whose time
//             is over is never returned. It leaves when it is looked up, when the hand comes by, or when a sweep does:
//             each put and erase looks through one bucket of its shard, and sweep() through as many as you say. Until
//             then it has its place, and size() counts it.
// Hits        hold their shard shared. A hit sets a bit of its element if it is not set, and counts itself in memory of
//             its thread; nothing is moved, so that a key which all threads ask for is no bottleneck. It looks at the
//             clock if the element expires.
// Listener    is told of each element that leaves, exactly once, by the thread whose call made it leave, when that
//             holds no lock: it may use the cache. It must not throw; that ends the program. Elements that are there
//             when the cache is destroyed do not leave.
// Visitors    must not call the same cache: EVAC_ASSERT_HANDLER, as for sharded_map.
//
// Every operation, unless its comment says otherwise:
//
// Complexity  O(1) expected. The call that makes room looks at elements in their order until one was not asked for
//             since it was looked at last: at 65 of them at most for each that leaves. A heavy element makes several
//             leave, some under each lock.
// Progress    blocking, as sharded_map. Verbs of one key take effect at one moment under the lock of its shard; an
//             element may vanish at any time.
// Throws      what hash, equality, constructors, the allocator, the weigher and f throw. Then nothing has changed, but
//             that elements that had expired may have left.
#ifndef EVAC_CACHE_HPP
#define EVAC_CACHE_HPP

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>

#include "evac/counters.hpp"
#include "evac/detail/cache/cache_compute.hpp"
#include "evac/detail/cache/cache_state.hpp"
#include "evac/detail/cache/cache_traversal.hpp"
#include "evac/detail/cache/cache_update.hpp"
#include "evac/detail/cache/cache_verbs.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/face/foreign_key.hpp"
#include "evac/detail/sharded/single_flight.hpp"
#include "evac/detail/sharded/whole.hpp"
#include "evac/detail/table/table_access.hpp"
#include "evac/fwd.hpp"
#include "evac/load_result.hpp"
#include "evac/observer.hpp"
#include "evac/rw_lock.hpp"
#include "evac/scan_cursor.hpp"
#include "evac/update.hpp"

namespace evac::inline EVAC_ABI {

/// How a cache is made.
struct cache_options {
  std::size_t capacity = 0;     ///< elements, or weight
  std::size_t shard_count = 0;  ///< rounded up to a power of two; 0: as the constructor from a capacity says
};
/// The same for a cache with a clock, and how long an element stays if the call that puts it in does not say.
struct expiring_cache_options {
  std::size_t capacity = 0;
  std::size_t shard_count = 0;
  std::chrono::nanoseconds time_to_live = expiry::never;
  std::chrono::nanoseconds time_to_idle = expiry::never;
  std::chrono::nanoseconds time_to_refresh = expiry::never;
};

/// See the top of this file. Not copyable, not movable. Weigher: one_each, or a functor of (const Key&, const T&) that
/// says how much of the capacity an element takes, at least 1; called once for each element that is put in, by any
/// thread, by put_if_absent(), update() and get_or_compute() under a lock. Clock: no_clock, or a clock.
template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Weigher, class Clock>
class cache {
  using state = detail::cache_state<Key, T, Hash, KeyEqual, Allocator, Weigher, Clock, rw_lock>;
  using policy_type = typename state::policy;
  using request = detail::request;
  using location = std::source_location;
  template <class K>
  using key_arg = detail::key_arg<K, policy_type>;
  template <class Factory, class Mode>
  using value_by = std::conditional_t<std::is_same_v<Mode, skip_while_computing_t>, std::optional<T>,
                                      detail::computed_by<Factory&, T>>;
  template <class Factory, class Mode>
  static constexpr bool computes = detail::makes_value_by<Factory&, T>() && detail::is_load_mode<Mode, state::timed>;

 public:
  using key_type = Key;
  using mapped_type = T;
  using size_type = std::size_t;
  using hasher = Hash;
  using key_equal = KeyEqual;
  using allocator_type = Allocator;
  using weigher_type = Weigher;
  using clock_type = Clock;
  using options_type = std::conditional_t<state::timed, expiring_cache_options, cache_options>;
  /// Any function of (const Key&, T&, removal_cause). It may move the value away.
  using listener_type = typename state::listener_type;

  /// Room for `capacity` elements, or weight. There are as many shards as a sharded_map has, or fewer, so that each has
  /// a part of 256. Throws std::bad_alloc, std::length_error for 2^23 elements a shard and more. O(shards).
  explicit cache(size_type capacity, listener_type listener = {}, const Hash& hash = Hash(),
                 const KeyEqual& equal = KeyEqual(), const Allocator& allocator = Allocator())
      : cache(options_type{.capacity = capacity}, std::move(listener), Weigher(), hash, equal, allocator) {}
  /// The same with so many shards, rounded up to a power of two. A shard whose part of the capacity is 0 keeps nothing.
  cache(shards count, size_type capacity, listener_type listener = {}, const Hash& hash = Hash(),
        const KeyEqual& equal = KeyEqual(), const Allocator& allocator = Allocator())
      : cache(options_type{.capacity = capacity, .shard_count = (std::max)(count.count, size_type{1})},
              std::move(listener), Weigher(), hash, equal, allocator) {}
  /// The same with all that there is to say. Where elements are heavy, fewer shards let heavier ones in.
  explicit cache(const options_type& options, listener_type listener = {}, const Weigher& weigher = Weigher(),
                 const Hash& hash = Hash(), const KeyEqual& equal = KeyEqual(),
                 const Allocator& allocator = Allocator())
      : state_(options.capacity, options.shard_count != 0 ? options.shard_count : default_shards(options.capacity),
               terms_of(options), std::move(listener), weigher, hash, equal, allocator) {}
  cache(const cache&) = delete;
  cache& operator=(const cache&) = delete;
  ~cache() = default;

  /// The number of elements: a recent one. No lock. O(shards).
  [[nodiscard]] size_type size() const noexcept { return state_.size(); }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  /// The weight of all elements, in the same way.
  [[nodiscard]] size_type weight() const noexcept { return state_.weight(); }
  [[nodiscard]] size_type shard_count() const noexcept { return state_.shards.size(); }
  [[nodiscard]] size_type capacity() const noexcept {
    return state_.capacity.load(detail::relaxed);  // relaxed: a recent number
  }
  /// Another capacity, for any thread at any time. If there are more elements than that, 16 of each shard are evicted
  /// at once, and one by each later call that puts a new key into the shard, beside what it needs: no call has to evict
  /// all of them. O(shards). Throws as the constructor; then nothing has changed.
  void set_capacity(size_type capacity, location where = location::current()) {
    detail::change_capacity(state_, {"set_capacity", where}, capacity);
  }
  /// The figures of evac/counters.hpp. No lock. O(shards).
  [[nodiscard]] cache_counters counters() const noexcept { return detail::collect_cache_counters(state_); }

  /// Bytes held by the shards and the order, without what elements own elsewhere: recent, as size(). No lock.
  /// O(shards).
  [[nodiscard]] size_type memory_usage() const noexcept { return state_.memory_usage(); }
  /// Lets an observer (evac/observer.hpp) know of growth, shrinking, long waits and re-entry; null: none. Takes all
  /// locks: so it waits for the calls that hold one, and afterwards the observer before is used no more.
  void observe(observer* by, location where = location::current()) {
    detail::observe_state(state_, {"observe", where}, by);
  }
  [[nodiscard]] observer* observed_by() const noexcept { return state_.observed_by(); }

  /// A copy of the value, if the key is there: a hit.
  template <class K = Key>
    requires detail::stands_for_key<K, policy_type>
  [[nodiscard]] std::optional<T> get(const key_arg<K>& key, location where = location::current()) const {
    std::optional<T> copy;
    detail::look_up<request::yes>(state_, {"get", where}, detail::as_lookup_key<policy_type>(key),
                                  [&](const auto& element) { copy.emplace(element.second.value); });
    return copy;
  }
  /// f(const T&) under the shared lock, if the key is there; returns whether. A hit.
  template <class K = Key, class F>
    requires(detail::stands_for_key<K, policy_type> && std::is_invocable_v<F&, const T&>)
  bool get(const key_arg<K>& key, F f, location where = location::current()) const {
    return detail::look_up<request::yes>(state_, {"get", where}, detail::as_lookup_key<policy_type>(key),
                                         [&](const auto& element) { f(element.second.value); });
  }
  /// Whether the key is there. Not a hit, and not counted.
  template <class K = Key>
    requires detail::stands_for_key<K, policy_type>
  [[nodiscard]] bool contains(const key_arg<K>& key, location where = location::current()) const {
    return detail::look_up<request::no>(state_, {"contains", where}, detail::as_lookup_key<policy_type>(key),
                                        [](const auto&) {});
  }

  /// f(const Key&, const T&) for each key of a range that is there, which is a hit; returns how many are. Keys are
  /// taken 64 at a time: the shared locks of all their shards are held while their elements are fetched at once and
  /// visited in order. Not counted if f throws.
  template <std::forward_iterator It, class F>
    requires(detail::stands_for_key<std::iter_reference_t<It>, policy_type> &&
             std::is_invocable_v<F&, const Key&, const T&>)
  size_type get(It first, It last, F f, location where = location::current()) const {
    return detail::look_up_many(state_, {"get", where}, first, last, f);
  }
  /// f(const Key&, const T&) for every element; returns how many there were. Not hits. A shard at a time, held shared:
  /// no moment for all. O(size + buckets).
  template <class F>
    requires std::is_invocable_v<F&, const Key&, const T&>
  size_type for_each(F f, location where = location::current()) const {
    return detail::visit_cached(state_, {"for_each", where}, f);
  }
  /// f(const Key&, const T&) for about `budget` elements, those that come next; returns the cursor to go on with, in
  /// this thread or another, now or much later: see evac/scan_cursor.hpp. Not hits. Locks shards shared, for the time
  /// of one bucket each. O(budget + chain).
  template <class F>
    requires std::is_invocable_v<F&, const Key&, const T&>
  [[nodiscard]] scan_cursor scan(scan_cursor from, size_type budget, F f, location where = location::current()) const {
    return detail::scan_cached(state_, {"scan", where}, from, budget, f);
  }

  /// Gives the key this value; returns whether the key is new. An element that was there leaves as `replaced`, which
  /// counts as a request for the key in the order of eviction, but not as a hit. A value that is too heavy for its
  /// shard leaves at once, as `size`: then the key has none. Key and value are built, and weighed, before any lock is
  /// taken.
  template <class K = Key, class V = T>
    requires(std::is_constructible_v<Key, K &&> && std::is_constructible_v<T, V &&>)
  bool put(K&& key, V&& value, location where = location::current()) {
    return put_as(state_.usual, where, std::forward<K>(key), std::forward<V>(value));
  }
  /// The same with a time to stay of its own.
  template <class K = Key, class V = T>
    requires(state::timed && std::is_constructible_v<Key, K &&> && std::is_constructible_v<T, V &&>)
  bool put(K&& key, V&& value, const expiry& terms, location where = location::current()) {
    return put_as(terms, where, std::forward<K>(key), std::forward<V>(value));
  }
  /// The same if the key is absent; returns whether it was. If not, nothing is moved from the arguments, and the
  /// element that is there counts as asked for: in the order of eviction, and for its time to idle. Not a hit.
  template <class V = T>
    requires std::is_constructible_v<T, V&&>
  bool put_if_absent(const Key& key, V&& value, location where = location::current()) {
    return put_if_absent_as(state_.usual, where, key, std::forward<V>(value));
  }
  template <class V = T>
    requires std::is_constructible_v<T, V&&>
  bool put_if_absent(Key&& key, V&& value, location where = location::current()) {
    return put_if_absent_as(state_.usual, where, std::move(key), std::forward<V>(value));
  }
  template <class V = T>
    requires(state::timed && std::is_constructible_v<T, V &&>)
  bool put_if_absent(const Key& key, V&& value, const expiry& terms, location where = location::current()) {
    return put_if_absent_as(terms, where, key, std::forward<V>(value));
  }
  template <class V = T>
    requires(state::timed && std::is_constructible_v<T, V &&>)
  bool put_if_absent(Key&& key, V&& value, const expiry& terms, location where = location::current()) {
    return put_if_absent_as(terms, where, std::move(key), std::forward<V>(value));
  }
  /// Puts in each pair of a range of keys and values, one by one; returns how many keys are new.
  template <std::ranges::input_range R>
    requires requires(std::ranges::range_reference_t<R> each) {
      requires std::tuple_size_v<std::remove_cvref_t<decltype(each)>> == 2;
      requires std::is_constructible_v<Key, decltype(std::get<0>(std::forward<decltype(each)>(each)))>;
      requires std::is_constructible_v<T, decltype(std::get<1>(std::forward<decltype(each)>(each)))>;
    }
  size_type put_range(R&& range, location where = location::current()) {
    size_type fresh = 0;
    for (auto&& each : range) {
      using element = decltype(each);
      // Of one object twice, another part of it each time.
      fresh += put(std::get<0>(std::forward<element>(each)), std::get<1>(std::forward<element>(each)), where) ? 1U : 0U;
    }
    return fresh;
  }

  /// Asks f what the key shall have, given what it has: an atomic read-modify-write, under the exclusive lock. f is
  /// called once, with a std::optional<T>, a copy, or if it cannot take that with a const T*, to the value itself or
  /// null. It returns
  ///  - a T or std::optional<T>, where empty erases the key or leaves it absent. update() returns what f returned;
  ///  - an update_answer<T> (evac/update.hpp), which may be to keep what is there. update() returns an update_outcome.
  /// A value is put in as by put(), but an element that was there stays as long as it would have: its times to live and
  /// to refresh go on. (With terms, they begin anew with these.) Its time to idle begins anew, also if it is kept; it
  /// is not counted as a hit.
  template <class K = Key, class F>
    requires(detail::makes_key<K, policy_type> && detail::updates<F, T>())
  detail::update_result<F, T> update(const key_arg<K>& key, F f, location where = location::current()) {
    return detail::update_element(state_, {"update", where}, detail::as_lookup_key<policy_type>(key), f, nullptr);
  }
  template <class K = Key, class F>
    requires(state::timed && detail::makes_key<K, policy_type> && detail::updates<F, T>())
  detail::update_result<F, T> update(const key_arg<K>& key, F f, const expiry& terms,
                                     location where = location::current()) {
    return detail::update_element(state_, {"update", where}, detail::as_lookup_key<policy_type>(key), f, &terms);
  }

  /// The value of the key; if there is none, what factory() returns, which is also put in. The factory runs in one
  /// thread at a time for a key, with no lock held; the others wait for its result, and get its exception; or do what
  /// the mode says: evac::skip_while_computing, evac::stale_while_computing. If put() is faster, its value is returned.
  /// An object that stands for a key becomes one where there is no value, or a stale one; a key is moved from where the
  /// factory has made a value. Throws what the factory throws; then nothing has changed.
  ///
  /// A factory that returns a std::optional<T> may decline: if it is empty nothing is put in, and all get nothing. So
  /// the result is a std::optional<T> then, and also where a call may skip; else a T.
  template <class K = Key, class Factory, class Mode = wait_while_computing_t>
    requires(detail::forwarded_as_key<K, policy_type> && computes<Factory, Mode>)
  [[nodiscard]] value_by<Factory, Mode> get_or_compute(K&& key, Factory factory, Mode mode = {},
                                                       location where = location::current()) {
    return load({"get_or_compute", where}, std::forward<K>(key), factory, mode, state_.usual).value;
  }
  template <class Factory, class Mode = wait_while_computing_t>
    requires computes<Factory, Mode>
  [[nodiscard]] value_by<Factory, Mode> get_or_compute(const Key& key, Factory factory, Mode mode = {},
                                                       location where = location::current()) {
    return load({"get_or_compute", where}, key, factory, mode, state_.usual).value;
  }
  /// The same with a time to stay of its own for what is put in.
  template <class K = Key, class Factory, class Mode>
    requires(state::timed && detail::forwarded_as_key<K, policy_type> && computes<Factory, Mode>)
  [[nodiscard]] value_by<Factory, Mode> get_or_compute(K&& key, Factory factory, Mode mode, const expiry& terms,
                                                       location where = location::current()) {
    return load({"get_or_compute", where}, std::forward<K>(key), factory, mode, terms).value;
  }
  template <class Factory, class Mode>
    requires(state::timed && computes<Factory, Mode>)
  [[nodiscard]] value_by<Factory, Mode> get_or_compute(const Key& key, Factory factory, Mode mode, const expiry& terms,
                                                       location where = location::current()) {
    return load({"get_or_compute", where}, key, factory, mode, terms).value;
  }
  /// The same, and whether the value was there, or was computed by another call.
  template <class K = Key, class Factory, class Mode = wait_while_computing_t>
    requires(detail::forwarded_as_key<K, policy_type> && computes<Factory, Mode>)
  load_result<value_by<Factory, Mode>> load_or_compute(K&& key, Factory factory, Mode mode = {},
                                                       location where = location::current()) {
    return load({"load_or_compute", where}, std::forward<K>(key), factory, mode, state_.usual);
  }
  template <class Factory, class Mode = wait_while_computing_t>
    requires computes<Factory, Mode>
  load_result<value_by<Factory, Mode>> load_or_compute(const Key& key, Factory factory, Mode mode = {},
                                                       location where = location::current()) {
    return load({"load_or_compute", where}, key, factory, mode, state_.usual);
  }
  template <class K = Key, class Factory, class Mode>
    requires(state::timed && detail::forwarded_as_key<K, policy_type> && computes<Factory, Mode>)
  load_result<value_by<Factory, Mode>> load_or_compute(K&& key, Factory factory, Mode mode, const expiry& terms,
                                                       location where = location::current()) {
    return load({"load_or_compute", where}, std::forward<K>(key), factory, mode, terms);
  }
  template <class Factory, class Mode>
    requires(state::timed && computes<Factory, Mode>)
  load_result<value_by<Factory, Mode>> load_or_compute(const Key& key, Factory factory, Mode mode, const expiry& terms,
                                                       location where = location::current()) {
    return load({"load_or_compute", where}, key, factory, mode, terms);
  }

  /// Gives the element another time to stay, from now on; returns whether it is there. Not a hit.
  template <class K = Key>
    requires(state::timed && detail::stands_for_key<K, policy_type>)
  bool set_expiry(const key_arg<K>& key, const expiry& terms, location where = location::current()) {
    return detail::change_terms(state_, {"set_expiry", where}, detail::as_lookup_key<policy_type>(key), terms);
  }
  /// For how long the element stays if nobody finds it; expiry::never if it does not expire, nothing if the key is
  /// not there. Not a hit.
  template <class K = Key>
    requires(state::timed && detail::stands_for_key<K, policy_type>)
  [[nodiscard]] std::optional<std::chrono::nanoseconds> time_left(const key_arg<K>& key,
                                                                  location where = location::current()) const {
    std::optional<std::chrono::nanoseconds> left;
    detail::look_up<request::no>(state_, {"time_left", where}, detail::as_lookup_key<policy_type>(key),
                                 [&](const auto& element) { left = element.second.life.left(state::now()); });
    return left;
  }

  /// Returns 1 if the key was there, else 0.
  template <class K = Key>
    requires detail::stands_for_key<K, policy_type>
  size_type erase(const key_arg<K>& key, location where = location::current()) {
    return detail::erase_element(state_, {"erase", where}, detail::as_lookup_key<policy_type>(key));
  }
  /// Erases the elements for which predicate(const Key&, const T&) is true; returns how many. A shard at a time, held
  /// exclusively. O(size + buckets). If it throws, those before have been erased.
  template <class Predicate>
    requires std::is_invocable_r_v<bool, Predicate&, const Key&, const T&>
  size_type erase_if(Predicate predicate, location where = location::current()) {
    return detail::erase_cached_where(state_, {"erase_if", where}, predicate);
  }
  /// Lets go what has expired in the places of about so many elements, and what set_capacity() has left in the shards
  /// that it comes to; returns how many have left. For a housekeeping thread; the next call goes on where this one has
  /// stopped. O(elements + shards), the lock of a shard is held for 32 buckets at a time.
  size_type sweep(size_type elements, location where = location::current()) {
    return detail::sweep_cache(state_, {"sweep", where}, elements);
  }
  /// Erases what was there when it came to each shard, one element at a time, the oldest first. O(size).
  void clear(location where = location::current()) { detail::clear_oldest_first(state_, {"clear", where}); }

 private:
  friend struct detail::table_access;
  using call_site = detail::call_site;
  using terms_type = typename state::terms_type;

  [[nodiscard]] static terms_type terms_of(const options_type& options) noexcept {
    if constexpr (state::timed) {
      return {.time_to_live = options.time_to_live,
              .time_to_idle = options.time_to_idle,
              .time_to_refresh = options.time_to_refresh};
    } else {
      return {};
    }
  }
  template <class K, class V>
  bool put_as(const terms_type& terms, location where, K&& key, V&& value) {
    detail::detached_of<state> fresh(state_.functors.allocator);
    fresh.construct(std::piecewise_construct, std::forward_as_tuple(std::forward<K>(key)),
                    std::forward_as_tuple(std::in_place, std::forward<V>(value)));
    constexpr auto nothing = [] {};
    constexpr auto never_stays = [](const auto&) { return false; };
    return detail::put_element(state_, {"put", where}, fresh, terms, nothing, never_stays);
  }
  template <class K, class V>
  bool put_if_absent_as(const terms_type& terms, location where, K&& key, V&& value) {
    constexpr auto nothing = [](const auto&...) {};
    return detail::put_if_absent_element(state_, {"put_if_absent", where}, terms, nothing, nothing,
                                         std::forward<K>(key), std::forward<V>(value));
  }
  [[nodiscard]] static size_type default_shards(size_type capacity) noexcept {
    constexpr size_type least_part = 256;
    return (std::clamp)(std::bit_floor(capacity / least_part), size_type{1}, detail::default_shard_count());
  }

  template <class K, class Factory, class Mode>
  load_result<value_by<Factory, Mode>> load(call_site site, K&& key, Factory& factory, Mode mode,
                                            const terms_type& terms) {
    auto answer = detail::cache_load(state_, site, flights_, factory, terms)
                      .run(detail::as_written_key<policy_type>(std::forward<K>(key)), mode);
    if constexpr (std::is_same_v<value_by<Factory, Mode>, T>) {
      return {*std::move(answer.value), answer.loaded};
    } else {
      return {std::move(answer.value), answer.loaded};
    }
  }

  mutable state state_;  // a look-up may find an element that has expired
  detail::single_flight<Key, std::optional<T>> flights_;
};

}  // namespace evac::inline EVAC_ABI

#endif
