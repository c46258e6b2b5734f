// All public headers of evac at once.
#ifndef EVAC_EVAC_HPP
#define EVAC_EVAC_HPP

#include "evac/attempt.hpp"
#include "evac/cache.hpp"
#include "evac/counters.hpp"
#include "evac/epoch.hpp"
#include "evac/fwd.hpp"
#include "evac/hash.hpp"
#include "evac/health.hpp"
#include "evac/load_result.hpp"
#include "evac/map.hpp"
#include "evac/observer.hpp"
#include "evac/openmetrics.hpp"
#include "evac/pool.hpp"
#include "evac/rw_lock.hpp"
#include "evac/scan_cursor.hpp"
#include "evac/set.hpp"
#include "evac/sharded_map.hpp"
#include "evac/sharded_set.hpp"
#include "evac/stats.hpp"
#include "evac/sync_map.hpp"
#include "evac/sync_set.hpp"
#include "evac/update.hpp"
#include "evac/version.hpp"

#endif
