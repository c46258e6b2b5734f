# Each model source is a program. The lines `EVAC_MODEL(model, interleavings)` in it are tests, and so are the lines
# `EVAC_MODEL_BUG(bug, model, finding)`: that model must find that bug, as that.
# The programs run alone for seconds, and what they try depends on no compiler: one preset runs them. Sanitizers would
# see fibers that they do not know.
if(NOT EVAC_TEST_SCOPE STREQUAL "everything" OR EVAC_SANITIZE OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  return()
endif()
find_path(EVAC_RELACY_INCLUDE_DIR relacy/relacy.hpp)
mark_as_advanced(EVAC_RELACY_INCLUDE_DIR)
if(NOT EVAC_RELACY_INCLUDE_DIR)
  message(WARNING "evac: relacy/relacy.hpp was not found (Debian: relacy-dev), the tests under tests/model are left out")
  return()
endif()

function(evac_add_model source)
  evac_require_files(${source})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${source}")
  get_filename_component(stem "${source}" NAME_WE)
  string(REGEX REPLACE "_model$" "" stem "${stem}")
  set(program evac_model_${stem})
  add_executable(${program} ${source})
  target_link_libraries(${program} PRIVATE evac::evac evac_warnings)
  target_include_directories(${program} BEFORE PRIVATE
    "${CMAKE_CURRENT_SOURCE_DIR}/model/shadow" "${CMAKE_CURRENT_SOURCE_DIR}/model")
  target_include_directories(${program} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
  target_include_directories(${program} SYSTEM PRIVATE "${EVAC_RELACY_INCLUDE_DIR}")
  # relacy's destructors mark objects as gone, and it looks at the marks: stores that gcc takes for dead otherwise.
  # And it replaces operator delete, but not the one that is told the size; inlined, the two do not look like a pair.
  target_compile_options(${program} PRIVATE
    -O1 -fno-lifetime-dse -fno-sized-deallocation -Wno-mismatched-new-delete)

  file(STRINGS "${source}" lines REGEX "^ *EVAC_MODEL\\(")
  if(NOT lines)
    message(FATAL_ERROR "evac: no line `EVAC_MODEL(model, interleavings)` in ${source}")
  endif()
  foreach(line IN LISTS lines)
    string(REGEX MATCH "\\(([a-z_]+), " matched "${line}")
    set(model "${CMAKE_MATCH_1}")
    add_test(NAME model.${stem}.${model} COMMAND ${program} ${model})
    set_tests_properties(model.${stem}.${model} PROPERTIES TIMEOUT 1200)
  endforeach()

  file(STRINGS "${source}" lines REGEX "^ *EVAC_MODEL_BUG\\(")
  foreach(line IN LISTS lines)
    string(REGEX MATCH "\\(([a-z_]+), ([a-z_]+), ([A-Z ]+)\\)" matched "${line}")
    if(NOT matched)
      message(FATAL_ERROR "evac: not of the form EVAC_MODEL_BUG(bug, model, FINDING): ${line}")
    endif()
    # With a regular expression ctest looks at the output instead of the status; a crash fails in any case.
    add_test(NAME model.${stem}.finds_${CMAKE_MATCH_1} COMMAND ${program} ${CMAKE_MATCH_2} ${CMAKE_MATCH_1})
    set_tests_properties(model.${stem}.finds_${CMAKE_MATCH_1} PROPERTIES
      TIMEOUT 1200
      PASS_REGULAR_EXPRESSION "^${CMAKE_MATCH_2}: found: ${CMAKE_MATCH_3} in interleaving")
  endforeach()
endfunction()

foreach(source IN LISTS EVAC_MODEL_TESTS)
  evac_add_model(${source})
endforeach()
