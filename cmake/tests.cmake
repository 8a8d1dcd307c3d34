# Tests of core, sdk and tests/; plugins' tests come with their folders.
foreach(folder IN LISTS DS_CORE_FOLDERS)
  file(GLOB sources CONFIGURE_DEPENDS core/${folder}/*_test.cc)
  if(sources)
    ds_add_tests(core_${folder} SOURCES ${sources} LIBS ds_core)
  endif()
endforeach()

file(GLOB_RECURSE sources CONFIGURE_DEPENDS sdk/*_test.cc)
list(FILTER sources EXCLUDE REGEX "/sdk/template/")
if(sources)
  ds_add_tests(sdk SOURCES ${sources} LIBS ds_conformance deepseek ds_sdk nlohmann_json::nlohmann_json ${CMAKE_DL_LIBS})
endif()

file(GLOB sources CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} tests/*/*_test.cc)
set(folders "")
foreach(source IN LISTS sources)
  cmake_path(GET source PARENT_PATH folder)
  list(APPEND folders ${folder})
endforeach()
list(REMOVE_DUPLICATES folders)
foreach(folder IN LISTS folders)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*_test.cc)
  string(REGEX REPLACE "^tests/" "" name ${folder})
  ds_add_tests(${name} SOURCES ${sources} LIBS deepseek ds_sdk nlohmann_json::nlohmann_json ${CMAKE_DL_LIBS})
endforeach()

# What the tests of a folder need besides: tests/<folder>/<folder>.cmake.
file(GLOB sources CONFIGURE_DEPENDS tests/*/*.cmake)
foreach(source IN LISTS sources)
  include(${source})
endforeach()

# Every example in C or C++ is a program that must end well.
file(GLOB sources CONFIGURE_DEPENDS examples/*.c examples/*.cc)
foreach(source IN LISTS sources)
  cmake_path(GET source STEM name)
  add_executable(example_${name} ${source})
  target_link_libraries(example_${name} PRIVATE ds_options deepseek ds_sdk m)
  set_target_properties(example_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/examples FOLDER examples)
  add_dependencies(example_${name} plugins)
  add_test(NAME example_${name} COMMAND example_${name})
endforeach()

find_package(Python3 3.9 COMPONENTS Interpreter)
if(Python3_FOUND AND EXISTS ${PROJECT_SOURCE_DIR}/tests/layering/layering.py)
  add_test(NAME layering COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/layering/layering.py
                                 --build ${PROJECT_BINARY_DIR} --cc ${CMAKE_C_COMPILER} --cxx ${CMAKE_CXX_COMPILER}
                                 --junit ${PROJECT_BINARY_DIR}/junit/layering.xml)
endif()
