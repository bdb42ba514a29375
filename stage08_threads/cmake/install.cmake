# Installs the library, with what find_package(evolve) and pkg-config need to
# find it.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(version 0.1.0)
set(package ${CMAKE_CURRENT_BINARY_DIR}/package)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/evolve)

set_target_properties(${stage}_evolve PROPERTIES
  OUTPUT_NAME evolve
  EXPORT_NAME evolve
  INTERFACE_INCLUDE_DIRECTORIES
    "$<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}>;$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
target_compile_features(${stage}_evolve PUBLIC cxx_std_20)

file(CONFIGURE OUTPUT ${package}/evolveConfig.cmake @ONLY CONTENT [[
include(CMakeFindDependencyMacro)
find_dependency(Threads)
include(${CMAKE_CURRENT_LIST_DIR}/evolveTargets.cmake)
]])
write_basic_package_version_file(${package}/evolveConfigVersion.cmake
  VERSION ${version} COMPATIBILITY SameMinorVersion)
file(CONFIGURE OUTPUT ${package}/evolve.pc @ONLY CONTENT [[
prefix=@CMAKE_INSTALL_PREFIX@
libdir=${prefix}/@CMAKE_INSTALL_LIBDIR@
includedir=${prefix}/@CMAKE_INSTALL_INCLUDEDIR@

Name: evolve
Description: an event loop
Version: @version@
Cflags: -I${includedir} -pthread
Libs: -L${libdir} -levolve -pthread
]])

install(TARGETS ${stage}_evolve EXPORT evolveTargets)
install(EXPORT evolveTargets NAMESPACE evolve:: DESTINATION ${package_dir})
install(FILES ${package}/evolveConfig.cmake ${package}/evolveConfigVersion.cmake
  DESTINATION ${package_dir})
install(FILES ${package}/evolve.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(DIRECTORY evolve TYPE INCLUDE FILES_MATCHING PATTERN *.h)

# A program outside finds it both ways.
if(BUILD_TESTING AND NOT CMAKE_CROSSCOMPILING)
  add_test(NAME ${stage}.installed_can_be_used
    COMMAND ${CMAKE_COMMAND} -Dbuild=${CMAKE_CURRENT_BINARY_DIR}
      -Dcompiler=${CMAKE_CXX_COMPILER} "-Dflags=${CMAKE_CXX_FLAGS}"
      -Dscratch=${CMAKE_CURRENT_BINARY_DIR}/outside
      -P ${CMAKE_CURRENT_SOURCE_DIR}/test/outside/use.cmake)
  set_tests_properties(${stage}.installed_can_be_used PROPERTIES TIMEOUT 300)
endif()
