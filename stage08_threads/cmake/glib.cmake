# Where GLib is, its main loop serves a base, as any other loop can.
if(TARGET ${stage}_test AND NOT CMAKE_CROSSCOMPILING)
  find_package(PkgConfig QUIET)
  if(PkgConfig_FOUND)
    pkg_check_modules(GLIB QUIET IMPORTED_TARGET glib-2.0)
  endif()
  if(GLIB_FOUND)
    add_executable(${stage}_glib test/glib/main.cpp)
    target_link_libraries(${stage}_glib PRIVATE
      ${stage}_evolve PkgConfig::GLIB)
    add_dependencies(${stage}_test ${stage}_glib)  # built with the tests
    add_test(NAME ${stage}.glib COMMAND ${stage}_glib)
    set_tests_properties(${stage}.glib PROPERTIES TIMEOUT 60)
  else()
    message(STATUS "${stage}: no GLib; its main loop is not tried")
  endif()
endif()
