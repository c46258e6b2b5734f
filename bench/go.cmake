# Maps of another language, in a program of their own that evac_bench_throughput starts. 1.17: unsafe.Slice.
find_program(EVAC_BENCH_GO_COMPILER go)
mark_as_advanced(EVAC_BENCH_GO_COMPILER)
set(go_version "")
if(EVAC_BENCH_GO_COMPILER)
  execute_process(COMMAND "${EVAC_BENCH_GO_COMPILER}" env GOVERSION
                  OUTPUT_VARIABLE go_version ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  string(REGEX REPLACE "^go" "" go_version "${go_version}")
endif()
if(go_version VERSION_LESS 1.17)
  message(STATUS "evac: no Go of at least 1.17: its maps are left out of the benchmarks")
  return()
endif()

# The loops over the operations are the same text for each map.
set(go_folder "${CMAKE_CURRENT_BINARY_DIR}/go_maps")
set(go_program "${CMAKE_CURRENT_BINARY_DIR}/evac_go_maps")
set(go_sources "")
foreach(file IN ITEMS go.mod main.go maps.go)
  configure_file(peers/go/${file} "${go_folder}/${file}" COPYONLY)
  list(APPEND go_sources "${go_folder}/${file}")
endforeach()
foreach(MAP IN ITEMS lockedMap syncMap)
  configure_file(peers/go/loops.go.in "${go_folder}/${MAP}_loops.go" @ONLY)
  list(APPEND go_sources "${go_folder}/${MAP}_loops.go")
endforeach()
add_custom_command(
  OUTPUT "${go_program}"
  COMMAND "${CMAKE_COMMAND}" -E env "GOCACHE=${CMAKE_CURRENT_BINARY_DIR}/go" GOFLAGS= GOWORK=off GOPROXY=off CGO_ENABLED=0
          "${EVAC_BENCH_GO_COMPILER}" build -trimpath -o "${go_program}" .
  DEPENDS ${go_sources}
  WORKING_DIRECTORY "${go_folder}"
  COMMENT "Building Go's maps"
  VERBATIM)
add_custom_target(evac_bench_go DEPENDS "${go_program}")
add_dependencies(evac_bench_throughput evac_bench_go)
target_compile_definitions(evac_bench_throughput PRIVATE EVAC_BENCH_GO_PROGRAM="${go_program}")
foreach(map IN ITEMS sync locked)
  add_test(NAME bench.go_${map} COMMAND "${go_program}" check ${map})
endforeach()
