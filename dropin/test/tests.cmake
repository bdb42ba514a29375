# Programs that are linked to libevent itself, and run on it and on ours.
enable_testing()
find_package(Python3 REQUIRED COMPONENTS Interpreter)
find_library(libevent event_core)
find_library(libevent_pthreads event_pthreads)
if(NOT libevent OR NOT libevent_pthreads)
  message(FATAL_ERROR "The tests compare with libevent, and CMake found none.\n"
    "  Debian, Ubuntu: apt-get install libevent-dev\n"
    "Without tests: add -DBUILD_TESTING=OFF.")
endif()
set(test ${CMAKE_CURRENT_SOURCE_DIR}/test)
set(ours ${CMAKE_BINARY_DIR}/lib)
set(compare ${Python3_EXECUTABLE} ${test}/compare.py)

# program(NAME SOURCE): one that knows nothing of ours.
function(program name source)
  add_executable(${name} ${source})
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/programs)
  target_link_libraries(${name} PRIVATE ${libevent} ${libevent_pthreads}
    Threads::Threads)
  target_compile_options(${name} PRIVATE -Wall -Wextra)
  target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
  add_dependencies(${name} event_core event event_pthreads)
endfunction()

# on_ours(NAME COMMAND...): a test whose command runs on our libraries.
function(on_ours name)
  add_test(NAME dropin.${name} COMMAND ${ARGN})
  set_tests_properties(dropin.${name} PROPERTIES TIMEOUT 120
    ENVIRONMENT "LD_LIBRARY_PATH=${ours};LD_BIND_NOW=1")
endfunction()

# compared(NAME [OPTION...]): a test that runs the cases of a program on both.
function(compared name)
  program(${name} test/${name}.c)
  add_test(NAME dropin.${name}
    COMMAND ${compare} ${ARGN} ${ours} $<TARGET_FILE:${name}>)
  set_tests_properties(dropin.${name} PROPERTIES TIMEOUT 300)
endfunction()

# Each case writes the same on both; a random program is a case of its own.
foreach(name events io library loops random signals threads timers util)
  compared(${name})
endforeach()

# Or what the table says. Some end by a signal, which a sanitizer would catch; or
# have no memory, of which a sanitizer needs more.
if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  compared(starved)
  compared(differences --table ${CMAKE_CURRENT_SOURCE_DIR}/differences.md)
endif()

# poll() knows better than libevent.
program(lives test/lives.c)
foreach(method EPOLL POLL)
  on_ours(lives_without_${method} ${CMAKE_COMMAND} -E env EVENT_NO${method}=1
    $<TARGET_FILE:lives>)
endforeach()

# What libevent does not survive. The program's own getrandom() is called.
program(alone test/alone.c)
set_target_properties(alone PROPERTIES ENABLE_EXPORTS ON)
on_ours(alone $<TARGET_FILE:alone>)
program(exceptions test/exceptions.cpp)
on_ours(exceptions $<TARGET_FILE:exceptions>)

# All that the headers declare is there, and nothing else.
add_test(NAME dropin.libraries
  COMMAND ${Python3_EXECUTABLE} ${test}/libraries.py ${ours} ${headers})
set_tests_properties(dropin.libraries PROPERTIES TIMEOUT 60)
