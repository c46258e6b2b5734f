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
#include "evac/load_result.hpp"

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

/// A copy of the value.
template <class State, class K>
[[nodiscard]] auto find_copy(const State& state, call_site site, const K& key) {
  std::optional<typename State::elements::mapped_type> copy;
  const auto take_copy = [&](const typename State::value_type& element) { copy.emplace(element.second); };
  visit_one<access::shared>(state, site, key, take_copy);
  return copy;
}
/// The same for a call that has looked the key up before; calls found() under the shard's lock if it is there now.
template <class State, class K, class Found>
[[nodiscard]] auto find_copy_again(const State& state, call_site site, const K& key, const Found& found) {
  std::optional<typename State::elements::mapped_type> copy;
  const auto take_copy = [&](const typename State::value_type& element) {
    found();
    copy.emplace(element.second);
  };
  no_lookup_counts uncounted;
  visit_counting<access::shared>(state, site, key, take_copy, uncounted);
  return copy;
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

/// One call of load_or_compute() or get_or_compute(): a container, its single flights, and the factory.
template <class State, class Factory>
class computation {
  using element = typename State::value_type;
  using key_type = typename State::policy::key_type;
  using mapped_type = typename State::elements::mapped_type;
  static_assert(
      makes_value_by<Factory&, mapped_type>(),
      "evac: the factory takes no arguments, and returns what a value can be made of, or a std::optional of a "
      "value, which is empty if it declines");

 public:
  using flights_type = single_flight<key_type, mapped_type>;
  using value_type = computed_by<Factory&, mapped_type>;
  using result_type = load_result<value_type>;

  computation(State& state, call_site site, flights_type& flights, Factory& factory)
      : state_(state), site_(site), flights_(flights), factory_(factory) {}

  /// The value of the key, or what the factory returns, which is also inserted unless the factory declines.
  template <class K>
  [[nodiscard]] result_type run(K&& key, compute_mode mode) const {
    if (std::optional<mapped_type> found = find_copy(state_, site_, std::as_const(key)))
      return {*std::move(found), true};
    switch (mode) {
      case compute_mode::under_lock:
        return compute_under_lock(std::forward<K>(key));
      case compute_mode::single_flight:
        return compute_once(std::forward<K>(key));
      case compute_mode::optimistic:
        break;
    }
    bool inserted = false;
    value_type value = compute_and_insert(std::forward<K>(key), [] {}, inserted);
    return told(std::move(value), inserted);
  }

 private:
  static constexpr bool may_decline = detail::may_decline<Factory&, mapped_type>();

  // Where a factory has declined, nothing was loaded.
  [[nodiscard]] static result_type told(value_type&& value, bool inserted) {
    if constexpr (may_decline) {
      const bool loaded = value.has_value() && !inserted;
      return {std::move(value), loaded};
    } else {
      return {std::move(value), !inserted};
    }
  }
  template <class K>
  [[nodiscard]] result_type compute_under_lock(K&& key) const {
    const inside_call mark(std::addressof(state_), site_);
    const entered<access::exclusive, State> in(state_, std::as_const(key));
    auto& table = in.table();
    const auto chain = table.chain_of(in.hash());
    if (const position found = table.find_in(chain, std::as_const(key), in.hash()); found.where != nullptr)
      return {State::table_type::element(found).second, true};
    const auto place = [&](const auto& make) -> result_type {
      const position made = table.place_in(chain, in.hash(), [&](void* slot) {
        State::slot_ops::construct(state_.functors.allocator, slot, std::forward<K>(key), make());
      });
      return {State::table_type::element(made).second, false};
    };
    if constexpr (may_decline) {
      std::optional<mapped_type> computed = factory_();
      if (!computed.has_value()) return {std::nullopt, false};
      return place([&]() -> mapped_type&& { return *std::move(computed); });
    } else {
      return place([&]() -> decltype(auto) { return factory_(); });
    }
  }
  // Flights are compared by their keys, so what is looked up becomes one here.
  template <class K>
  [[nodiscard]] result_type compute_once(K&& looked_up) const {
    using held_key = std::conditional_t<std::is_same_v<std::remove_cvref_t<K>, key_type>, K&&, key_type>;
    held_key key(std::forward<K>(looked_up));
    const std::size_t hash = hash_of_key(state_, site_, std::as_const(key));
    bool inserted = false;  // by this call: if it joins a flight, it is not
    value_type value = flights_.share(key, hash, copy_equal(state_, site_), [&](auto& flight) -> value_type {
      const auto settle = [&] { flight.settle(); };
      // Another flight may have landed since the look-up.
      if (std::optional<mapped_type> found = find_copy_again(state_, site_, std::as_const(key), settle)) {
        return *std::move(found);
      }
      return compute_and_insert(std::forward<held_key>(key), settle, inserted);
    });
    return told(std::move(value), inserted);
  }
  // The value that the factory makes or, if another thread was faster, what is there.
  template <class K, class Settle>
  [[nodiscard]] value_type compute_and_insert(K&& key, const Settle& settle, bool& inserted) const {
    if constexpr (may_decline) {
      std::optional<mapped_type> computed = factory_();
      if (!computed.has_value()) return std::nullopt;
      return insert_computed(std::forward<K>(key), *std::move(computed), settle, inserted);
    } else {
      return insert_computed(std::forward<K>(key), mapped_type(factory_()), settle, inserted);
    }
  }
  // Calls settle() under the shard's lock, before the key is moved from.
  template <class K, class Settle>
  [[nodiscard]] mapped_type insert_computed(K&& key, mapped_type&& computed, const Settle& settle,
                                            bool& inserted) const {
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
    inserted = place_one(state_, site_, std::as_const(key), construct, take_new, take_existing);
    return *std::move(result);
  }

  State& state_;
  call_site site_;
  flights_type& flights_;
  Factory& factory_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
