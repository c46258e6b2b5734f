// Keys that were hashed once, to be used in several calls of the container that has prepared them.
//
//   const auto key = map.prepare(name);
//   if (!map.contains(key)) ...
//   map.erase(key);                                  // hashes nothing
//
// A prepared key is of a type of its own for each type of container. Its hash is right as long as the container keeps
// its functors and its seed: an assignment to it, a swap or a move ends that. Builds without NDEBUG notice.
#ifndef EVAC_DETAIL_FACE_PREPARED_KEY_HPP
#define EVAC_DETAIL_FACE_PREPARED_KEY_HPP

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/face/foreign_key.hpp"
#include "evac/detail/face/key_in_arguments.hpp"

namespace evac::inline EVAC_ABI::detail {

/// The container that has prepared a key: known where that is checked.
template <bool Known>
class preparer {
 public:
  explicit preparer(const void*) noexcept {}
  [[nodiscard]] static bool is(const void*) noexcept { return true; }
};
template <>
class preparer<true> {
 public:
  explicit preparer(const void* container) noexcept : container_(container) {}
  [[nodiscard]] bool is(const void* container) const noexcept { return container == container_; }

 private:
  const void* container_;
};

/// K is a reference to the key that was passed, or the type of a key that is kept here.
template <class Container, class K>
class prepared_key {
 public:
  prepared_key(K&& key, std::size_t hash, const void* by) : hash_(hash), by_(by), key_(std::forward<K>(key)) {}

  /// The key, or what stands for one.
  [[nodiscard]] const std::remove_reference_t<K>& key() const noexcept EVAC_LIFETIME_BOUND { return key_; }
  [[nodiscard]] std::size_t hash() const noexcept { return hash_; }

  /// Reports a key that another container has prepared, or this one with other functors or another seed. `rehash(key)`
  /// hashes it again, and is called only where that is checked.
  template <class Rehash>
  EVAC_ALWAYS_INLINE void require_prepared_by([[maybe_unused]] const void* container,
                                              [[maybe_unused]] const Rehash& rehash) const {
    EVAC_ASSERT(by_.is(container), "evac: key prepared by another container");
    EVAC_ASSERT(rehash(key_) == hash_,
                "evac: key prepared before an assignment, a swap or a move has changed the hash, or changed since");
  }

 private:
  std::size_t hash_;
  [[no_unique_address]] preparer<EVAC_CHECKS != 0> by_;
  K key_;
};

/// The argument that hash and equality get for a key: itself, or what was prepared.
template <class K>
[[nodiscard]] EVAC_ALWAYS_INLINE const K& unprepared(const K& key) noexcept {
  return key;
}
template <class Container, class K>
[[nodiscard]] EVAC_ALWAYS_INLINE const auto& unprepared(const prepared_key<Container, K>& key) noexcept {
  return key.key();
}

/// The hash of a key in a container with these functors: known, if the container has prepared the key.
template <class Functors, class K>
[[nodiscard]] EVAC_ALWAYS_INLINE std::size_t hash_unless_prepared(const Functors& functors,
                                                                  [[maybe_unused]] const void* container,
                                                                  const K& key) {
  if constexpr (is_prepared_key<K>) {
    key.require_prepared_by(container, [&](const auto& plain) { return functors.hash_of(plain); });
    return key.hash();
  } else {
    return functors.hash_of(key);
  }
}

/// Whether a prepared key keeps what it was made from: what is small, and what would be gone else.
template <class Given, class LookedUp>
inline constexpr bool kept_when_prepared = !std::is_lvalue_reference_v<Given> || !std::is_reference_v<LookedUp> ||
                                           (std::is_trivially_copyable_v<std::remove_reference_t<LookedUp>> &&
                                            !std::is_array_v<std::remove_reference_t<LookedUp>> &&
                                            sizeof(std::remove_reference_t<LookedUp>) <= 2 * sizeof(void*));

/// hash_of(key) is the hash of what is looked up.
template <class Container, class Policy, class K, class HashOf>
[[nodiscard]] auto prepare_key(K&& key, const void* by, const HashOf& hash_of) {
  using looked_up = decltype(as_lookup_key<Policy>(std::as_const(key)));
  using plain = std::remove_cvref_t<looked_up>;
  if constexpr (!kept_when_prepared<K&&, looked_up>) {
    looked_up found = as_lookup_key<Policy>(std::as_const(key));
    return prepared_key<Container, looked_up>(std::forward<looked_up>(found), hash_of(found), by);
  } else if constexpr (std::is_same_v<plain, std::remove_cvref_t<K>>) {
    const std::size_t hash = hash_of(std::as_const(key));
    return prepared_key<Container, plain>(plain(std::forward<K>(key)), hash, by);
  } else {
    plain made(as_lookup_key<Policy>(std::as_const(key)));
    const std::size_t hash = hash_of(std::as_const(made));
    return prepared_key<Container, plain>(std::move(made), hash, by);
  }
}

/// A key that prepare() takes by a forwarding reference: any but an lvalue of the container's own type.
template <class K, class Policy>
concept prepared_from = stands_for_key<K, Policy> && !std::is_same_v<K, const typename Policy::key_type&>;

}  // namespace evac::inline EVAC_ABI::detail

#endif
