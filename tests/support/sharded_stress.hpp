// Sharded maps under each kind of lock, and their keys and values, for tests with many threads.
#ifndef EVAC_TESTS_SUPPORT_SHARDED_STRESS_HPP
#define EVAC_TESTS_SUPPORT_SHARDED_STRESS_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <memory>
#include <shared_mutex>
#include <utility>

#include "support/absl_shared_mutex.hpp"
#include "support/dice.hpp"
#include "support/few_kinds.hpp"
#include "support/in_threads.hpp"
#include "support/live_value.hpp"
#include "support/valid_shards.hpp"

namespace evac_test {

using shared_key = std::uint64_t;

template <class T, class Mutex, class Hash = evac::hash<shared_key>>
using map_under = evac::sharded_map<shared_key, T, Hash, evac::equal_to<shared_key>,
                                    std::allocator<std::pair<const shared_key, T>>, Mutex>;
template <class Mutex>
using set_under = evac::sharded_set<shared_key, evac::hash<shared_key>, evac::equal_to<shared_key>,
                                    std::allocator<shared_key>, Mutex>;

// The list of locks as a TEMPLATE_TEST_CASE takes it.
#define EVAC_TEST_MUTEXES evac::rw_lock, std::shared_mutex EVAC_TEST_AND_MORE(evac_test::absl_shared_mutex)

}  // namespace evac_test

#endif
