# deepseek._native (limited API, from ds.h through cffi, and native/*.c) and the package importable from the build tree:
# <build>/python/deepseek, whose Python files are links to the sources.
set(python ${PROJECT_SOURCE_DIR}/frontends/python)
file(GLOB sources CONFIGURE_DEPENDS ${python}/native/*.c)
if(NOT EXISTS ${python}/native/module.c)
  return()
endif()
# An interpreter without the sanitizer loads the module when LD_PRELOAD names its runtime; ./dev test does so.
if(DS_SANITIZE AND NOT DS_SANITIZE MATCHES address)
  message(STATUS "python skipped: an interpreter without ${DS_SANITIZE} cannot load it")
  return()
endif()
find_package(Python3 3.11 COMPONENTS Interpreter Development.Module)
if(NOT Python3_FOUND)
  message(STATUS "python skipped: no Python 3.11 with headers")
  return()
endif()
execute_process(COMMAND ${Python3_EXECUTABLE} -c "import cffi" RESULT_VARIABLE no_cffi OUTPUT_QUIET ERROR_QUIET)
if(no_cffi)
  message(STATUS "python skipped: ${Python3_EXECUTABLE} has no cffi")
  return()
endif()

set(binding ${PROJECT_BINARY_DIR}/python/native_binding.c)
file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/abi/include/deepseek/*.h)
add_custom_command(
  OUTPUT ${binding}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/python
  COMMAND ${Python3_EXECUTABLE} ${python}/build_ffi.py ${PROJECT_SOURCE_DIR}/abi/include ${binding}
  DEPENDS ${python}/build_ffi.py ${headers}
  COMMENT "Binding of ds.h"
  VERBATIM)
set_source_files_properties(${binding} PROPERTIES COMPILE_OPTIONS "-w")

add_library(python_native MODULE ${sources} ${binding})
target_include_directories(python_native PRIVATE ${python}/native)
target_compile_definitions(python_native PRIVATE Py_LIMITED_API=0x030A0000)
target_link_libraries(python_native PRIVATE ds_options deepseek Python3::Module)
# The wheel has lib/ inside the package, the build tree two folders up.
set_target_properties(
  python_native
  PROPERTIES PREFIX "" OUTPUT_NAME _native SUFFIX .abi3.so DEFINE_SYMBOL "" BUILD_WITH_INSTALL_RPATH ON
             INSTALL_RPATH "$ORIGIN/lib:$ORIGIN/../../lib" LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/python/deepseek)
add_custom_target(
  python ALL
  COMMAND ${CMAKE_COMMAND} -DFROM=${python}/deepseek -DTO=${PROJECT_BINARY_DIR}/python/deepseek -P
          ${PROJECT_SOURCE_DIR}/cmake/link_tree.cmake
  COMMENT "Python package"
  VERBATIM)
add_dependencies(python python_native)

if(DS_SANITIZE)
  return()
endif()
# What type checkers know of the operators comes from the registry, so every plugin is built first.
set(stubs __init__.pyi ops.pyi tensors.pyi)
list(TRANSFORM stubs PREPEND ${PROJECT_BINARY_DIR}/python/deepseek/)
add_custom_target(
  python_stubs ALL
  COMMAND ${CMAKE_COMMAND} -E env PYTHONPATH=${PROJECT_BINARY_DIR}/python PYTHONDONTWRITEBYTECODE=1
          ${Python3_EXECUTABLE} -m deepseek.stubs ${PROJECT_BINARY_DIR}/python/deepseek
  BYPRODUCTS ${stubs}
  COMMENT "Type stubs of the package"
  VERBATIM)
add_dependencies(python_stubs python plugins)
if(SKBUILD)
  install(TARGETS python_native LIBRARY DESTINATION . COMPONENT python)
  install(FILES ${stubs} DESTINATION . COMPONENT python)
endif()
