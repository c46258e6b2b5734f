// Values of a cache that a factory makes where there is none: one thread at a time for a key, and what the others do
// meanwhile.
#ifndef EVAC_DETAIL_CACHE_CACHE_COMPUTE_HPP
#define EVAC_DETAIL_CACHE_CACHE_COMPUTE_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "evac/detail/cache/cache_verbs.hpp"
#include "evac/detail/cache/load_counts.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/sharded/single_flight.hpp"
#include "evac/load_result.hpp"

namespace evac::inline EVAC_ABI {

/// Modes of load_or_compute() and get_or_compute() of a cache, for the time in which another thread computes the value
/// of the key. This one: wait for it.
struct wait_while_computing_t {};
inline constexpr wait_while_computing_t wait_while_computing{};
/// Return nothing at once.
struct skip_while_computing_t {};
inline constexpr skip_while_computing_t skip_while_computing{};
/// Return the value that there was: one whose time_to_refresh is over is computed anew by one thread, while it stays
/// for the others. Where there is none, they wait.
struct stale_while_computing_t {};
inline constexpr stale_while_computing_t stale_while_computing{};

namespace detail {

/// Whether this is one of the modes above; nothing is stale without a clock.
template <class Mode, bool Timed>
inline constexpr bool is_load_mode =
    std::is_same_v<Mode, wait_while_computing_t> || std::is_same_v<Mode, skip_while_computing_t> ||
    (Timed && std::is_same_v<Mode, stale_while_computing_t>);

/// One call of load_or_compute(): a cache, its single flights, and the factory.
template <class State, class Factory>
class cache_load {
  using T = typename State::mapped_type;
  using key_type = typename State::policy::key_type;
  using element = typename State::value_type;
  using terms_type = typename State::terms_type;
  /// The result of a flight: nothing if the factory has declined.
  using made = std::optional<T>;
  static constexpr bool declines = may_decline<Factory&, T>();

 public:
  using flights_type = single_flight<key_type, made>;
  struct answer {
    std::optional<T> value;
    bool loaded;
  };

  cache_load(State& state, call_site site, flights_type& flights, Factory& factory, const terms_type& terms)
      : state_(state), site_(site), flights_(flights), factory_(factory), terms_(terms) {}

  /// The key is looked up as it is; a key is made of it, or it is moved, where that finds nothing fresh.
  template <class K>
  [[nodiscard]] answer run(K&& key, wait_while_computing_t) const {
    made found;
    if (find(key, [&](const element& present) { found.emplace(present.second.value); })) {
      return {std::move(found), true};
    }
    held_key<K> held(std::forward<K>(key));
    return wait<held_key<K>>(held);
  }
  template <class K>
  [[nodiscard]] answer run(K&& key, skip_while_computing_t) const {
    made found;
    if (find(key, [&](const element& present) { found.emplace(present.second.value); })) {
      return {std::move(found), true};
    }
    held_key<K> held(std::forward<K>(key));
    bool computed = false;
    std::optional<made> landed = flights_.share_unless_busy(
        held, hash_of(held), state_.functors.equal,
        [&](auto& flight) { return lead(std::forward<held_key<K>>(held), flight, computed); });
    if (!landed.has_value()) return {std::nullopt, false};
    const bool loaded = landed->has_value() && !computed;
    return {*std::move(landed), loaded};
  }
  template <class K>
  [[nodiscard]] answer run(K&& key, stale_while_computing_t) const {
    made found;
    bool stale = false;
    const auto take = [&](const element& present) {
      found.emplace(present.second.value);
      stale = is_stale(present);
    };
    const bool is_there = find(key, take);
    if (is_there && !stale) return {std::move(found), true};
    held_key<K> held(std::forward<K>(key));
    if (!is_there) return wait<held_key<K>>(held);
    bool computed = false;
    std::optional<made> landed = flights_.share_unless_busy(
        held, hash_of(held), state_.functors.equal,
        [&](auto& flight) { return refresh(std::forward<held_key<K>>(held), flight, computed); });
    if (!landed.has_value() || !landed->has_value()) return {std::move(found), true};
    return {*std::move(landed), !computed};
  }

 private:
  /// Flights are compared by their keys: what stands for a key becomes one, and a key stays where it is.
  template <class K>
  using held_key = std::conditional_t<std::is_same_v<std::remove_cvref_t<K>, key_type>, K&&, key_type>;

  [[nodiscard]] std::size_t hash_of(const key_type& key) const { return state_.functors.hash_of(key); }
  [[nodiscard]] static bool is_stale(const element& present) { return present.second.life.is_stale(State::now()); }
  template <class K, class F>
  [[nodiscard]] bool find(const K& key, const F& take) const {
    return look_up<request::yes>(state_, site_, key, take);
  }

  template <class Held>
  [[nodiscard]] answer wait(std::remove_reference_t<Held>& key) const {
    for (;;) {
      bool computed = false;
      made value = flights_.share(key, hash_of(key), state_.functors.equal,
                                  [&](auto& flight) { return lead(std::forward<Held>(key), flight, computed); });
      // A factory that never declines takes the place of one that has.
      if (!declines && !value.has_value()) continue;
      const bool loaded = value.has_value() && !computed;
      return {std::move(value), loaded};
    }
  }

  /// The work of a flight's leader: what there is by now, for another flight may have landed since the look-up, or what
  /// the factory makes, which is put in; or what is there by then, if put() was faster.
  template <class K, class Flight>
  [[nodiscard]] made lead(K&& key, Flight& flight, bool& computed) const {
    made result;
    const auto settle = [&] { flight.settle(); };
    const auto take_copy = [&](const element& present) { result.emplace(present.second.value); };
    const auto settle_and_take = [&](const element& present) {
      settle();
      take_copy(present);
    };
    if (look_up<request::of_leader>(state_, site_, std::as_const(key), settle_and_take)) return result;
    made fresh = make();
    if (!fresh.has_value()) return fresh;
    computed =
        put_if_absent_element(state_, site_, terms_, settle, take_copy, std::forward<K>(key), std::as_const(*fresh));
    return computed ? std::move(fresh) : std::move(result);
  }
  /// The same where there is a value that is stale: it stays until another one takes its place, and also if the factory
  /// declines.
  template <class K, class Flight>
  [[nodiscard]] made refresh(K&& key, Flight& flight, bool& computed) const {
    made result;
    const auto settle = [&] { flight.settle(); };
    // The stale element is known by the moment at which it became stale.
    std::optional<std::int64_t> stale_since;
    const auto take = [&](const element& present) {
      settle();
      result.emplace(present.second.value);
    };
    look_up<request::of_leader>(state_, site_, std::as_const(key), [&](const element& present) {
      if (is_stale(present)) {
        stale_since = present.second.life.stale_since();
      } else {
        take(present);
      }
    });
    if (result.has_value()) return result;
    const auto take_if_put_meanwhile = [&](const element& present) {
      if (stale_since == present.second.life.stale_since()) return false;
      take(present);
      return true;
    };
    made fresh = make();
    if (!fresh.has_value()) return fresh;
    detached_of<State> built(state_.functors.allocator);
    build(built, std::forward<K>(key), *fresh, settle);
    put_element(state_, site_, built, terms_, settle, take_if_put_meanwhile);
    computed = !result.has_value();
    return computed ? std::move(fresh) : std::move(result);
  }
  /// A key is copied, and stays whole for those that compare it to join. One that can only be moved is settled first: a
  /// caller that finds the stale value until the fresh one is in begins with a flight of its own.
  template <class K, class Settle>
  static void build(detached_of<State>& built, K&& key, const T& value, const Settle& settle) {
    const auto build_with = [&](auto&& kept) {
      built.construct(std::piecewise_construct, std::forward_as_tuple(std::forward<decltype(kept)>(kept)),
                      std::forward_as_tuple(std::in_place, value));
    };
    if constexpr (std::is_copy_constructible_v<key_type>) {
      build_with(std::as_const(key));
    } else {
      settle();
      build_with(std::forward<K>(key));
    }
  }

  /// Returns the result of the factory; counts it, and how long it took.
  [[nodiscard]] made make() const {
    load_measured load(state_.loads);
    made result = [&] {
      if constexpr (declines) {
        return made(factory_());
      } else {
        return made(std::in_place, factory_());
      }
    }();
    if (result.has_value()) load.gave_a_value();
    return result;
  }

  State& state_;
  call_site site_;
  flights_type& flights_;
  Factory& factory_;
  const terms_type& terms_;
};

}  // namespace detail
}  // namespace evac::inline EVAC_ABI

#endif
