# The headers plugin authors build with, and bin/ds-plugin.
add_library(ds_sdk INTERFACE)
add_library(DeepSeek::sdk ALIAS ds_sdk)
set_target_properties(ds_sdk PROPERTIES EXPORT_NAME sdk)
target_include_directories(ds_sdk INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/sdk/include>
                                            $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(ds_sdk INTERFACE ds_abi)
target_compile_features(ds_sdk INTERFACE cxx_std_20)

file(GLOB sources CONFIGURE_DEPENDS sdk/conformance/*.cc)
list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
add_library(ds_conformance STATIC ${sources})
target_link_libraries(ds_conformance PUBLIC deepseek ds_sdk PRIVATE ds_options)
target_include_directories(ds_conformance PUBLIC ${PROJECT_SOURCE_DIR})

file(GLOB sources CONFIGURE_DEPENDS sdk/ds-plugin/*.cc)
list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
if(sources)
  add_executable(ds-plugin ${sources})
  add_executable(DeepSeek::ds-plugin ALIAS ds-plugin)
  target_link_libraries(ds-plugin PRIVATE ds_options ds_conformance deepseek ds_sdk nlohmann_json::nlohmann_json Threads::Threads
                                          ${CMAKE_DL_LIBS})
  target_include_directories(ds-plugin PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_definitions(ds-plugin PRIVATE DS_VERSION_TEXT="${PROJECT_VERSION}")
  # A relinked core does not make every manifest anew.
  set_target_properties(ds-plugin PROPERTIES BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN/../lib"
                                             LINK_DEPENDS_NO_SHARED ON)
endif()
