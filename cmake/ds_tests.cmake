# ds_add_tests(folder [SOURCES files] [LIBS targets]): one GoogleTest program test_<folder>, one ctest entry. Without
# SOURCES: *_test.cc of the current folder. Its cases are counted in <build>/junit/test_<folder>.xml.
# A program with other flags (-fopenmp) reads the header itself.
set(CMAKE_PCH_WARN_INVALID OFF)

# Sanitizers are for what is tested; of the tests themselves, long chains of expectations, addresses are watched.
set(DS_TEST_OPTIONS "")
if(DS_SANITIZE MATCHES undefined)
  set(DS_TEST_OPTIONS -O0 -fno-sanitize=undefined)
endif()

if(DS_TESTS)
  find_package(GTest REQUIRED)
  find_package(Threads REQUIRED)
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/gtest_header.cc CONTENT "#include <gtest/gtest.h>\n")
  add_library(ds_gtest OBJECT ${PROJECT_BINARY_DIR}/gtest_header.cc)
  target_link_libraries(ds_gtest PRIVATE ds_options GTest::gtest Threads::Threads)
  target_compile_options(ds_gtest PRIVATE ${DS_TEST_OPTIONS})
  target_precompile_headers(ds_gtest PRIVATE <gtest/gtest.h>)
  # A precompiled header fits only the same kind of position independence.
  set_target_properties(ds_gtest PROPERTIES POSITION_INDEPENDENT_CODE OFF)
endif()

function(ds_add_tests folder)
  if(NOT DS_TESTS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 tests "" "" "SOURCES;LIBS")
  if(NOT tests_SOURCES)
    file(GLOB tests_SOURCES CONFIGURE_DEPENDS *_test.cc)
  endif()
  if(NOT tests_SOURCES)
    return()
  endif()
  set(program test_${folder})
  add_executable(${program} ${tests_SOURCES})
  target_link_libraries(${program} PRIVATE ds_options ${tests_LIBS} GTest::gtest_main Threads::Threads)
  target_compile_options(${program} PRIVATE ${DS_TEST_OPTIONS})
  target_include_directories(${program} PRIVATE ${PROJECT_SOURCE_DIR})
  target_precompile_headers(${program} REUSE_FROM ds_gtest)
  target_compile_definitions(${program} PRIVATE DS_SOURCE_DIR="${PROJECT_SOURCE_DIR}" DS_BUILD_DIR="${PROJECT_BINARY_DIR}")
  set_target_properties(${program} PROPERTIES POSITION_INDEPENDENT_CODE OFF
                                              RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests FOLDER tests)
  add_test(NAME ${program} COMMAND ${program} --gtest_brief=1 --gtest_output=xml:${PROJECT_BINARY_DIR}/junit/${program}.xml)
endfunction()
