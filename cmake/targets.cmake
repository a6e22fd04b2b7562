# What every target of ours has in common.

find_package(Threads REQUIRED)

add_library(holdfast_options INTERFACE)
target_include_directories(holdfast_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(holdfast_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wconversion>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${HOLDFAST_WERROR}>>:-Werror>)
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC takes a .cpp that is included by a unity file for a header, where types of anonymous namespaces would be a fault.
  target_compile_options(holdfast_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)
endif()
target_link_libraries(holdfast_options INTERFACE Threads::Threads)
# Libraries that are named but not used are left out. DT_RPATH, unlike DT_RUNPATH, is also used for the libraries of our
# libraries: an unpacked bundle needs no wrapper.
target_link_options(holdfast_options INTERFACE -Wl,--disable-new-dtags -Wl,--as-needed)
if(HOLDFAST_SANITIZE)
  target_compile_options(holdfast_options INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${HOLDFAST_SANITIZE};-fno-omit-frame-pointer;-fno-sanitize-recover=all>)
  target_link_options(holdfast_options INTERFACE -fsanitize=${HOLDFAST_SANITIZE})
endif()
if(HOLDFAST_FUZZERS)
  target_compile_options(holdfast_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=fuzzer-no-link>)
endif()

# holdfast_layer(name FOLDERS a b [SOURCES more] [EXCLUDE files] LINK libs): one static library of all .cpp of these
# folders.
function(holdfast_layer name)
  cmake_parse_arguments(arg "" "" "FOLDERS;SOURCES;EXCLUDE;LINK" ${ARGN})
  set(sources)
  foreach(folder IN LISTS arg_FOLDERS)
    set(path ${CMAKE_CURRENT_SOURCE_DIR}/${folder})
    file(GLOB found CONFIGURE_DEPENDS ${path}/*.cpp ${path}/*.h)
    list(APPEND sources ${found})
  endforeach()
  foreach(excluded IN LISTS arg_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX "/${excluded}$")
  endforeach()
  list(APPEND sources ${arg_SOURCES})
  holdfast_keep_out_of_unity("${sources}")
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC holdfast_options ${arg_LINK})
endfunction()

# Highway compiles a file once for each instruction set by including it again: such a file must stay alone. So do CUDA
# files, whose kernels compile side by side.
function(holdfast_keep_out_of_unity sources)
  foreach(source IN LISTS sources)
    file(STRINGS ${source} again LIMIT_COUNT 1 REGEX "^#include .hwy/foreach_target\\.h.")
    if(again OR source MATCHES "\\.cu$")
      set_source_files_properties(${source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endforeach()
endfunction()
