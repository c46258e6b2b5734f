# Only for evac's own builds. The sloppiness settings are what ccache asks for before it caches anything that uses a
# precompiled header; without them every test source would be a miss.
find_program(EVAC_CCACHE ccache)
mark_as_advanced(EVAC_CCACHE)
if(EVAC_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    "${CMAKE_COMMAND}" -E env "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime"
    "${EVAC_CCACHE}")
endif()
