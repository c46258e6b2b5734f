#include "domains_side.hpp"

#include <atomic>
#include <cstddef>
#include <evac/epoch.hpp>

namespace {

using guard_type = evac::epoch_domain::guard;

evac::epoch_domain& domain_at(void* address) { return *static_cast<evac::epoch_domain*>(address); }

struct object {
  std::size_t* gone;
  explicit object(std::size_t* count) : gone(count) {}
  object(const object&) = delete;
  object& operator=(const object&) = delete;
  ~object() { std::atomic_ref(*gone).fetch_add(1); }
};

constexpr domains_side all = {
    [](std::size_t cap) -> void* { return new evac::epoch_domain(cap); },
    [](void* domain) { delete &domain_at(domain); },
    [](void* domain) -> void* { return new guard_type(domain_at(domain)); },
    [](void* guard) { delete static_cast<guard_type*>(guard); },
    [](void* domain, std::size_t bytes, std::size_t* gone) {
      domain_at(domain).make_room(bytes);
      domain_at(domain).retire(new object(gone), bytes);
    },
    [](void* domain) { return domain_at(domain).flush(); },
    [](void* domain) { domain_at(domain).reinit_after_fork(); },
    [](void* domain) { return domain_at(domain).stats().over_cap; },
};

}  // namespace

extern "C" [[gnu::visibility("default")]] const domains_side* evac_domains_side() { return &all; }
