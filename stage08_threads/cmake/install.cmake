# Makes a package of the library, found by find_package(evolve) and pkg-config;
# as a part of another project it has the same name, evolve::evolve.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(version 0.1.0)
set(package ${CMAKE_CURRENT_BINARY_DIR}/package)
option(EVOLVE_INSTALL "Install the library" ${PROJECT_IS_TOP_LEVEL})

# Public are these headers and those that they include.
set(entries evolve/event_base.h evolve/log.h)
set(unread ${entries})
set(headers)
while(unread)
  list(POP_FRONT unread header)
  list(APPEND headers ${header})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header})
  file(STRINGS ${header} included REGEX "^#include \"evolve/")
  list(TRANSFORM included REPLACE "^#include \"([^\"]+)\".*" "\\1")
  list(APPEND unread ${included})
  list(REMOVE_ITEM unread ${headers})
endwhile()

# While the minor version stays, so does the binary interface.
string(REGEX MATCH "^[0-9]+\\.[0-9]+" soversion ${version})
add_library(evolve::evolve ALIAS ${stage}_evolve)
target_sources(${stage}_evolve PUBLIC FILE_SET HEADERS FILES ${headers})
set_target_properties(${stage}_evolve PROPERTIES
  OUTPUT_NAME evolve EXPORT_NAME evolve
  VERSION ${version} SOVERSION ${soversion})

# A shared library shows what its public headers declare. To say so in each of
# them would take a macro, and a list of names for the linker would be a second
# list to keep. So every source begins with those headers, and meanwhile the
# compiler is told that what it reads is to be seen.
get_target_property(type ${stage}_evolve TYPE)
if(type STREQUAL SHARED_LIBRARY)
  list(TRANSFORM entries REPLACE "(.+)" "#include \"\\1\""
    OUTPUT_VARIABLE lines)
  list(JOIN lines "\n" lines)
  file(CONFIGURE OUTPUT ${package}/exports.h @ONLY CONTENT
[[#pragma GCC visibility push(default)
@lines@
#pragma GCC visibility pop
]])
  target_compile_options(${stage}_evolve PRIVATE -include ${package}/exports.h)
  set_target_properties(${stage}_evolve PROPERTIES
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  # No program puts a function of its own in the place of the library's, so a
  # call within the library need not ask the loader which one it is.
  if(NOT APPLE)
    target_compile_options(${stage}_evolve PRIVATE -fno-semantic-interposition)
    target_link_options(${stage}_evolve PRIVATE -Wl,-Bsymbolic-functions)
  endif()
  # The tests use what is not shown, too.
  if(TARGET ${stage}_test)
    target_sources(${stage}_test PRIVATE $<TARGET_OBJECTS:${stage}_evolve>)
  endif()
endif()

if(NOT EVOLVE_INSTALL)
  return()
endif()

# All paths are relative to where the files lie: a prefix may be chosen when the
# package is installed, and be moved then.
file(CONFIGURE OUTPUT ${package}/evolveConfig.cmake @ONLY CONTENT
[[include(CMakeFindDependencyMacro)
find_dependency(Threads)
include(${CMAKE_CURRENT_LIST_DIR}/evolveTargets.cmake)
]])
write_basic_package_version_file(${package}/evolveConfigVersion.cmake
  VERSION ${version} COMPATIBILITY SameMinorVersion)
file(RELATIVE_PATH includedir
  ${CMAKE_INSTALL_FULL_LIBDIR} ${CMAKE_INSTALL_FULL_INCLUDEDIR})
file(CONFIGURE OUTPUT ${package}/evolve.pc @ONLY CONTENT
[[libdir=${pcfiledir}/..
includedir=${libdir}/@includedir@

Name: evolve
Description: an event loop
Version: @version@
Cflags: -I${includedir} -pthread
Libs: -L${libdir} -levolve -pthread
]])

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/evolve)
install(TARGETS ${stage}_evolve EXPORT evolveTargets FILE_SET HEADERS)
install(EXPORT evolveTargets NAMESPACE evolve:: DESTINATION ${package_dir})
install(FILES ${package}/evolveConfig.cmake ${package}/evolveConfigVersion.cmake
  DESTINATION ${package_dir})
install(FILES ${package}/evolve.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# A program outside finds it both ways.
if(TARGET ${stage}_test AND NOT CMAKE_CROSSCOMPILING)
  add_test(NAME ${stage}.installed_can_be_used
    COMMAND ${CMAKE_COMMAND} -Dbuild=${CMAKE_CURRENT_BINARY_DIR}
      -Dcompiler=${CMAKE_CXX_COMPILER} "-Dflags=${CMAKE_CXX_FLAGS}"
      -Dscratch=${CMAKE_CURRENT_BINARY_DIR}/outside
      -P ${CMAKE_CURRENT_SOURCE_DIR}/test/outside/use.cmake)
  set_tests_properties(${stage}.installed_can_be_used PROPERTIES TIMEOUT 300)
endif()
