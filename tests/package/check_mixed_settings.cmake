# Two translation units in one program, the second with another setting: a program in which the first passes maps, locks
# and domains to it must not link, and one in which each uses its own must link and run. Flags that say in other words
# what holds without them change nothing: both programs link and run. One compiler tries all settings, the others those
# that each compiler reports in a way of its own.
# Needs: COMPILER, COMPILER_ID, SOURCE, WORK, ABSEIL (its include folders).
cmake_minimum_required(VERSION 3.23)

set(here "${SOURCE}/tests/package/mixed_settings")
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")
find_program(pkg_config NAMES pkg-config pkgconf REQUIRED)
execute_process(COMMAND "${pkg_config}" --libs absl_hash
  OUTPUT_VARIABLE libraries OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(libraries UNIX_COMMAND "${libraries}")
list(TRANSFORM ABSEIL PREPEND "-I")

macro(step)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endmacro()

function(compile source object)
  step("${COMPILER}" -std=c++20 -O0 ${ARGN} "-I${SOURCE}/include" ${ABSEIL} -c "${here}/${source}" -o "${WORK}/${object}.o")
endfunction()

# Sets `status` and `output`. A sanitizer is the one setting that the linker has to know.
function(link first setting)
  if(NOT setting MATCHES "^-fsanitize=")
    set(setting "")
  endif()
  execute_process(
    COMMAND "${COMPILER}" -pthread ${setting} "${WORK}/${first}.o" "${WORK}/second.o" -o "${WORK}/${first}" ${libraries}
    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  set(status "${status}" PARENT_SCOPE)
  set(output "${output}" PARENT_SCOPE)
endfunction()

compile(first.cpp alone)
compile(first.cpp passes -DEVAC_PASSES)

# The version is a setting as well: a newer copy of the library differs in its version.hpp.
file(READ "${SOURCE}/include/evac/version.hpp" version)
string(REGEX REPLACE "(EVAC_VERSION_PATCH) [0-9]+" "\\1 99" version "${version}")
file(WRITE "${WORK}/newer/evac/version.hpp" "${version}")

set(different -fsanitize=thread -fsanitize=address -fno-exceptions)
set(same -fno-rtti)
if(COMPILER_ID STREQUAL "GNU")
  list(APPEND different
    "-I${WORK}/newer"
    -DNDEBUG
    "-DEVAC_ASSERT_HANDLER(message)=std::abort()"
    -DEVAC_HAS_MEMBARRIER=0
    -DEVAC_HUGE_PAGES=false
    -DEVAC_OWN_HASH=1)
  execute_process(COMMAND "${COMPILER}" -x c++ -fsyntax-only -include sys/sdt.h /dev/null
    RESULT_VARIABLE without_probes OUTPUT_QUIET ERROR_QUIET)
  if(without_probes EQUAL 0)
    list(APPEND different -DEVAC_USDT=1)
  endif()
  list(APPEND same "-DEVAC_USDT=0 -DEVAC_OWN_HASH=0 -DEVAC_HUGE_PAGES=true -DEVAC_HAS_MEMBARRIER=(2>1)" "-DEVAC_HUGE_PAGES=(1)")
endif()

foreach(setting IN LISTS different)
  compile(second.cpp second "${setting}")
  link(alone "${setting}")
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${setting}: units that pass nothing to each other do not link:\n${output}")
  endif()
  # The thread sanitizer of g++ 12 does not start where addresses are as random as new kernels make them.
  if(NOT setting STREQUAL "-fsanitize=thread")
    step("${WORK}/alone")
  endif()

  link(passes "${setting}")
  if(status EQUAL 0)
    message(FATAL_ERROR "a unit with ${setting} takes maps from one without, which must not link")
  endif()
  foreach(type IN ITEMS map set sharded_map sharded_set sync_map sync_set rw_lock epoch_domain)
    if(NOT output MATCHES "undefined reference to [^\n]*(fill|take|flush)\\(evac::v[0-9_]+::${type}[<&]")
      message(FATAL_ERROR "${setting}: the linker does not miss a function that takes a ${type}:\n${output}")
    endif()
  endforeach()
endforeach()

foreach(settings IN LISTS same)
  separate_arguments(flags UNIX_COMMAND "${settings}")
  compile(second.cpp second ${flags})
  foreach(first IN ITEMS alone passes)
    link("${first}" "")
    if(NOT status EQUAL 0)
      message(FATAL_ERROR "${settings} changes nothing, but such units do not link:\n${output}")
    endif()
    step("${WORK}/${first}")
  endforeach()
endforeach()
