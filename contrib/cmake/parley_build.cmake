# Compiler settings that every target shares, and the helpers with which the folders declare their targets.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release)
endif()

# CMake's -O3 costs a tenth of the compile time. Only the hash kernels gain by it, and ask for it (base/CMakeLists.txt).
if(CMAKE_CXX_FLAGS_RELEASE STREQUAL "-O3 -DNDEBUG")
    set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
endif()

option(PARLEY_WERROR "Treat compiler warnings as errors" OFF)
set(PARLEY_SANITIZE "" CACHE STRING "Value for -fsanitize, for example address,undefined or thread")
option(PARLEY_FUZZ "Build the fuzz targets with libFuzzer (Clang only)" OFF)

option(PARLEY_PCH "Precompile the headers that most files include: half the work of a first build" ON)

# A first build takes a quarter of the processor time, a build after a change somewhat more.
option(PARLEY_UNITY "Compile the files of a folder in groups of eight" OFF)
if(PARLEY_UNITY)
    set(CMAKE_UNITY_BUILD ON)
    set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
    if(PARLEY_PCH)
        # Without these, ccache keeps its hands off files that use a precompiled header.
        set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros
            ${CCACHE_PROGRAM})
    endif()
endif()

add_library(parley_options INTERFACE)
target_include_directories(parley_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(parley_options INTERFACE -Wall -Wextra -Wconversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # GCC 12 reports these for correct uses of std::vector once everything is inlined (its bugs 105329, 105562,
    # 105651, 107852).
    target_compile_options(parley_options INTERFACE
        -Wno-stringop-overread -Wno-stringop-overflow -Wno-array-bounds -Wno-restrict -Wno-maybe-uninitialized)
    # The compiler's garbage collector starts at 128 MB, which a precompiled header fills by itself; from 500 MB on it
    # rarely runs. That saves a tenth of the time, and most files stay below 400 MB.
    target_compile_options(parley_options INTERFACE --param=ggc-min-heapsize=500000)
    if(PARLEY_UNITY)
        # A class of a .cpp whose members are of an anonymous namespace looks like one of a header.
        target_compile_options(parley_options INTERFACE -Wno-subobject-linkage)
    endif()
endif()
if(PARLEY_WERROR)
    target_compile_options(parley_options INTERFACE -Werror)
endif()
if(PARLEY_SANITIZE)
    # Of the directory, so that the options of a target come behind them.
    add_compile_options(-fsanitize=${PARLEY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(parley_options INTERFACE -fsanitize=${PARLEY_SANITIZE})
endif()
if(PARLEY_SANITIZE MATCHES "undefined")
    # These look at every access to memory and take a quarter of the compile time. A null pointer ends the program
    # anyway, AddressSanitizer knows the sizes of objects, and nothing reads through pointers of another alignment.
    add_compile_options(-fno-sanitize=null,alignment,vptr,object-size)
endif()
if(PARLEY_SANITIZE MATCHES "thread")
    # Asio's stand-alone fences are invisible to ThreadSanitizer (GCC warns of each); its locks suffice.
    target_compile_definitions(parley_options INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()
if(PARLEY_FUZZ)
    target_compile_options(parley_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Tests spend most of their compile time in the optimiser.
set(PARLEY_TEST_OPTIONS $<$<CONFIG:Release>:-Og>)
# UndefinedBehaviorSanitizer watches the product. In the tests' own code its checks cost two thirds of the compile time.
if(PARLEY_SANITIZE MATCHES "undefined")
    list(APPEND PARLEY_TEST_OPTIONS -fno-sanitize=undefined)
endif()

# For tests that spend their time in the libraries: without the optimiser they compile in three quarters of the time in
# a release build, and in half of it under AddressSanitizer.
set(PARLEY_PLAIN_TEST_OPTIONS ${PARLEY_TEST_OPTIONS} $<$<CONFIG:Release,RelWithDebInfo>:-O0>)

# parley_precompile(<target> [TESTS [PLAIN]]): shares one precompiled set of headers, for tests with GoogleTest. Each
# set of options needs its own.
function(parley_precompile target)
    if(NOT PARLEY_PCH)
        return()
    endif()
    cmake_parse_arguments(ARG "TESTS;PLAIN" "" "" ${ARGN})
    set(shared parley_precompiled)
    set(options ${PARLEY_TEST_OPTIONS})
    set(headers <algorithm> <array> <chrono> <deque> <functional> <map> <memory> <optional> <set> <span> <string>
        <string_view> <utility> <variant> <vector> <fmt/format.h>)
    if(ARG_TESTS)
        set(shared parley_precompiled_tests)
        list(APPEND headers <gmock/gmock.h> <gtest/gtest.h>)
    endif()
    if(ARG_PLAIN)
        set(shared parley_precompiled_plain_tests)
        set(options ${PARLEY_PLAIN_TEST_OPTIONS})
    endif()
    if(NOT TARGET ${shared})
        file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/${shared}.cpp CONTENT "")
        add_library(${shared} OBJECT ${CMAKE_BINARY_DIR}/${shared}.cpp)
        target_link_libraries(${shared} PRIVATE parley_options fmt::fmt)
        if(ARG_TESTS)
            target_link_libraries(${shared} PRIVATE GTest::gmock GTest::gtest)
            target_compile_options(${shared} PRIVATE ${options})
        endif()
        target_precompile_headers(${shared} PRIVATE ${headers})
    endif()
    target_precompile_headers(${target} REUSE_FROM ${shared})
    if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
        target_compile_options(${target} PRIVATE -fpch-preprocess -Wno-invalid-pch)
        target_compile_options(${shared} PRIVATE -fpch-preprocess -Wno-invalid-pch)
    endif()
endfunction()

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
        parley_precompile(parley_${name})
    else()
        add_library(parley_${name} INTERFACE)
        target_link_libraries(parley_${name} INTERFACE parley_options ${ARG_DEPENDS})
    endif()
endfunction()
