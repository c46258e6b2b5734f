# The maps of others that threads share (bench/peers/concurrent_peers.hpp). Each is taken where it is found; the programs name
# those that are missing. For a copy that is not in the system's folders, name its include folders:
#   cmake --preset bench -DEVAC_BENCH_BOOST_INCLUDE="<boost>" -DEVAC_BENCH_PARLAYHASH_INCLUDE="<parlayhash>/include"
set(EVAC_BENCH_BOOST_INCLUDE "" CACHE STRING "Include folders of a Boost of at least 1.83 (a list: its libraries may lie apart)")
set(EVAC_BENCH_PARLAYHASH_INCLUDE "" CACHE STRING "Include folder of ParlayHash")
set(EVAC_BENCH_PHMAP_INCLUDE "" CACHE STRING "Include folder of parallel-hashmap")
set(EVAC_BENCH_GTL_INCLUDE "" CACHE STRING "Include folder of gtl")
set(EVAC_BENCH_LIBCUCKOO_INCLUDE "" CACHE STRING "Include folder of libcuckoo")

find_package(TBB QUIET)

add_library(evac_bench_concurrent_peers INTERFACE)
target_link_libraries(evac_bench_concurrent_peers INTERFACE absl::synchronization)
if(TARGET TBB::tbb)
  target_link_libraries(evac_bench_concurrent_peers INTERFACE TBB::tbb)
  target_compile_definitions(evac_bench_concurrent_peers INTERFACE EVAC_BENCH_HAS_TBB=1)
endif()

# evac_bench_find_peer(<NAME> <header>): defines EVAC_BENCH_HAS_<NAME> if the header is found.
function(evac_bench_find_peer name header)
  # Looked for anew each time: the folders may have changed.
  find_path(evac_bench_${name}_found "${header}" HINTS ${EVAC_BENCH_${name}_INCLUDE} NO_CACHE)
  if(NOT evac_bench_${name}_found)
    message(STATUS "evac: no ${header}: its map is left out of the benchmarks")
    return()
  endif()
  # As system headers: their warnings are not ours.
  target_include_directories(evac_bench_concurrent_peers SYSTEM INTERFACE
    ${EVAC_BENCH_${name}_INCLUDE} "${evac_bench_${name}_found}")
  target_compile_definitions(evac_bench_concurrent_peers INTERFACE EVAC_BENCH_HAS_${name}=1)
endfunction()

evac_bench_find_peer(BOOST boost/unordered/concurrent_flat_map.hpp)
evac_bench_find_peer(LIBCUCKOO libcuckoo/cuckoohash_map.hh)
evac_bench_find_peer(PHMAP parallel_hashmap/phmap.h)
evac_bench_find_peer(GTL gtl/phmap.hpp)
evac_bench_find_peer(PARLAYHASH parlay_hash/unordered_map.h)
