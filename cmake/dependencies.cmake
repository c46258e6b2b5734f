# Everything comes from installed packages; nothing is downloaded.
if(NOT TARGET absl::hash)  # else a project that contains evac brings abseil as targets of its own
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
