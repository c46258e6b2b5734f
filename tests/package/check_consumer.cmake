# Builds and runs a small program that gets evac in one WAY: add_subdirectory, find_package (after an installation),
# pkg_config (the same), deb (a Debian package, unpacked), copied (include/ copied beside abseil, no CMake),
# without_abseil (an installation with EVAC_HASH=own) single_header (one file a map, which needs no abseil), or module
# (imported). Needs: WAY, SOURCE, BUILD, WORK, VERSION, GENERATOR, COMPILER.
cmake_minimum_required(VERSION 3.23)

# Nothing may come from an earlier run.
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")

macro(step)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endmacro()

function(build_and_run)
  set(project find_package)
  if(WAY STREQUAL "add_subdirectory")
    set(project add_subdirectory)
  endif()
  step("${CMAKE_COMMAND}" -S "${SOURCE}/tests/package/${project}" -B "${WORK}/build" -G "${GENERATOR}"
    "-DCMAKE_CXX_COMPILER=${COMPILER}" ${ARGN})
  step("${CMAKE_COMMAND}" --build "${WORK}/build")
  step("${WORK}/build/consumer")
endfunction()

# What an installation under a prefix says of itself.
function(compile_with_pkg_config prefix)
  find_program(pkg_config NAMES pkg-config pkgconf REQUIRED)
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -E env "PKG_CONFIG_PATH=${prefix}/share/pkgconfig"
      "${pkg_config}" --cflags --libs "evac = ${VERSION}"
    OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  step("${COMPILER}" -std=c++20 -O1 "${SOURCE}/tests/package/program.cpp" -o "${WORK}/by_pkg_config" ${flags})
  step("${WORK}/by_pkg_config")
endfunction()

# Fails if a header of abseil is read, or one of the source tree.
function(refuse_abseil)
  execute_process(COMMAND "${COMPILER}" -std=c++20 -M ${ARGN} "${SOURCE}/tests/package/every_map.cpp"
    OUTPUT_VARIABLE headers COMMAND_ERROR_IS_FATAL ANY)
  if(NOT headers MATCHES "${WORK}/[^ ]*evac/map.hpp" OR headers MATCHES "/absl/" OR headers MATCHES "${SOURCE}/include")
    message(FATAL_ERROR "headers from elsewhere:\n${headers}")
  endif()
endfunction()

if(WAY STREQUAL "add_subdirectory")
  build_and_run("-DEVAC_SOURCE=${SOURCE}")
  step("${CMAKE_COMMAND}" -S "${SOURCE}/tests/package/${WAY}" -B "${WORK}/abseil_first" -G "${GENERATOR}"
    "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DEVAC_SOURCE=${SOURCE}" -DABSEIL_FIRST=ON)
elseif(WAY STREQUAL "find_package")
  step("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/prefix")
  build_and_run("-DCMAKE_PREFIX_PATH=${WORK}/prefix" "-DEVAC_EXPECTED_VERSION=${VERSION}")
elseif(WAY STREQUAL "pkg_config")
  step("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/prefix")
  compile_with_pkg_config("${WORK}/prefix")
elseif(WAY STREQUAL "deb")
  find_program(dpkg_deb dpkg-deb)
  if(NOT dpkg_deb)
    message(STATUS "SKIPPED: there is no dpkg-deb")
    return()
  endif()
  step("${CMAKE_CPACK_COMMAND}" -G DEB --config "${BUILD}/CPackConfig.cmake" -B "${WORK}")
  file(GLOB package "${WORK}/libevac-dev_${VERSION}_all.deb")
  step("${dpkg_deb}" --info "${package}")
  step("${dpkg_deb}" --extract "${package}" "${WORK}/root")
  compile_with_pkg_config("${WORK}/root/usr")
  build_and_run("-DCMAKE_PREFIX_PATH=${WORK}/root/usr" "-DEVAC_EXPECTED_VERSION=${VERSION}")
elseif(WAY STREQUAL "without_abseil")
  step("${CMAKE_COMMAND}" -S "${SOURCE}" -B "${WORK}/evac" -G "${GENERATOR}" "-DCMAKE_CXX_COMPILER=${COMPILER}"
    -DEVAC_HASH=own -DEVAC_BUILD_TESTS=OFF -DEVAC_BUILD_BENCHMARKS=OFF -DEVAC_BUILD_EXAMPLES=OFF
    -DCMAKE_DISABLE_FIND_PACKAGE_absl=ON)
  step("${CMAKE_COMMAND}" --install "${WORK}/evac" --prefix "${WORK}/prefix")
  build_and_run("-DCMAKE_PREFIX_PATH=${WORK}/prefix" "-DEVAC_EXPECTED_VERSION=${VERSION}"
    -DCMAKE_DISABLE_FIND_PACKAGE_absl=ON)
  compile_with_pkg_config("${WORK}/prefix")
  refuse_abseil("-I${WORK}/prefix/include" -DEVAC_OWN_HASH=1)
elseif(WAY STREQUAL "single_header")
  find_program(python python3)
  if(NOT python)
    message(STATUS "SKIPPED: there is no python3")
    return()
  endif()
  foreach(header IN ITEMS map set sharded_map sync_map cache)
    step("${python}" "${SOURCE}/tools/single_header.py" "evac/${header}.hpp" "${WORK}/evac/${header}.hpp")
  endforeach()
  step("${COMPILER}" -std=c++20 -O1 -Wall -Wextra -Werror "-I${WORK}" "${SOURCE}/tests/package/every_map.cpp"
    -o "${WORK}/consumer" -pthread)
  step("${WORK}/consumer")
  refuse_abseil("-I${WORK}")
elseif(WAY STREQUAL "copied")
  file(COPY "${SOURCE}/include" DESTINATION "${WORK}")
  find_program(pkg_config NAMES pkg-config pkgconf REQUIRED)
  execute_process(COMMAND "${pkg_config}" --cflags --libs absl_hash
    OUTPUT_VARIABLE abseil OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(abseil UNIX_COMMAND "${abseil}")
  step("${COMPILER}" -std=c++20 -O1 "-I${WORK}/include" "${SOURCE}/tests/package/program.cpp"
    -o "${WORK}/consumer" ${abseil})
  step("${WORK}/consumer")
elseif(WAY STREQUAL "module")
  find_program(pkg_config NAMES pkg-config pkgconf REQUIRED)
  execute_process(COMMAND "${pkg_config}" --cflags --libs absl_hash
    OUTPUT_VARIABLE abseil OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(abseil UNIX_COMMAND "${abseil}")
  step("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/prefix")
  set(compile "${COMPILER}" -std=c++20 -pthread "-I${WORK}/prefix/include")
  step(${compile} --precompile -x c++-module "${WORK}/prefix/include/evac/evac.cppm" -o "${WORK}/evac.pcm")
  step(${compile} "-fmodule-file=evac=${WORK}/evac.pcm" "${SOURCE}/tests/package/module/program.cpp"
    "${WORK}/evac.pcm" -o "${WORK}/consumer" ${abseil})
  step("${WORK}/consumer")
else()
  message(FATAL_ERROR "unknown way: ${WAY}")
endif()
