# include/deepseek, lib/libdeepseek.so, lib/deepseek/{plugins,vendor}, bin/ds-plugin, find_package and pkg-config files.
include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/DeepSeek)

install(TARGETS deepseek EXPORT DeepSeekTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime
                                                        NAMELINK_COMPONENT development)
install(TARGETS ds_abi ds_sdk EXPORT DeepSeekTargets)
if(TARGET ds-plugin)
  install(TARGETS ds-plugin EXPORT DeepSeekTargets RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime)
endif()
foreach(headers abi/include/deepseek sdk/include/deepseek)
  if(EXISTS ${PROJECT_SOURCE_DIR}/${headers})
    install(DIRECTORY ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
            FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
  endif()
endforeach()
if(EXISTS ${PROJECT_SOURCE_DIR}/sdk/template)
  install(DIRECTORY sdk/template DESTINATION ${CMAKE_INSTALL_DATADIR}/deepseek COMPONENT runtime)
  install(DIRECTORY plugins/device/null/ DESTINATION ${CMAKE_INSTALL_DATADIR}/deepseek/null COMPONENT runtime
          FILES_MATCHING PATTERN "*.cc" PATTERN "*.h" PATTERN "*_test.cc" EXCLUDE)
endif()

install(EXPORT DeepSeekTargets NAMESPACE DeepSeek:: DESTINATION ${package} COMPONENT development)
configure_package_config_file(cmake/DeepSeekConfig.cmake.in ${package}/DeepSeekConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${package}/DeepSeekConfigVersion.cmake COMPATIBILITY SameMajorVersion)
file(COPY cmake/DeepSeekPlugin.cmake cmake/plugin.map DESTINATION ${PROJECT_BINARY_DIR}/${package})
foreach(file DeepSeekConfig.cmake DeepSeekConfigVersion.cmake DeepSeekPlugin.cmake plugin.map)
  install(FILES ${PROJECT_BINARY_DIR}/${package}/${file} DESTINATION ${package} COMPONENT development)
endforeach()
configure_file(cmake/deepseek.pc.in deepseek.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/deepseek.pc DESTINATION ${CMAKE_INSTALL_DATADIR}/pkgconfig COMPONENT development)

# The build tree serves find_package and ds-plugin as well as an installed one does.
export(EXPORT DeepSeekTargets NAMESPACE DeepSeek:: FILE ${PROJECT_BINARY_DIR}/${package}/DeepSeekTargets.cmake)
foreach(from abi sdk)
  file(GLOB headers CONFIGURE_DEPENDS ${from}/include/deepseek/*)
  execute_process(COMMAND ${CMAKE_COMMAND} -DFROM=${PROJECT_SOURCE_DIR}/${from}/include/deepseek
                          -DTO=${PROJECT_BINARY_DIR}/include/deepseek -P ${PROJECT_SOURCE_DIR}/cmake/link_tree.cmake)
endforeach()
if(EXISTS ${PROJECT_SOURCE_DIR}/sdk/template)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/share/deepseek)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/sdk/template ${PROJECT_BINARY_DIR}/share/deepseek/template SYMBOLIC)
  # A new device starts as a copy of the null device.
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/plugins/device/null ${PROJECT_BINARY_DIR}/share/deepseek/null SYMBOLIC)
endif()
