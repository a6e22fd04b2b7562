# What every target of ours has in common.

find_package(Threads REQUIRED)

add_library(holdfast_options INTERFACE)
target_include_directories(holdfast_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(holdfast_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wconversion>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${HOLDFAST_WERROR}>>:-Werror>)
target_link_libraries(holdfast_options INTERFACE Threads::Threads)
if(HOLDFAST_SANITIZE)
  target_compile_options(holdfast_options INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${HOLDFAST_SANITIZE};-fno-omit-frame-pointer;-fno-sanitize-recover=all>)
  target_link_options(holdfast_options INTERFACE -fsanitize=${HOLDFAST_SANITIZE})
endif()
if(HOLDFAST_FUZZERS)
  target_compile_options(holdfast_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=fuzzer-no-link>)
endif()

# holdfast_layer(name FOLDERS a b LINK libs): one static library of all .cpp of these folders.
function(holdfast_layer name)
  cmake_parse_arguments(arg "" "" "FOLDERS;LINK" ${ARGN})
  set(sources)
  foreach(folder IN LISTS arg_FOLDERS)
    file(GLOB found CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.h)
    list(APPEND sources ${found})
  endforeach()
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC holdfast_options ${arg_LINK})
endfunction()
