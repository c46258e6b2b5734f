# Every header compiles alone and may be included twice; two translation units that include everything link. Includes
# that are missing are missing for all compilers: one tries every header, the others those that users include.
set(alone_sources "")
set(everything "")
foreach(header IN LISTS EVAC_HEADERS)
  string(REPLACE "include/" "" name "${header}")
  string(APPEND everything "#include \"${name}\"\n")
  if(name MATCHES "/detail/" AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    continue()
  endif()
  string(MAKE_C_IDENTIFIER "${name}" identifier)
  set(source "${CMAKE_CURRENT_BINARY_DIR}/header_alone/${identifier}.cpp")
  file(CONFIGURE OUTPUT "${source}" CONTENT "#include \"@name@\"\n#include \"@name@\"\n" @ONLY)
  list(APPEND alone_sources "${source}")
endforeach()

file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/two_units/first.cpp" @ONLY CONTENT [[
@everything@
unsigned long long second_unit();

int main() {
  evac::map<unsigned long long, unsigned long long> counts;
  for (unsigned long long i = 0; i < 1000; ++i) counts[i] = i;
  return counts.size() == second_unit() ? 0 : 1;
}
]])
file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/two_units/second.cpp" @ONLY CONTENT [[
@everything@
unsigned long long second_unit();

unsigned long long second_unit() {
  evac::map<unsigned long long, unsigned long long> counts;
  for (unsigned long long i = 0; i < 1000; ++i) counts[i] = i;
  return counts.size();
}
]])

# Compiling is the check; it is part of the build.
add_library(evac_headers_alone OBJECT ${alone_sources})
target_link_libraries(evac_headers_alone PRIVATE evac::evac evac_warnings)
target_compile_options(evac_headers_alone PRIVATE -O0 -g0)

add_executable(evac_two_units
  "${CMAKE_CURRENT_BINARY_DIR}/two_units/first.cpp"
  "${CMAKE_CURRENT_BINARY_DIR}/two_units/second.cpp")
target_link_libraries(evac_two_units PRIVATE evac::evac evac_warnings)
add_test(NAME package.two_units_link COMMAND evac_two_units)
