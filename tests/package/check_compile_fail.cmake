# A file that must not compile, and whose error must hold the text in its `// expect: text` lines (all of them). What
# compiler flags it needs for that, its line `// flags: flags` says.
# Needs: CASE, COMPILER, SOURCE, ABSEIL (its include folders).
cmake_minimum_required(VERSION 3.23)

file(STRINGS "${CASE}" expectations REGEX "^// expect: .")
if(NOT expectations)
  message(FATAL_ERROR "${CASE} has no line `// expect: text`")
endif()

file(STRINGS "${CASE}" flags REGEX "^// flags: .")
string(REGEX REPLACE "^// flags: +" "" flags "${flags}")
separate_arguments(flags)

# Without the language of the messages fixed, a translated compiler would fail for the wrong reason.
set(ENV{LC_ALL} C)
list(TRANSFORM ABSEIL PREPEND "-I")
execute_process(
  COMMAND "${COMPILER}" -std=c++20 -fsyntax-only ${flags} "-I${SOURCE}/include" "-I${SOURCE}/tests" ${ABSEIL} "${CASE}"
  RESULT_VARIABLE status
  OUTPUT_VARIABLE output
  ERROR_VARIABLE output)

if(status EQUAL 0)
  message(FATAL_ERROR "${CASE} compiles, which it must not")
endif()
foreach(expectation IN LISTS expectations)
  string(REGEX REPLACE "^// expect: +" "" text "${expectation}")
  string(FIND "${output}" "${text}" position)
  if(position EQUAL -1)
    message(FATAL_ERROR "${CASE} fails as it should, but without the text\n  ${text}\nThe compiler said:\n${output}")
  endif()
endforeach()
