# deepseek_add_plugin(NAME kind.name [SOURCES files] [LIBRARIES targets] [OUTPUT_DIRECTORY folder]
#                     [VERSION 1.2.0] [DESCRIPTION text] [LICENSE spdx] [DEPENDENCIES plugins])
#
# Builds <kind>.<name>.so and its manifest <kind>.<name>.json. Without SOURCES: every *.cc and *.c of the current folder
# but *_test.cc. The library exports its door only, shares no C++ global with other plugins, and does not link the core.
# This file serves the project itself and, installed, everybody who says find_package(DeepSeek).
include_guard(GLOBAL)

function(deepseek_add_plugin)
  cmake_parse_arguments(PARSE_ARGV 0 plugin "" "NAME;OUTPUT_DIRECTORY;VERSION;DESCRIPTION;LICENSE" "SOURCES;LIBRARIES;DEPENDENCIES")
  if(NOT plugin_NAME MATCHES "^[a-z0-9_-]+(\\.[a-z0-9_-]+)*$")
    message(FATAL_ERROR "deepseek_add_plugin: NAME '${plugin_NAME}' is not made of [a-z0-9_.-]")
  endif()
  if(NOT plugin_SOURCES)
    file(GLOB plugin_SOURCES CONFIGURE_DEPENDS *.cc *.c)
    list(FILTER plugin_SOURCES EXCLUDE REGEX "_test\\.cc$")
  endif()
  if(NOT plugin_OUTPUT_DIRECTORY)
    set(plugin_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  endif()

  set(door ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
  add_library(${plugin_NAME} MODULE ${plugin_SOURCES})
  target_link_libraries(${plugin_NAME} PRIVATE DeepSeek::sdk ${plugin_LIBRARIES})
  # What the door says about the plugin.
  list(JOIN plugin_DEPENDENCIES " " plugin_DEPENDENCIES)
  foreach(field NAME VERSION DESCRIPTION LICENSE DEPENDENCIES)
    if(plugin_${field})
      target_compile_definitions(${plugin_NAME} PRIVATE "DS_PLUGIN_${field}=\"${plugin_${field}}\"")
    endif()
  endforeach()
  target_compile_options(
    ${plugin_NAME}
    PRIVATE -fvisibility=hidden $<$<COMPILE_LANGUAGE:CXX>:-fvisibility-inlines-hidden>
            $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-fno-gnu-unique>)
  target_link_options(${plugin_NAME} PRIVATE -Wl,--version-script=${door} -Wl,-z,relro,-z,now -Wl,--as-needed
                      $<$<CXX_COMPILER_ID:GNU>:-Wl,--no-undefined>)
  set_target_properties(
    ${plugin_NAME}
    PROPERTIES PREFIX "" SUFFIX ".so" DEFINE_SYMBOL "" POSITION_INDEPENDENT_CODE ON LINK_DEPENDS ${door}
               LIBRARY_OUTPUT_DIRECTORY ${plugin_OUTPUT_DIRECTORY} BUILD_WITH_INSTALL_RPATH ON)

  # The manifest has its own target, so that sources compile before ds-plugin exists.
  if(TARGET DeepSeek::ds-plugin)
    set(manifest ${plugin_OUTPUT_DIRECTORY}/${plugin_NAME}.json)
    add_custom_command(
      OUTPUT ${manifest}
      COMMAND DeepSeek::ds-plugin manifest $<TARGET_FILE:${plugin_NAME}> > ${manifest}.new
      COMMAND ${CMAKE_COMMAND} -E rename ${manifest}.new ${manifest}
      DEPENDS ${plugin_NAME} DeepSeek::ds-plugin
      COMMENT "Manifest ${plugin_NAME}.json"
      VERBATIM)
    add_custom_target(${plugin_NAME}.manifest ALL DEPENDS ${manifest})
  endif()
endfunction()
