// evac::sync_set: the keys of a sync_map without values. See sync_map.hpp for what is promised.
#ifndef EVAC_SYNC_SET_HPP
#define EVAC_SYNC_SET_HPP

#include <cstddef>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/lockfree/sync_container.hpp"
#include "evac/fwd.hpp"
#include "evac/hash.hpp"
#include "evac/set.hpp"

namespace evac::inline EVAC_ABI {

template <class Key, class Hash, class KeyEqual, class Allocator, storage Storage>
class sync_set
    : public detail::sync_container<detail::policy<detail::set_elements<Key>, Hash, KeyEqual, Allocator>, Storage> {
  using policy = detail::policy<detail::set_elements<Key>, Hash, KeyEqual, Allocator>;
  using base = detail::sync_container<policy, Storage>;
  using typename base::fresh_element;
  using typename base::held;
  using typename base::storage_type;

  template <class K>
  static constexpr bool makes_key = detail::makes_key<K, policy>;

 public:
  using base::base;
  using typename base::key_type;
  using typename base::size_type;

  /// Adds a key; false if it is there already.
  bool insert(const key_type& key) { return insert_key(key); }
  bool insert(key_type&& key) { return insert_key(std::move(key)); }
  /// Adds each key by itself, fetching them ahead. Returns how many were new.
  template <std::ranges::forward_range Keys>
    requires makes_key<std::ranges::range_reference_t<const Keys>>
  size_type insert_many(const Keys& keys) {
    size_type added = 0;
    this->write_bulks(
        keys, [&](const auto& key) { return this->table_.hash_of(detail::as_lookup_key<policy>(key)); },
        [&](const auto& key, size_type hash) {
          added += insert_hashed(hash, detail::as_lookup_key<policy>(key)) ? 1U : 0U;
        });
    return added;
  }
  /// How many of the keys are there, fetching them ahead.
  template <std::ranges::forward_range Keys>
    requires detail::stands_for_key<std::ranges::range_reference_t<const Keys>, policy>
  [[nodiscard]] size_type count_many(const Keys& keys) const {
    size_type found = 0;
    this->read_bulks(keys, [&](const auto& key, size_type hash, detail::epoch_record& own) {
      found += this->table_.find(own, detail::as_lookup_key<policy>(key), hash, [](const held&) {}) ? 1U : 0U;
    });
    return found;
  }

  /// Calls f(const Key&) for keys until it returns false: see sync_map::range().
  template <class F>
    requires std::is_invocable_r_v<bool, F&, const Key&>
  bool range(F&& f) const {
    return this->table_.for_each([&](const held& element) {
      const auto& key = storage_type::key(element);
      return static_cast<bool>(f(key));
    });
  }
  /// A set of one owner with what range() visits. Copies each key once, as long as no others come meanwhile.
  [[nodiscard]] set<Key, Hash, KeyEqual, Allocator> snapshot() const {
    set<Key, Hash, KeyEqual, Allocator> copy(this->size(), this->hash_function(), this->key_eq(),
                                             this->get_allocator());
    range([&](const Key& key) {
      copy.insert(key);
      return true;
    });
    return copy;
  }

 private:
  template <class K>
  bool insert_key(K&& key) {
    const size_type hash = this->table_.hash_of(key);
    return insert_hashed(hash, std::forward<K>(key));
  }
  template <class K>
  bool insert_hashed(size_type hash, K&& key) {
    const detail::write_call call(this->table_.core(), 0);
    if (this->table_.find(call.own, key, hash, [](const held&) {}))
      return false;  // without a lock, and nothing is built
    fresh_element fresh(this->table_, hash, std::forward<K>(key));
    return !this->table_.put_absent(call.own, fresh, hash).has_value();
  }
};

}  // namespace evac::inline EVAC_ABI

#endif
