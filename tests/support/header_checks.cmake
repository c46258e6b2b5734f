# Every header that users include compiles alone, with each compiler. The others do after the headers of other libraries, which are
# most of the time to compile and are precompiled for that: they name what they need of evac, which is the same for all
# compilers, so one tries it. Each may be included twice; two translation units that include everything link.
set(alone_sources "")
set(alone_details "")
set(everything "")
set(foreign "")
foreach(header IN LISTS EVAC_HEADERS)
  string(REPLACE "include/" "" name "${header}")
  string(APPEND everything "#include \"${name}\"\n")
  string(MAKE_C_IDENTIFIER "${name}" identifier)
  set(source "${CMAKE_CURRENT_BINARY_DIR}/header_alone/${identifier}.cpp")
  file(CONFIGURE OUTPUT "${source}" CONTENT "#include \"@name@\"\n#include \"@name@\"\n" @ONLY)
  if(name MATCHES "/detail/")
    list(APPEND alone_details "${source}")
    # Those of the standard library.
    file(STRINGS "${PROJECT_SOURCE_DIR}/${header}" lines REGEX "^#include <[a-z_]+>$")
    list(APPEND foreign ${lines})
  else()
    list(APPEND alone_sources "${source}")
  endif()
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
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(REMOVE_DUPLICATES foreign)
  list(JOIN foreign "\n" foreign)
  set(precompiled "${CMAKE_CURRENT_BINARY_DIR}/header_alone/precompiled.hpp")
  file(CONFIGURE OUTPUT "${precompiled}" CONTENT "#include <absl/hash/hash.h>\n@foreign@\n" @ONLY)
  add_library(evac_details_alone OBJECT ${alone_details})
  target_link_libraries(evac_details_alone PRIVATE evac::evac evac_warnings)
  target_compile_options(evac_details_alone PRIVATE -O0 -g0 -fpch-preprocess)
  target_precompile_headers(evac_details_alone PRIVATE "${precompiled}")
endif()

add_executable(evac_two_units
  "${CMAKE_CURRENT_BINARY_DIR}/two_units/first.cpp"
  "${CMAKE_CURRENT_BINARY_DIR}/two_units/second.cpp")
target_link_libraries(evac_two_units PRIVATE evac::evac evac_warnings)
add_test(NAME package.two_units_link COMMAND evac_two_units)
