#include "lock_side.hpp"

#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace {

[[noreturn]] void throw_report(const char* message) { throw std::runtime_error(message); }

}  // namespace

#define EVAC_ASSERT_HANDLER(message) throw_report(message)
#include <evac/rw_lock.hpp>
#include <evac/sharded_map.hpp>

namespace {

/// Nothing that would have to be linked.
struct own_hash {
  std::size_t operator()(std::size_t key) const noexcept {
    key *= 0x9E3779B97F4A7C15U;
    return key ^ (key >> 32U);
  }
};
using map_type = evac::sharded_map<std::size_t, equal_words, own_hash>;

evac::rw_lock& lock_at(void* address) { return *static_cast<evac::rw_lock*>(address); }
map_type& map_at(void* address) { return *static_cast<map_type*>(address); }

equal_words all_equal(std::size_t value) { return {{value, value, value, value, value, value, value, value}}; }

bool is_reported(const auto& call) {
  try {
    call();
  } catch (const std::runtime_error&) {
    return true;
  }
  return false;
}

// Locks are taken and released in functions of their own, which clang's analysis does not follow.
void lock(void* address) EVAC_NO_THREAD_SAFETY_ANALYSIS { lock_at(address).lock(); }
bool try_lock(void* address) EVAC_NO_THREAD_SAFETY_ANALYSIS { return lock_at(address).try_lock(); }
void unlock(void* address) EVAC_NO_THREAD_SAFETY_ANALYSIS { lock_at(address).unlock(); }
void lock_shared(void* address) EVAC_NO_THREAD_SAFETY_ANALYSIS { lock_at(address).lock_shared(); }
void unlock_shared(void* address) EVAC_NO_THREAD_SAFETY_ANALYSIS { lock_at(address).unlock_shared(); }

std::size_t load(void* map, std::size_t key, std::size_t& torn) {
  std::size_t result = ~std::size_t{0};
  map_at(map).cvisit(key, [&](const auto& element) {
    result = element.second.words[0];
    for (const std::size_t word : element.second.words) torn += word == result ? 0 : 1;
  });
  return result;
}

constexpr lock_side all = {
    []() -> void* { return new evac::rw_lock; },
    [](void* address) { delete &lock_at(address); },
    lock,
    try_lock,
    unlock,
    lock_shared,
    unlock_shared,
    [](void* address) { return lock_at(address).is_biased(); },
    [](void* address) { return lock_at(address).reader_count(); },
    [](std::size_t shards) -> void* { return new map_type(evac::shards{shards}); },
    [](void* map) { delete &map_at(map); },
    [](void* map, std::size_t key, std::size_t value) { map_at(map).insert_or_assign(key, all_equal(value)); },
    load,
    [](void* map, std::size_t key, callback inside) {
      return is_reported([&] { map_at(map).visit(key, [&](auto&) { inside(); }); });
    },
    [](void* map, std::size_t key, callback inside) {
      return is_reported([&] { map_at(map).cvisit(key, [&](const auto&) { inside(); }); });
    },
    [](void* map, std::size_t key) { return is_reported([&] { map_at(map).erase(key); }); },
    // Not clear(), which is noexcept.
    [](void* map) { return is_reported([&] { map_at(map) = {}; }); },
    [](void* map, std::size_t key, callback make) {
      const auto compute = [&] {
        make();
        return all_equal(key);
      };
      return map_at(map).get_or_compute(key, compute, evac::compute_mode::single_flight).words[0];
    },
};

}  // namespace

extern "C" [[gnu::visibility("default")]] const lock_side* evac_lock_side() { return &all; }
