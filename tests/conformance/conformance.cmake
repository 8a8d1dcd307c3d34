# The plugin of broken operators that the suite must not let pass: build/<preset>/tests/conformance/broken.so.
add_library(conformance_broken MODULE EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/tests/conformance/plugins/broken.cc)
target_link_libraries(conformance_broken PRIVATE ds_options ds_sdk)
target_compile_definitions(conformance_broken PRIVATE DS_PLUGIN_NAME="test.broken")
target_link_options(conformance_broken PRIVATE -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/plugin.map)
set_target_properties(conformance_broken PROPERTIES PREFIX "" SUFFIX ".so" OUTPUT_NAME broken FOLDER tests
                                                    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/conformance)
if(TARGET test_conformance)
  target_link_libraries(test_conformance PRIVATE ds_conformance)
  add_dependencies(test_conformance conformance_broken)
endif()
