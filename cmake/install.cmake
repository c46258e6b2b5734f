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
