include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

install(TARGETS evac
  EXPORT evacTargets
  FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
# A header-only package is independent of the architecture: it belongs under share/.
set(package_directory "${CMAKE_INSTALL_DATADIR}/cmake/evac")
install(EXPORT evacTargets NAMESPACE evac:: DESTINATION "${package_directory}")

configure_package_config_file(cmake/evacConfig.cmake.in "${PROJECT_BINARY_DIR}/evacConfig.cmake"
  INSTALL_DESTINATION "${package_directory}"
  NO_SET_AND_CHECK_MACRO)
# Before 1.0 a new minor version may change the interface.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/evacConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion
  ARCH_INDEPENDENT)
install(FILES
  "${PROJECT_BINARY_DIR}/evacConfig.cmake"
  "${PROJECT_BINARY_DIR}/evacConfigVersion.cmake"
  DESTINATION "${package_directory}")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")

# The module is compiled by its users, with their flags.
install(FILES include/evac/evac.cppm DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/evac")

set(pc_requires "absl_hash absl_strings")
set(pc_definitions "")
if(EVAC_HASH STREQUAL "own")
  set(pc_requires "")
  set(pc_definitions " -DEVAC_OWN_HASH=1")
endif()
configure_file(cmake/evac.pc.in "${PROJECT_BINARY_DIR}/evac.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/evac.pc" DESTINATION "${CMAKE_INSTALL_DATADIR}/pkgconfig")

# cpack -G DEB: a package of headers.
set(CPACK_PACKAGE_NAME libevac-dev)
set(CPACK_PACKAGE_CONTACT "the authors of evac")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "hash maps that never stop the world (headers)")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
if(EVAC_HASH STREQUAL "absl")
  set(CPACK_DEBIAN_PACKAGE_DEPENDS libabsl-dev)
endif()
include(CPack)
