// Operations on the value of one key: a copy of it, its assignment, and its computation where it is missing.
#ifndef EVAC_DETAIL_SHARDED_COMPUTE_HPP
#define EVAC_DETAIL_SHARDED_COMPUTE_HPP

#include <cstddef>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/sharded/keyed.hpp"
#include "evac/detail/sharded/single_flight.hpp"
#include "evac/detail/sharded/visitors.hpp"
#include "evac/fwd.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Inserts T(args...) under a key that is absent, and visits it, or else visits what is there.
template <class Entry = waiting, class State, class K, class OnNew, class OnExisting, class... Args>
typename Entry::template result<bool> try_place(State& state, call_site site, K&& key, const OnNew& on_new,
                                                const OnExisting& on_existing, Args&&... args) {
  const auto construct = [&](void* slot) {
    State::slot_ops::construct(state.functors.allocator, slot, std::piecewise_construct,
                               std::forward_as_tuple(std::forward<K>(key)),
                               std::forward_as_tuple(std::forward<Args>(args)...));
  };
  return place_one<Entry>(state, site, std::as_const(key), construct, on_new, on_existing);
}

/// The same for a call whose last arguments are its visitors.
template <access A, std::size_t Visitors, class Entry = waiting, class State, class K, class... Args>
auto try_place_visiting(State& state, call_site site, K&& key, Args&&... args) {
  return with_visitors_last<A, Visitors, State>(
      [&](const auto& on_new, const auto& on_existing, auto&&... rest) {
        return try_place<Entry>(state, site, std::forward<K>(key), on_new, on_existing,
                                std::forward<decltype(rest)>(rest)...);
      },
      std::forward<Args>(args)...);
}

/// Inserts the value, or assigns it to the one that is there; returns whether it inserted.
template <class Entry = waiting, class State, class K, class M>
typename Entry::template result<bool> assign_value(State& state, call_site site, K&& key, M&& value) {
  using element = typename State::value_type;
  using mapped_type = typename State::elements::mapped_type;
  if constexpr (std::is_trivially_destructible_v<mapped_type> || !std::is_nothrow_move_constructible_v<mapped_type>) {
    const auto replace = [&](element& present) { present.second = std::forward<M>(value); };
    return try_place<Entry>(state, site, std::forward<K>(key), ignore_element, replace, std::forward<M>(value));
  } else {
    std::optional<mapped_type> replaced;  // S5
    const auto replace = [&](element& present) {
      replaced.emplace(std::move(present.second));
      EVAC_TRY { present.second = std::forward<M>(value); }
      EVAC_CATCH_ALL {
        // An assignment that fails must not cost the old value: what can be moved out without throwing moves back.
        std::destroy_at(std::addressof(present.second));
        std::construct_at(std::addressof(present.second), *std::move(replaced));
        EVAC_RETHROW;
      }
    };
    return try_place<Entry>(state, site, std::forward<K>(key), ignore_element, replace, std::forward<M>(value));
  }
}

/// A copy of the value; calls found() under the shard's lock if the key is there.
template <class State, class K, class Found>
[[nodiscard]] auto find_copy(const State& state, call_site site, const K& key, const Found& found) {
  std::optional<typename State::elements::mapped_type> copy;
  const auto take_copy = [&](const typename State::value_type& element) {
    found();
    copy.emplace(element.second);
  };
  visit_one<access::shared>(state, site, key, take_copy);
  return copy;
}
template <class State, class K>
[[nodiscard]] auto find_copy(const State& state, call_site site, const K& key) {
  return find_copy(state, site, key, [] {});
}

/// The same without waiting.
template <class State, class K>
[[nodiscard]] auto find_copy_at_once(const State& state, call_site site, const K& key) {
  using result = std::optional<typename State::elements::mapped_type>;
  result copy;
  const auto take_copy = [&](const typename State::value_type& element) { copy.emplace(element.second); };
  return visit_one<access::shared, at_once>(state, site, key, take_copy).busy() ? attempt<result>()
                                                                                : attempt<result>(std::move(copy));
}

/// One call of get_or_compute(): a container, its single flights, and the factory.
template <class State, class Factory>
class computation {
  using element = typename State::value_type;
  using key_type = typename State::policy::key_type;
  using mapped_type = typename State::elements::mapped_type;

 public:
  using flights_type = single_flight<key_type, mapped_type>;

  computation(State& state, call_site site, flights_type& flights, Factory& factory)
      : state_(state), site_(site), flights_(flights), factory_(factory) {}

  /// The value of the key, or what the factory returns, which is also inserted.
  template <class K>
  [[nodiscard]] mapped_type run(K&& key, compute_mode mode) const {
    if (std::optional<mapped_type> found = find_copy(state_, site_, std::as_const(key))) return *std::move(found);
    switch (mode) {
      case compute_mode::under_lock:
        return compute_under_lock(std::forward<K>(key));
      case compute_mode::single_flight:
        return compute_once(std::forward<K>(key));
      case compute_mode::optimistic:
        break;
    }
    return insert_computed(std::forward<K>(key), factory_(), [] {});
  }

 private:
  template <class K>
  [[nodiscard]] mapped_type compute_under_lock(K&& key) const {
    std::optional<mapped_type> result;
    const auto construct = [&](void* slot) {
      State::slot_ops::construct(state_.functors.allocator, slot, std::forward<K>(key), factory_());
    };
    const auto take_copy = [&](const element& present) { result.emplace(present.second); };
    place_one(state_, site_, std::as_const(key), construct, take_copy, take_copy);
    return *std::move(result);
  }
  // Flights are compared by their keys, so what is looked up becomes one here.
  template <class K>
  [[nodiscard]] mapped_type compute_once(K&& looked_up) const {
    using held_key = std::conditional_t<std::is_same_v<std::remove_cvref_t<K>, key_type>, K&&, key_type>;
    held_key key(std::forward<K>(looked_up));
    const std::size_t hash = hash_of_key(state_, site_, std::as_const(key));
    return flights_.share(key, hash, copy_equal(state_, site_), [&](auto& flight) {
      const auto settle = [&] { flight.settle(); };
      // Another flight may have landed since the look-up.
      if (std::optional<mapped_type> found = find_copy(state_, site_, std::as_const(key), settle)) {
        return *std::move(found);
      }
      return insert_computed(std::forward<held_key>(key), factory_(), settle);
    });
  }
  // The given value or, if another thread was faster, the one that is there. Calls settle() under the shard's lock, before
  // the key is moved from.
  template <class K, class Settle>
  [[nodiscard]] mapped_type insert_computed(K&& key, mapped_type&& computed, const Settle& settle) const {
    std::optional<mapped_type> result;
    const auto construct = [&](void* slot) {
      settle();
      State::slot_ops::construct(state_.functors.allocator, slot, std::forward<K>(key), std::move(computed));
    };
    const auto take_new = [&](const element& present) { result.emplace(present.second); };
    const auto take_existing = [&](const element& present) {
      settle();
      result.emplace(present.second);
    };
    place_one(state_, site_, std::as_const(key), construct, take_new, take_existing);
    return *std::move(result);
  }

  State& state_;
  call_site site_;
  flights_type& flights_;
  Factory& factory_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
