// Verbs of sync maps and sets with prepared keys, and on elements drawn at random. The public headers document them.
#ifndef EVAC_DETAIL_FACE_SYNC_CONTAINER_HPP
#define EVAC_DETAIL_FACE_SYNC_CONTAINER_HPP

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/face/foreign_key.hpp"
#include "evac/detail/face/prepared_key.hpp"
#include "evac/detail/lockfree/sampling.hpp"
#include "evac/detail/lockfree/verbs.hpp"
#include "evac/detail/lockfree/walk.hpp"
#include "evac/detail/table/table_access.hpp"
#include "evac/scan_cursor.hpp"

namespace evac::inline EVAC_ABI::detail {

/// A pair, or what looks like one, that a key and a value can be made of.
template <class Pair, class Policy>
concept makes_pair = requires(const std::remove_reference_t<Pair>& pair) {
  requires makes_key<decltype((pair.first)), Policy>;
  requires std::is_constructible_v<typename Policy::elements::mapped_type, decltype((pair.second))>;
};

/// Container is a sync_map or a sync_set, which has this for a base without members.
template <class Container, class Policy>
class sync_container {
 protected:
  using key_type = typename Policy::key_type;
  template <class K>
  using key_arg = detail::key_arg<K, Policy>;

 public:
  [[nodiscard]] auto prepare(const key_type& key EVAC_LIFETIME_BOUND) const { return prepare_as(key); }
  template <prepared_from<Policy> K = key_type>
  [[nodiscard]] auto prepare(key_arg<K>&& key) const {
    return prepare_as(std::forward<key_arg<K>>(key));
  }
  template <stands_for_key<Policy> K = key_type>
  EVAC_ALWAYS_INLINE void prefetch(const key_arg<K>& key) const {
    verbs::prefetch(table(), as_lookup_key<Policy>(key));
  }
  template <class K>
  EVAC_ALWAYS_INLINE void prefetch(const prepared_key<Container, K>& key) const {
    verbs::prefetch(table(), key);
  }
  template <class K>
  [[nodiscard]] bool contains(const prepared_key<Container, K>& key) const {
    return verbs::find(table(), key, [](const auto&) {});
  }
  template <class K>
  bool erase(const prepared_key<Container, K>& key) {
    return verbs::erase(table(), key);
  }

 protected:
  sync_container() = default;
  sync_container(const sync_container&) = delete;
  sync_container& operator=(const sync_container&) = delete;
  ~sync_container() = default;

  [[nodiscard]] auto& table() noexcept { return table_access::of(static_cast<Container&>(*this)); }
  [[nodiscard]] const auto& table() const noexcept { return table_access::of(static_cast<const Container&>(*this)); }

 private:
  template <class K>
  [[nodiscard]] auto prepare_as(K&& key) const {
    return prepare_key<Container, Policy>(std::forward<K>(key), std::addressof(table()),
                                          [&](const auto& plain) { return table().hash_of(plain); });
  }
};

/// The same for maps, with what is done with values.
template <class Container, class Policy>
class sync_values : public sync_container<Container, Policy> {
  using mapped_type = typename Policy::elements::mapped_type;

 public:
  template <class K>
  [[nodiscard]] std::optional<mapped_type> load(const prepared_key<Container, K>& key) const {
    return verbs::load<mapped_type>(this->table(), key);
  }
  template <class K, std::invocable<const mapped_type&> F>
  bool load(const prepared_key<Container, K>& key, F&& f) const {
    return verbs::find(this->table(), key, [&](const auto& element) {
      verbs::show_value<typename std::remove_cvref_t<decltype(this->table())>::storage>(element, f);
    });
  }
  template <class K>
  std::optional<mapped_type> load_and_delete(const prepared_key<Container, K>& key) {
    return verbs::load_and_delete<mapped_type>(this->table(), key);
  }
  template <class K>
  bool compare_and_delete(const prepared_key<Container, K>& key, const mapped_type& expected) {
    return verbs::compare_and_delete(this->table(), key, expected);
  }
  template <class K, std::predicate<const mapped_type&> Predicate>
  bool erase_if(const prepared_key<Container, K>& key, Predicate&& predicate) {
    return verbs::erase_if(this->table(), key, predicate);
  }
  template <bit_generator Generator, std::invocable<const typename Policy::key_type&, const mapped_type&> F>
  std::size_t sample(Generator&& generator, std::size_t n, F&& f) const {
    return verbs::sample(this->table(), generator, n, shows_pair(f));
  }
  template <std::invocable<const typename Policy::key_type&, const mapped_type&> F>
  [[nodiscard]] scan_cursor scan(scan_cursor from, std::size_t budget, F&& f) const {
    return scan_elements(this->table(), from, budget, shows_pair(f));
  }
  [[nodiscard]] auto pop_any() {
    using popped = std::pair<typename Policy::key_type, mapped_type>;
    return verbs::pop_any(this->table(), [&](typename Policy::key_type&& key) -> std::optional<popped> {
      auto value = verbs::load_and_delete<mapped_type>(this->table(), key);
      if (!value.has_value()) return std::nullopt;
      return std::optional<popped>(std::in_place, std::move(key), *std::move(value));
    });
  }

 private:
  // f(key, value), as a function of what a slot has.
  template <class F>
  [[nodiscard]] auto shows_pair(F& f) const {
    using storage = typename std::remove_cvref_t<decltype(this->table())>::storage;
    return [&f](const auto& element) {
      const auto& key = storage::key(element);
      const auto& value = storage::value(element);
      f(key, value);
    };
  }
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
