# Where kqueue comes from: from the system if it has it. On Linux the library
# has none, and the tests of its backend run on a stand-in made of epoll.
set(KQUEUE_PROVIDER auto CACHE STRING "auto, native, shim or none")
set_property(CACHE KQUEUE_PROVIDER PROPERTY STRINGS auto native shim none)

include(CheckIncludeFileCXX)
check_include_file_cxx(sys/event.h HAVE_SYS_EVENT_H)
set(provider ${KQUEUE_PROVIDER})
if(provider STREQUAL auto)
  if(HAVE_SYS_EVENT_H)
    set(provider native)
  elseif(CMAKE_SYSTEM_NAME STREQUAL Linux)
    set(provider shim)
  else()
    set(provider none)
  endif()
endif()
message(STATUS "${stage}: kqueue: ${provider}")

if(provider STREQUAL native)
  if(NOT HAVE_SYS_EVENT_H)
    message(FATAL_ERROR "KQUEUE_PROVIDER=native: there is no <sys/event.h>")
  endif()
elseif(provider STREQUAL shim)
  if(NOT CMAKE_SYSTEM_NAME STREQUAL Linux)
    message(FATAL_ERROR "KQUEUE_PROVIDER=shim: it is made of Linux's epoll")
  endif()
  if(TARGET ${stage}_test)
    target_sources(${stage}_test PRIVATE evolve/kqueue.cpp
      test/kqueue_on_epoll/kqueue_on_epoll.cpp)
    target_include_directories(${stage}_test PRIVATE test/kqueue_on_epoll)
  endif()
elseif(provider STREQUAL none)
  target_compile_definitions(${stage}_evolve PUBLIC EVOLVE_NO_KQUEUE)
else()
  message(FATAL_ERROR "KQUEUE_PROVIDER=${provider}: neither auto, native, "
    "shim nor none")
endif()

# Its names are also those of others that it may be compiled together with.
set_source_files_properties(evolve/kqueue.cpp
  test/kqueue_on_epoll/kqueue_on_epoll.cpp PROPERTIES
  SKIP_UNITY_BUILD_INCLUSION ON)
