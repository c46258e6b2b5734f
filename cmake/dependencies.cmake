# Everything comes from installed packages; nothing is downloaded.
if(EVAC_HASH STREQUAL "absl" AND NOT TARGET absl::hash)  # else a project that contains evac brings abseil as targets of its own
  find_package(absl REQUIRED)
endif()

if(EVAC_BUILD_TESTS)
  find_package(Catch2 REQUIRED)
  find_package(Threads REQUIRED)
endif()

if(EVAC_BUILD_BENCHMARKS)
  find_package(benchmark REQUIRED)
  find_package(CLI11 REQUIRED)
  find_package(nlohmann_json REQUIRED)
  find_package(Threads REQUIRED)
endif()

if(EVAC_BUILD_EXAMPLES)
  find_package(CLI11 REQUIRED)
  find_package(Threads REQUIRED)
  find_path(EVAC_ASIO_INCLUDE_DIR asio.hpp REQUIRED)
  mark_as_advanced(EVAC_ASIO_INCLUDE_DIR)
endif()
