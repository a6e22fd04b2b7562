# Installs programs and libraries into a folder, moves it, and starts it with nothing but what lies there.
# cmake -D BUILD=<build folder> -D WORK=<scratch folder> -D GUI=ON|OFF -P bundle_test.cmake

cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output ERROR_VARIABLE error RESULT_VARIABLE status)
  if(NOT status STREQUAL "0")
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\nended with ${status}:\n${output}${error}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

# Every library of `file` lies in the bundle, but for those that must be the system's. A plugin is loaded by a program,
# whose run path it then uses; here, without one, ARGN says where to look.
function(check_libraries file)
  run(env -i ${ARGN} ldd ${file})
  string(REGEX MATCHALL "[^\n]+=>[^\n]+" lines "${output}")
  foreach(line IN LISTS lines)
    if(NOT line MATCHES "^[ \t]*([^ ]+) => ${WORK}/moved/(bin/../)?lib/holdfast/" AND
       NOT line MATCHES "^[ \t]*lib(c|m|dl|rt|pthread|resolv|mvec)\\.so")
      message(FATAL_ERROR "${file}: not from the bundle: ${line}")
    endif()
  endforeach()
endfunction()

file(REMOVE_RECURSE ${WORK})
foreach(component program bundle)
  run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/installed --component ${component})
endforeach()
file(RENAME ${WORK}/installed ${WORK}/moved)

set(bin ${WORK}/moved/bin)
check_libraries(${bin}/holdfast)
run(env -i HOME=${WORK} ${bin}/holdfast --version)
if(GUI)
  check_libraries(${bin}/holdfast-window)
  check_libraries(${WORK}/moved/lib/holdfast/plugins/platforms/libqxcb.so LD_LIBRARY_PATH=${WORK}/moved/lib/holdfast)
  run(env -i HOME=${WORK} QT_QPA_PLATFORM=offscreen ${bin}/holdfast-window --version)
endif()
file(REMOVE_RECURSE ${WORK})
