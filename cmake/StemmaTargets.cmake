# Functions that every part uses to declare its targets, so that warnings, sanitizers and the
# header check are the same everywhere.
#
#   stemma_library(NAME [INTERFACE] INCLUDE dir HEADERS glob-root SOURCES ... LINK ...)
#   stemma_program(NAME DIRECTORY bin|guests SOURCES ... LINK ...)
#   stemma_unit_tests(PART SOURCES ... LINK ...)
#   stemma_fuzz_target(NAME SOURCES ... LINK ...)
#   stemma_benchmark(NAME SOURCES ... LINK ...)

add_library(stemma_options INTERFACE)
target_compile_options(stemma_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Wextra-semi -Werror)
target_compile_definitions(stemma_options INTERFACE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
if(STEMMA_SANITIZE)
  target_compile_options(stemma_options INTERFACE -fsanitize=${STEMMA_SANITIZE}
    -fno-omit-frame-pointer -fno-sanitize-recover=all
    # tests, built with RTTI, call objects of the guests, built without
    -fno-sanitize=vptr
    # gcc 12 reports these falsely once the sanitizers have instrumented the code
    -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds)
  target_link_options(stemma_options INTERFACE -fsanitize=${STEMMA_SANITIZE})
endif()
if(STEMMA_FUZZ)
  target_compile_options(stemma_options INTERFACE -fsanitize=fuzzer-no-link,address,undefined
    -fno-sanitize=vptr -fno-omit-frame-pointer -fno-sanitize-recover=all
    # clang blames the caller for what std::stable_sort of libstdc++ 12 calls
    -Wno-deprecated-declarations)
  target_link_options(stemma_options INTERFACE -fsanitize=address,undefined)
endif()

# Compiles each header alone: a header that leans on its includer does not build.
function(stemma_check_headers NAME INCLUDE_DIR)
  file(GLOB_RECURSE headers RELATIVE ${INCLUDE_DIR} CONFIGURE_DEPENDS ${INCLUDE_DIR}/*.hpp)
  set(checks)
  foreach(header IN LISTS headers)
    string(MAKE_C_IDENTIFIER ${header} id)
    set(check ${CMAKE_CURRENT_BINARY_DIR}/header_check/${id}.cpp)
    file(CONFIGURE OUTPUT ${check} CONTENT "#include \"${header}\"\n")
    list(APPEND checks ${check})
  endforeach()
  if(checks)
    add_library(${NAME}_header_check OBJECT ${checks})
    target_compile_options(${NAME}_header_check PRIVATE -O0 -g0)
    target_link_libraries(${NAME}_header_check PRIVATE ${NAME})
    set_target_properties(${NAME}_header_check PROPERTIES EXCLUDE_FROM_ALL ON CXX_COMPILER_LAUNCHER "")
    set_property(GLOBAL APPEND PROPERTY STEMMA_HEADER_CHECKS ${NAME}_header_check)
  endif()
endfunction()

function(stemma_library NAME)
  cmake_parse_arguments(ARG "" "INCLUDE" "SOURCES;LINK" ${ARGN})
  cmake_path(ABSOLUTE_PATH ARG_INCLUDE NORMALIZE)
  if(ARG_SOURCES)
    add_library(${NAME} STATIC ${ARG_SOURCES})
    target_include_directories(${NAME} PUBLIC ${ARG_INCLUDE})
    target_link_libraries(${NAME} PUBLIC stemma_options ${ARG_LINK})
    # These builds are for tests alone: what nearly every file includes is read once. The release build has no
    # such header, and so finds a file that leans on it.
    if(STEMMA_SANITIZE)
      target_precompile_headers(${NAME} PRIVATE <algorithm> <array> <chrono> <cstring> <deque> <expected>
        <functional> <map> <memory> <optional> <span> <string> <unordered_map> <utility> <variant> <vector>)
    endif()
  else()
    add_library(${NAME} INTERFACE)
    target_include_directories(${NAME} INTERFACE ${ARG_INCLUDE})
    target_link_libraries(${NAME} INTERFACE stemma_options ${ARG_LINK})
  endif()
endfunction()

function(stemma_program NAME)
  cmake_parse_arguments(ARG "" "DIRECTORY" "SOURCES;LINK" ${ARGN})
  add_executable(${NAME} ${ARG_SOURCES})
  target_link_libraries(${NAME} PRIVATE stemma_options ${ARG_LINK})
  set_target_properties(${NAME} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/${ARG_DIRECTORY})
endfunction()

# One executable a part, build/PRESET/tests/unit_PART; every Catch2 case is a CTest test.
function(stemma_unit_tests PART)
  if(STEMMA_FUZZ OR NOT STEMMA_UNIT_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(unit_${PART} ${ARG_SOURCES})
  target_link_libraries(unit_${PART} PRIVATE stemma_options catch_main ${ARG_LINK})
  target_precompile_headers(unit_${PART} REUSE_FROM catch_pch)
  set_target_properties(unit_${PART} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  # A name with a semicolon is several to CMake, and none of them a test: that shall not pass.
  catch_discover_tests(unit_${PART} TEST_PREFIX "${PART}: " EXTRA_ARGS --warn NoTests
    PROPERTIES LABELS unit TIMEOUT 300)
endfunction()

# build/fuzz/fuzz/fuzz_NAME; its seeds lie beside it in corpus/NAME.
function(stemma_fuzz_target NAME)
  if(NOT STEMMA_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(fuzz_${NAME} ${ARG_SOURCES})
  target_link_libraries(fuzz_${NAME} PRIVATE stemma_options ${ARG_LINK})
  target_link_options(fuzz_${NAME} PRIVATE -fsanitize=fuzzer)
  set_target_properties(fuzz_${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  set_property(GLOBAL APPEND PROPERTY STEMMA_FUZZ_TARGETS fuzz_${NAME})
endfunction()

function(stemma_benchmark NAME)
  if(STEMMA_FUZZ OR STEMMA_SANITIZE)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${NAME} ${ARG_SOURCES})
  target_link_libraries(${NAME} PRIVATE stemma_options ${ARG_LINK})
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
endfunction()
