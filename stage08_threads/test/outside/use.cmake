# Installs what is built in `build` below `scratch`, and builds and runs a
# program outside with it: once with find_package, once with pkg-config.
set(prefix ${scratch}/installed)
set(source ${CMAKE_CURRENT_LIST_DIR})
file(REMOVE_RECURSE ${scratch})

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

run(${CMAKE_COMMAND} --install ${build} --prefix ${prefix})
run(${CMAKE_COMMAND} -S ${source} -B ${scratch}/found
  -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_CXX_COMPILER=${compiler}
  "-DCMAKE_CXX_FLAGS=${flags}")
run(${CMAKE_COMMAND} --build ${scratch}/found)
run(${scratch}/found/outside)

find_program(pkg_config NAMES pkg-config pkgconf)
if(NOT pkg_config)
  message(FATAL_ERROR "pkg-config is missing: apt-get install pkg-config")
endif()
file(GLOB_RECURSE description ${prefix}/*/evolve.pc)
cmake_path(GET description PARENT_PATH folder)
set(ENV{PKG_CONFIG_PATH} ${folder})
execute_process(COMMAND ${pkg_config} --cflags --libs evolve
  OUTPUT_VARIABLE found COMMAND_ERROR_IS_FATAL ANY
  OUTPUT_STRIP_TRAILING_WHITESPACE)
separate_arguments(found UNIX_COMMAND "${found}")
separate_arguments(flags UNIX_COMMAND "${flags}")
run(${compiler} -std=c++20 ${flags} ${source}/main.cpp -o ${scratch}/outside
  ${found})
# Where the loader finds it, should it be shared.
cmake_path(GET folder PARENT_PATH folder)
set(ENV{LD_LIBRARY_PATH} ${folder})
run(${scratch}/outside)
