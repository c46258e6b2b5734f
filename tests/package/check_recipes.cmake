# What can be said of the recipes for Bazel, Conan and vcpkg without these tools: they name the version of the headers, the
# Python parses, the JSON is JSON, and what they copy exists. Needs: SOURCE, VERSION.
cmake_minimum_required(VERSION 3.23)

function(expect file pattern)
  file(READ "${SOURCE}/${file}" text)
  if(NOT text MATCHES "${pattern}")
    message(FATAL_ERROR "${file} has no \"${pattern}\"")
  endif()
endfunction()

string(REPLACE "." "\\." version "${VERSION}")
expect(MODULE.bazel "name = \"evac\",\n    version = \"${version}\"")
expect(CHANGELOG.md "## ${version}")

file(READ "${SOURCE}/packaging/vcpkg/evac/vcpkg.json" json)
string(JSON port_version GET "${json}" version)
if(NOT port_version STREQUAL VERSION)
  message(FATAL_ERROR "vcpkg.json is of version ${port_version}, the headers of ${VERSION}")
endif()

find_program(python python3)
if(NOT python)
  message(STATUS "SKIPPED: there is no python3")
  return()
endif()
foreach(file IN ITEMS packaging/conan/conanfile.py packaging/conan/test_package/conanfile.py MODULE.bazel BUILD.bazel)
  execute_process(COMMAND "${python}" -c "import ast, sys; ast.parse(open(sys.argv[1]).read())" "${SOURCE}/${file}"
    COMMAND_ERROR_IS_FATAL ANY)
endforeach()
