# EVAC_SANITIZE goes to evac's own tests and benchmarks through a target, never to global flags. The list is what
# -fsanitize= takes. `fuzzer` in it turns tests/fuzz into a libFuzzer program and leaves the other tests out, because
# libFuzzer brings a main function of its own.
set(EVAC_SANITIZE "" CACHE STRING "Sanitizers for evac's tests, as -fsanitize= takes them (address,undefined | thread | fuzzer,...)")

add_library(evac_sanitizers INTERFACE)
if(EVAC_SANITIZE)
  target_compile_options(evac_sanitizers INTERFACE
    "-fsanitize=${EVAC_SANITIZE}" -fno-sanitize-recover=all -fno-omit-frame-pointer
    # The instrumentation makes g++ 12 see uninitialised uses inside the standard library that are none.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(evac_sanitizers INTERFACE "-fsanitize=${EVAC_SANITIZE}")
endif()

if(EVAC_SANITIZE MATCHES "fuzzer" AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "evac: EVAC_SANITIZE=${EVAC_SANITIZE} needs clang, which brings libFuzzer (preset: fuzz)")
endif()
