# Only for evac's own builds. The sloppiness settings are what ccache asks for before it caches anything that uses a
# precompiled header; without them every test source would be a miss. Paths below the source tree are hashed as they are
# seen from the build folder, so that a second clone compiles nothing twice; diagnostics still name them in full.
find_program(EVAC_CCACHE ccache)
mark_as_advanced(EVAC_CCACHE)
if(EVAC_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    "${CMAKE_COMMAND}" -E env "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime"
    "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=yes CCACHE_ABSSTDERR=yes
    "${EVAC_CCACHE}")
endif()
