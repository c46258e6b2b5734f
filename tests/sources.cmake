# Test sources by program, relative to tests/. A test compares these lists with what lies in the folders, and fails
# while one of them is empty.
set(EVAC_UNIT_TESTS
  unit/geometry_test.cpp
  unit/hash_test.cpp
  unit/slab_test.cpp
  unit/stats_test.cpp
  unit/tags_test.cpp
)
set(EVAC_API_TESTS
  api/allocators_test.cpp
  api/bounds_test.cpp
  api/constraints_test.cpp
  api/counting_test.cpp
  api/deduction_test.cpp
  api/differential_test.cpp
  api/evacuation_steps_test.cpp
  api/every_map_test.cpp
  api/exceptions_test.cpp
  api/failing_sequences_test.cpp
  api/failure_test.cpp
  api/iterators_test.cpp
  api/map_interface_test.cpp
  api/overloads_test.cpp
  api/promises_test.cpp
  api/propagation_test.cpp
  api/random_sequences_test.cpp
  api/shrink_test.cpp
)
set(EVAC_CONCURRENCY_TESTS
  concurrency/const_access_test.cpp
  concurrency/misuse_test.cpp
  concurrency/readers_test.cpp
)
# A program of its own: it defines EVAC_ASSERT_HANDLER.
set(EVAC_HANDLER_TESTS
  handler/throwing_handler_test.cpp
)
set(EVAC_MAP_FUZZ_SOURCES
# Programs under relacy; see model/add_models.cmake.
set(EVAC_MODEL_TESTS
  model/rw_lock_model.cpp
)
  fuzz/map_fuzz.cpp
)
# One case per file; its first lines say what the compiler has to complain about: `// expect: text`.
set(EVAC_COMPILE_FAIL_CASES
  compile_fail/hash_not_callable.cpp
  compile_fail/key_is_a_reference.cpp
  compile_fail/value_is_a_reference.cpp
  compile_fail/wrong_allocator.cpp
)
