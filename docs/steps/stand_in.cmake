# Linux has no kqueue. The programs of steps that use it are built with the one
# that the tests have, and with what looks at compile time whether there is one.
if(CMAKE_SYSTEM_NAME STREQUAL Linux)
  file(GLOB with_kqueue CONFIGURE_DEPENDS evolve/kqueue.cpp evolve/eventop.cpp
    test/kqueue_on_epoll/*.cpp)
  add_library(${stage}_stand_in STATIC EXCLUDE_FROM_ALL ${with_kqueue})
  target_include_directories(${stage}_stand_in
    BEFORE PRIVATE test/kqueue_on_epoll)
  target_link_libraries(${stage}_stand_in PRIVATE ${stage}_evolve)
  if(TARGET ${stage}_step)
    set_property(DIRECTORY APPEND PROPERTY
      CMAKE_CONFIGURE_DEPENDS sample/step.cpp)
    file(STRINGS sample/step.cpp uses_kqueue
      REGEX "^#include (<sys/event\\.h>|\"evolve/kqueue\\.h\")")
    if(uses_kqueue)
      target_sources(${stage}_step PRIVATE ${with_kqueue})
      target_include_directories(${stage}_step
        BEFORE PRIVATE test/kqueue_on_epoll)
    endif()
  endif()
endif()
