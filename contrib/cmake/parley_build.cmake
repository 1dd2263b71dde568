# Compiler settings that every target shares, and the helpers with which the folders declare their targets.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release)
endif()

option(PARLEY_WERROR "Treat compiler warnings as errors" OFF)
set(PARLEY_SANITIZE "" CACHE STRING "Value for -fsanitize, for example address,undefined or thread")
option(PARLEY_FUZZ "Build the fuzz targets with libFuzzer (Clang only)" OFF)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

add_library(parley_options INTERFACE)
target_include_directories(parley_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(parley_options INTERFACE -Wall -Wextra -Wconversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # GCC 12 reports these for correct uses of std::vector once everything is inlined (its bugs 105329, 105562,
    # 105651, 107852).
    target_compile_options(parley_options INTERFACE
        -Wno-stringop-overread -Wno-stringop-overflow -Wno-array-bounds -Wno-restrict -Wno-maybe-uninitialized)
endif()
if(PARLEY_WERROR)
    target_compile_options(parley_options INTERFACE -Werror)
endif()
if(PARLEY_SANITIZE)
    target_compile_options(parley_options INTERFACE
        -fsanitize=${PARLEY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(parley_options INTERFACE -fsanitize=${PARLEY_SANITIZE})
endif()
if(PARLEY_FUZZ)
    target_compile_options(parley_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# parley_library(<name> [DIRS <dir>...] [DEPENDS <target>...])
# A static library parley_<name> of every .cpp in the current folder, and in each of DIRS below it.
function(parley_library name)
    cmake_parse_arguments(ARG "" "" "DIRS;DEPENDS" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS *.cpp)
    foreach(dir IN LISTS ARG_DIRS)
        file(GLOB more CONFIGURE_DEPENDS ${dir}/*.cpp)
        list(APPEND sources ${more})
    endforeach()
    if(sources)
        add_library(parley_${name} STATIC ${sources})
        target_link_libraries(parley_${name} PUBLIC parley_options ${ARG_DEPENDS})
    else()
        add_library(parley_${name} INTERFACE)
        target_link_libraries(parley_${name} INTERFACE parley_options ${ARG_DEPENDS})
    endif()
endfunction()
