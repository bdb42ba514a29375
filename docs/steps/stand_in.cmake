# Linux has no kqueue. The programs of steps that use it are built with the one
# that the tests have, and with what looks at compile time whether there is one.
if(CMAKE_SYSTEM_NAME STREQUAL Linux)
  file(GLOB with_kqueue CONFIGURE_DEPENDS evolve/kqueue.cpp evolve/eventop.cpp
    test/kqueue_on_epoll/*.cpp)
  add_library(${stage}_stand_in STATIC ${with_kqueue})
  target_include_directories(${stage}_stand_in
    BEFORE PUBLIC test/kqueue_on_epoll)
  target_link_libraries(${stage}_stand_in PUBLIC ${stage}_evolve)
  if(TARGET ${stage}_step)
    target_link_libraries(${stage}_step PRIVATE
      $<LINK_LIBRARY:WHOLE_ARCHIVE,${stage}_stand_in>)
  endif()
endif()
