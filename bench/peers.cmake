# Other libraries' maps. Each is taken where it is found; the programs name those that are missing. For a copy outside
# of the system's folders, name its include folders:
#   cmake --preset bench -DEVAC_BENCH_BOOST_INCLUDE="<boost>" -DEVAC_BENCH_PARLAYHASH_INCLUDE="<parlayhash>/include"
set(EVAC_BENCH_BOOST_INCLUDE "" CACHE STRING "Include folders of Boost (a list: its libraries may lie apart)")
set(EVAC_BENCH_ANKERL_INCLUDE "" CACHE STRING "Include folder of ankerl::unordered_dense")
set(EVAC_BENCH_PARLAYHASH_INCLUDE "" CACHE STRING "Include folder of ParlayHash")
set(EVAC_BENCH_PHMAP_INCLUDE "" CACHE STRING "Include folder of parallel-hashmap")
set(EVAC_BENCH_GTL_INCLUDE "" CACHE STRING "Include folder of gtl")
set(EVAC_BENCH_LIBCUCKOO_INCLUDE "" CACHE STRING "Include folder of libcuckoo")
set(EVAC_BENCH_GROWT_INCLUDE "" CACHE STRING "Folder of growt, with its submodule utils")
set(EVAC_BENCH_FOLLY_INCLUDE "" CACHE STRING "Include folders of folly and of what it needs (a list)")
set(EVAC_BENCH_FOLLY_LIBRARY "" CACHE STRING "Libraries to link for folly's hazard pointers (a list)")

# evac_bench_find_peer(<target> <NAME> <header>): defines EVAC_BENCH_HAS_<NAME> as 1 if the header is found in the
# system's folders or those of EVAC_BENCH_<LIBRARY>_INCLUDE, else as 0. LIBRARY is the first word of NAME.
function(evac_bench_find_peer target name header)
  string(REGEX REPLACE "_.*" "" library "${name}")
  set(folders ${EVAC_BENCH_${library}_INCLUDE})
  # Looked for anew each time: the folders may have changed.
  find_path(evac_bench_${name}_found "${header}" HINTS ${folders} NO_CACHE)
  if(NOT evac_bench_${name}_found)
    message(STATUS "evac: no ${header}: its map is left out of the benchmarks")
    target_compile_definitions(${target} INTERFACE EVAC_BENCH_HAS_${name}=0)
    return()
  endif()
  # As system headers: their warnings are not ours.
  target_include_directories(${target} SYSTEM INTERFACE ${folders} "${evac_bench_${name}_found}")
  target_compile_definitions(${target} INTERFACE EVAC_BENCH_HAS_${name}=1)
  target_link_libraries(${target} INTERFACE ${EVAC_BENCH_${library}_LIBRARY})
endfunction()

# Maps of one owner, and Boost, which has both kinds.
evac_bench_find_peer(evac_bench_options ANKERL ankerl/unordered_dense.h)
evac_bench_find_peer(evac_bench_options BOOST_FLAT boost/unordered/unordered_flat_map.hpp)
evac_bench_find_peer(evac_bench_options BOOST_CONCURRENT boost/unordered/concurrent_flat_map.hpp)

# TBB has locks beside its maps.
add_library(evac_bench_tbb INTERFACE)
find_package(TBB QUIET)
if(TARGET TBB::tbb)
  target_link_libraries(evac_bench_tbb INTERFACE TBB::tbb)
  target_compile_definitions(evac_bench_tbb INTERFACE EVAC_BENCH_HAS_TBB=1)
else()
  message(STATUS "evac: no TBB: its maps are left out of the benchmarks")
  target_compile_definitions(evac_bench_tbb INTERFACE EVAC_BENCH_HAS_TBB=0)
endif()

# Maps that threads share.
add_library(evac_bench_concurrent_peers INTERFACE)
target_link_libraries(evac_bench_concurrent_peers INTERFACE evac_bench_tbb absl::synchronization)
evac_bench_find_peer(evac_bench_concurrent_peers LIBCUCKOO libcuckoo/cuckoohash_map.hh)
evac_bench_find_peer(evac_bench_concurrent_peers PHMAP parallel_hashmap/phmap.h)
evac_bench_find_peer(evac_bench_concurrent_peers GTL gtl/phmap.hpp)
evac_bench_find_peer(evac_bench_concurrent_peers FOLLY folly/concurrency/ConcurrentHashMap.h)
evac_bench_find_peer(evac_bench_concurrent_peers PARLAYHASH parlay_hash/unordered_map.h)
evac_bench_find_peer(evac_bench_concurrent_peers GROWT data-structures/table_config.hpp)
if(EVAC_BENCH_GROWT_INCLUDE AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(evac_bench_concurrent_peers INTERFACE -mcx16)  # it exchanges elements of 16 bytes
endif()
