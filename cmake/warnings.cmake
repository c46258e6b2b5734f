# For evac's own tests and benchmarks; users of evac::evac keep their own warnings.
add_library(evac_warnings INTERFACE)
target_compile_options(evac_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)
