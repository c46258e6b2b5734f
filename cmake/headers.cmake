# Every header of the library, one per line. A test compares this list with what lies under include/.
set(EVAC_HEADERS
  include/evac/evac.hpp
  include/evac/epoch.hpp
  include/evac/fwd.hpp
  include/evac/hash.hpp
  include/evac/map.hpp
  include/evac/rw_lock.hpp
  include/evac/set.hpp
  include/evac/sharded_map.hpp
  include/evac/sharded_set.hpp
  include/evac/stats.hpp
  include/evac/sync_map.hpp
  include/evac/sync_set.hpp
  include/evac/version.hpp
  include/evac/detail/config.hpp
  include/evac/detail/container.hpp
  include/evac/detail/from_range.hpp
  include/evac/detail/node_handle.hpp
  include/evac/detail/shown_key.hpp
  include/evac/detail/template_arguments.hpp
  include/evac/detail/geometry/bucket.hpp
  include/evac/detail/geometry/directory.hpp
  include/evac/detail/geometry/segment_memory.hpp
  include/evac/detail/geometry/slab.hpp
  include/evac/detail/geometry/tags.hpp
  include/evac/detail/lockfree/atomic_bucket.hpp
  include/evac/detail/lockfree/bucket_state.hpp
  include/evac/detail/lockfree/chain_reader.hpp
  include/evac/detail/lockfree/collect_stats.hpp
  include/evac/detail/lockfree/locked_chain.hpp
  include/evac/detail/lockfree/root.hpp
  include/evac/detail/lockfree/split.hpp
  include/evac/detail/lockfree/storage.hpp
  include/evac/detail/lockfree/sync_container.hpp
  include/evac/detail/lockfree/sync_table.hpp
  include/evac/detail/lockfree/validate.hpp
  include/evac/detail/sharded/shard.hpp
  include/evac/detail/sharded/shard_array.hpp
  include/evac/detail/sharded/sharded_container.hpp
  include/evac/detail/sharded/sharded_elements.hpp
  include/evac/detail/sharded/sharded_parts.hpp
  include/evac/detail/sharded/sharded_stats.hpp
  include/evac/detail/sharded/sharded_table.hpp
  include/evac/detail/sharded/single_flight.hpp
  include/evac/detail/sync/asymmetric_fence.hpp
  include/evac/detail/sync/atomic.hpp
  include/evac/detail/sync/epoch_clock.hpp
  include/evac/detail/sync/epoch_core.hpp
  include/evac/detail/sync/garbage.hpp
  include/evac/detail/sync/garbage_budget.hpp
  include/evac/detail/sync/parking.hpp
  include/evac/detail/sync/protocol.hpp
  include/evac/detail/sync/reader_record.hpp
  include/evac/detail/sync/record_list.hpp
  include/evac/detail/sync/reentry.hpp
  include/evac/detail/sync/relaxed_cell.hpp
  include/evac/detail/sync/single_owner.hpp
  include/evac/detail/sync/spin_lock.hpp
  include/evac/detail/sync/thread_records.hpp
  include/evac/detail/sync/visible_readers.hpp
  include/evac/detail/table/chain.hpp
  include/evac/detail/table/collect_stats.hpp
  include/evac/detail/table/cursor.hpp
  include/evac/detail/table/evacuation.hpp
  include/evac/detail/table/held_slot.hpp
  include/evac/detail/table/home_buckets.hpp
  include/evac/detail/table/pacing.hpp
  include/evac/detail/table/policy.hpp
  include/evac/detail/table/scan.hpp
  include/evac/detail/table/seed.hpp
  include/evac/detail/table/table.hpp
  include/evac/detail/table/table_access.hpp
  include/evac/detail/table/validate.hpp
)

set(missing_headers "${EVAC_HEADERS}")
foreach(header IN LISTS EVAC_HEADERS)
  if(EXISTS "${PROJECT_SOURCE_DIR}/${header}")
    list(REMOVE_ITEM missing_headers "${header}")
  endif()
endforeach()
if(missing_headers)
  list(JOIN missing_headers "\n  " missing_headers)
  message(FATAL_ERROR "evac: listed in cmake/headers.cmake, but not there:\n  ${missing_headers}")
endif()
unset(missing_headers)
