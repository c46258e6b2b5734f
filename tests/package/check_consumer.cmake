# Builds and runs a small program that gets evac in one WAY: add_subdirectory, find_package (after an installation), or
# copied (include/ copied beside abseil, no CMake). Needs: WAY, SOURCE, BUILD, WORK, VERSION, GENERATOR, COMPILER.
cmake_minimum_required(VERSION 3.23)

# Nothing may come from an earlier run.
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")

macro(step)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endmacro()

function(build_and_run)
  step("${CMAKE_COMMAND}" -S "${SOURCE}/tests/package/${WAY}" -B "${WORK}/build" -G "${GENERATOR}"
    "-DCMAKE_CXX_COMPILER=${COMPILER}" ${ARGN})
  step("${CMAKE_COMMAND}" --build "${WORK}/build")
  step("${WORK}/build/consumer")
endfunction()

if(WAY STREQUAL "add_subdirectory")
  build_and_run("-DEVAC_SOURCE=${SOURCE}")
  step("${CMAKE_COMMAND}" -S "${SOURCE}/tests/package/${WAY}" -B "${WORK}/abseil_first" -G "${GENERATOR}"
    "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DEVAC_SOURCE=${SOURCE}" -DABSEIL_FIRST=ON)
elseif(WAY STREQUAL "find_package")
  step("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/prefix")
  build_and_run("-DCMAKE_PREFIX_PATH=${WORK}/prefix" "-DEVAC_EXPECTED_VERSION=${VERSION}")
elseif(WAY STREQUAL "copied")
  file(COPY "${SOURCE}/include" DESTINATION "${WORK}")
  find_program(pkg_config NAMES pkg-config pkgconf REQUIRED)
  execute_process(COMMAND "${pkg_config}" --cflags --libs absl_hash
    OUTPUT_VARIABLE abseil OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(abseil UNIX_COMMAND "${abseil}")
  step("${COMPILER}" -std=c++20 -O1 "-I${WORK}/include" "${SOURCE}/tests/package/program.cpp"
    -o "${WORK}/consumer" ${abseil})
  step("${WORK}/consumer")
else()
  message(FATAL_ERROR "unknown way: ${WAY}")
endif()
