// Containers of all kinds that can be scanned, and what a scan has shown of them.
#ifndef EVAC_TESTS_SUPPORT_SCANS_HPP
#define EVAC_TESTS_SUPPORT_SCANS_HPP

#include <cstddef>
#include <cstdint>
#include <evac/cache.hpp>
#include <evac/map.hpp>
#include <evac/scan_cursor.hpp>
#include <evac/set.hpp>
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <evac/sync_map.hpp>
#include <evac/sync_set.hpp>
#include <map>
#include <string>
#include <type_traits>

#include "support/axes.hpp"
#include "support/few_kinds.hpp"
#include "support/functors.hpp"
#include "support/sync_axes.hpp"

namespace evac_test {

using scanned_cache = evac::cache<std::string, int>;

// The lists of kinds as a TEMPLATE_TEST_CASE takes them.
#define EVAC_TEST_SCANNED_BY_MANY                                                                                  \
  (evac::sharded_map<std::uint64_t, int>), (evac::sync_map<std::uint64_t, int, evac_test::raw_identity_hash>),     \
      evac_test::sync_strings,                                                                                     \
      evac_test::scanned_cache EVAC_TEST_AND_MORE(                                                                 \
          (evac::sharded_set<std::string>), (evac::sharded_map<std::uint64_t, int, evac_test::raw_identity_hash>), \
          (evac::sync_map<std::uint64_t, int>), (evac::sync_set<std::string>))
// In the last ones chains are long.
#define EVAC_TEST_SCANNED                                                               \
  (evac::map<std::uint64_t, int>), (evac::set<std::string>), EVAC_TEST_SCANNED_BY_MANY, \
      (evac::map<std::uint64_t, int, evac_test::four_bit_hash>),                        \
      evac_test::sync_constant_nodes EVAC_TEST_AND_MORE(                                \
          (evac::sharded_map<std::uint64_t, int, evac_test::constant_hash>), evac_test::sync_four_bits)

/// A container, and the verbs that differ from kind to kind.
template <class Container>
class scanned {
 public:
  using key_type = typename Container::key_type;
  /// How often each key was shown.
  using shown_keys = std::map<key_type, int>;

  scanned() = default;
  explicit scanned(int n) {
    for (int i = 0; i < n; ++i) put(i);
  }
  scanned(const scanned&) = delete;
  scanned& operator=(const scanned&) = delete;
  ~scanned() {
    if constexpr (requires { container.domain(); }) container.domain().flush();  // else it would count as leaked
  }

  static key_type key(int i) { return make<key_type>(i); }
  void put(int i) {
    if constexpr (requires { container.store(key(i), mapped(i)); }) {
      container.store(key(i), mapped(i));
    } else if constexpr (requires { container.try_emplace(key(i), mapped(i)); }) {
      container.try_emplace(key(i), mapped(i));
    } else if constexpr (requires { container.put(key(i), mapped(i)); }) {
      container.put(key(i), mapped(i));
    } else {
      container.insert(key(i));
    }
  }
  void erase(int i) { container.erase(key(i)); }
  /// Gives back what memory it can.
  void shrink() {
    if constexpr (requires { container.rehash(0); }) container.rehash(0);
  }
  /// Scans on, by a number as a client brings it along.
  template <class F>
  evac::scan_cursor scan(evac::scan_cursor from, std::size_t budget, const F& f) const {
    return container.scan(evac::scan_cursor(from.number()), budget, [&](const auto& first, const auto&...) {
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(first)>, key_type>) {
        f(first);
      } else {
        f(first.first);
      }
    });
  }
  /// The rest of a scan from a cursor on; between(calls so far) is called before each call.
  template <class Between>
  shown_keys scan_all(std::size_t budget, const Between& between, evac::scan_cursor at = {}) const {
    shown_keys shown;
    std::size_t calls = 0;
    do {
      between(calls++);
      at = scan(at, budget, [&](const key_type& each) { ++shown[each]; });
    } while (!at.done());
    return shown;
  }
  shown_keys scan_all(std::size_t budget, evac::scan_cursor at = {}) const {
    return scan_all(budget, [](std::size_t) {}, at);
  }

  Container container = [] {
    if constexpr (std::is_same_v<Container, scanned_cache>) {
      return Container(evac::shards{2}, 1'000'000);
    } else if constexpr (requires { Container(evac::shards{2}); }) {
      return Container(evac::shards{2});
    } else {
      return Container();
    }
  }();

 private:
  static auto mapped(int i) {
    if constexpr (requires { typename Container::mapped_type; }) {
      return make_sync<typename Container::mapped_type>(i);
    } else {
      return i;
    }
  }
};

/// How many of the first keys were not shown once, and how many of all more than once.
template <class Container>
[[nodiscard]] std::size_t count_wrong(const std::map<typename Container::key_type, int>& shown, int permanent) {
  std::size_t wrong = 0;
  for (int i = 0; i < permanent; ++i) wrong += shown.count(scanned<Container>::key(i)) == 1 ? 0 : 1;
  for (const auto& [key, times] : shown) wrong += times > 1 ? 1 : 0;
  return wrong;
}

}  // namespace evac_test

#endif
