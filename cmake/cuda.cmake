# Decides whether the CUDA kernels are built: sets HOLDFAST_CUDA_FOUND, and enables the CUDA language if so.
#
#   HOLDFAST_CUDA=AUTO   with them where a working nvcc 12 or newer is found (usual place: /usr/local/cuda), else without
#   HOLDFAST_CUDA=ON     with them, or the configuration fails
#   CMAKE_CUDA_ARCHITECTURES   the GPU of this machine; 90a without one. For packages "80;90a;90-virtual": the oldest there
#                              is code for, Hopper, and what newer cards translate

set(HOLDFAST_CUDA_FOUND OFF)

# The architecture of the first GPU here. "native" would leave out the instructions that only `a` architectures have.
function(holdfast_cuda_architecture result)
  execute_process(COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader
    OUTPUT_VARIABLE capability ERROR_QUIET RESULT_VARIABLE status)
  set(${result} 90a PARENT_SCOPE)
  if(status STREQUAL "0" AND capability MATCHES "^([0-9]+)\\.([0-9])")
    set(architecture ${CMAKE_MATCH_1}${CMAKE_MATCH_2})
    if(CMAKE_MATCH_1 GREATER_EQUAL 9)
      string(APPEND architecture a)
    endif()
    set(${result} ${architecture} PARENT_SCOPE)
  endif()
endfunction()

# `why` is empty when nvcc can be used.
function(holdfast_check_nvcc nvcc why)
  set(${why} "" PARENT_SCOPE)
  if(NOT nvcc)
    set(${why} "no nvcc was found on PATH, in $CUDA_HOME, $CUDA_PATH or /usr/local/cuda" PARENT_SCOPE)
    return()
  endif()
  execute_process(COMMAND ${nvcc} --version OUTPUT_VARIABLE version ERROR_QUIET)
  if(NOT version MATCHES "release ([0-9]+)\\.([0-9]+)")
    set(${why} "${nvcc} --version does not name a release" PARENT_SCOPE)
  elseif(CMAKE_MATCH_1 LESS 12)
    set(${why} "${nvcc} is release ${CMAKE_MATCH_1}.${CMAKE_MATCH_2}, want 12.0 or newer (C++20)" PARENT_SCOPE)
  endif()
endfunction()

if(NOT HOLDFAST_CUDA MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "HOLDFAST_CUDA is ${HOLDFAST_CUDA}, want AUTO, ON or OFF")
endif()

if(HOLDFAST_CUDA STREQUAL "OFF" OR HOLDFAST_SANITIZE)
  message(STATUS "CUDA kernels: off")
else()
  find_program(HOLDFAST_NVCC nvcc HINTS ENV CUDACXX PATHS ENV CUDA_HOME ENV CUDA_PATH /usr/local/cuda /opt/cuda
    PATH_SUFFIXES bin)
  holdfast_check_nvcc("${HOLDFAST_NVCC}" HOLDFAST_CUDA_WHY)
  if(NOT HOLDFAST_CUDA_WHY)
    if(NOT CMAKE_CUDA_ARCHITECTURES)
      holdfast_cuda_architecture(architecture)
      set(CMAKE_CUDA_ARCHITECTURES ${architecture} CACHE STRING "GPU architectures to compile for")
    endif()
    set(ENV{CUDACXX} ${HOLDFAST_NVCC})
    include(CheckLanguage)
    check_language(CUDA)
    if(NOT CMAKE_CUDA_COMPILER)
      set(HOLDFAST_CUDA_WHY "${HOLDFAST_NVCC} cannot compile for ${CMAKE_CUDA_ARCHITECTURES} with this C++ compiler")
    endif()
  endif()
  if(NOT HOLDFAST_CUDA_WHY)
    enable_language(CUDA)
    # CMake before 3.25.2 does not know the flags of nvcc's C++20.
    if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
      set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
      set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
    endif()
    find_package(CUDAToolkit QUIET)
    if(TARGET CUDA::cudart_static AND EXISTS ${CUDAToolkit_INCLUDE_DIRS}/cublasLt.h)
      set(HOLDFAST_CUDA_FOUND ON)
    else()
      set(HOLDFAST_CUDA_WHY "the toolkit of ${HOLDFAST_NVCC} has no cublasLt.h or no cudart_static")
    endif()
  endif()
  if(HOLDFAST_CUDA_FOUND)
    message(STATUS "CUDA kernels: ${HOLDFAST_NVCC}, architectures ${CMAKE_CUDA_ARCHITECTURES}")
  elseif(HOLDFAST_CUDA STREQUAL "ON")
    message(FATAL_ERROR "HOLDFAST_CUDA is ON, but ${HOLDFAST_CUDA_WHY}")
  else()
    message(STATUS "CUDA kernels: left out (${HOLDFAST_CUDA_WHY})")
  endif()
endif()

# holdfast_cuda_options(target): how the .cu files of a target are compiled.
function(holdfast_cuda_options target)
  # No --use_fast_math: results must agree with the CPU's.
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANGUAGE:CUDA>:--extended-lambda;--expt-relaxed-constexpr;-lineinfo>
    "$<$<COMPILE_LANGUAGE:CUDA>:SHELL:-Xcompiler=-Wall,-Wextra,-Wshadow>"
    "$<$<AND:$<COMPILE_LANGUAGE:CUDA>,$<BOOL:${HOLDFAST_WERROR}>>:SHELL:--Werror all-warnings>")
  # cuBLASLt (541 MB) is looked for at run time, so that a program starts on machines without it.
  target_link_libraries(${target} PUBLIC CUDA::cudart_static ${CMAKE_DL_LIBS})
endfunction()
