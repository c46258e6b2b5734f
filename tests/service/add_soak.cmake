# The program of tests/soak, and runs of some seconds: one that passes, and one for each planted fault, which must be
# noticed. An interval is a number of cycles of the load, not a time, so that a busy machine only makes them longer.
# Sanitizers keep memory back, and have the other tests of threads to look at.
if(EVAC_SANITIZE)
  return()
endif()
add_executable(evac_soak service/soak.cpp)
target_link_libraries(evac_soak PRIVATE evac::evac evac_warnings Threads::Threads)
target_include_directories(evac_soak PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}")
target_compile_options(evac_soak PRIVATE $<$<CONFIG:Debug>:-O1>)

# evac_add_soak(<name> <text that the output must hold> <option>...)
function(evac_add_soak name text)
  add_test(NAME soak.${name}
    COMMAND evac_soak --file "${CMAKE_CURRENT_BINARY_DIR}/soak_${name}.jsonl" --interval 0 --patience 600 ${ARGN})
  set_tests_properties(soak.${name} PROPERTIES TIMEOUT 1200 PASS_REGULAR_EXPRESSION "${text}")
endfunction()
# Its bounds are far above what a crowded machine does to latencies and to garbage.
evac_add_soak(passes "soak: all well" --memory-rise 16 --retired-rise 8 --latency-rise 1000)
evac_add_soak(notices_leaked_values "FAILED: process: resident_bytes"
  --cycles 2 --latency-rise 1000 --fault leaked_values)
evac_add_soak(notices_an_old_guard "FAILED: routes: retired_bytes" --cycles 2 --latency-rise 1000 --fault old_guard)
evac_add_soak(notices_a_lost_update "FAILED: answers: [1-9]" --latency-rise 1000 --fault lost_update)
evac_add_soak(notices_slower_calls "FAILED: hits: p999_ns" --latency-rise 5 --fault slower_calls)
