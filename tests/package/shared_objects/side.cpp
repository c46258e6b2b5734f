#include "side.hpp"

#include <cstddef>
#include <evac/epoch.hpp>
#include <evac/sync_map.hpp>

namespace {

struct value {
  std::size_t number;
  void (*on_end)();
  value(std::size_t n, void (*end)()) : number(n), on_end(end) {}
  value(const value& other) : number(other.number), on_end(nullptr) {}
  value& operator=(const value&) = delete;
  ~value() {
    if (on_end != nullptr) on_end();
  }
};
/// Memory that the program hands over, for an object to be made in.
struct recipe {
  std::size_t number;
  void (*on_end)();
  operator value() const { return {number, on_end}; }  // NOLINT(google-explicit-constructor)
};
using map_type = evac::sync_map<std::size_t, value>;
using guard_type = evac::epoch_domain::guard;

map_type& map_at(void* address) { return *static_cast<map_type*>(address); }
evac::epoch_domain& domain_at(void* address) { return *static_cast<evac::epoch_domain*>(address); }

constexpr side all = {
    [](std::size_t cap) -> void* { return new evac::epoch_domain(cap); },
    [](void* domain) { delete &domain_at(domain); },
    [](void* domain) -> void* { return new map_type(domain_at(domain)); },
    [](void* map) { delete &map_at(map); },
    [](void* map, std::size_t key, std::size_t number, void (*on_end)()) {
      map_at(map).store(key, recipe{number, on_end});
    },
    [](void* map, std::size_t key, std::size_t otherwise) {
      std::size_t result = otherwise;
      map_at(map).load(key, [&](const value& found) { result = found.number; });
      return result;
    },
    [](void* map, std::size_t key) { return map_at(map).erase(key); },
    [](void* domain) -> void* { return new guard_type(domain_at(domain)); },
    [](void* guard) { delete static_cast<guard_type*>(guard); },
    [](void* domain) { return domain_at(domain).flush(); },
    [](void* domain) { domain_at(domain).reinit_after_fork(); },
    [](void* domain) { return domain_at(domain).stats().threads; },
    [](void* domain) { return domain_at(domain).stats().guards; },
    [](void* domain) { return domain_at(domain).stats().retired_objects; },
    [](void* domain) { return domain_at(domain).stats().over_cap; },
    []() -> void* { return &evac::epoch_domain::process(); },
};

}  // namespace

extern "C" [[gnu::visibility("default")]] const side* evac_side() { return &all; }
