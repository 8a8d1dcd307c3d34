# libdeepseek.so: one object library per folder of core/, lower folders first. tests/layering holds the order.
find_package(nlohmann_json REQUIRED)
find_package(Threads REQUIRED)

add_library(ds_abi INTERFACE)
add_library(DeepSeek::abi ALIAS ds_abi)
set_target_properties(ds_abi PROPERTIES EXPORT_NAME abi)
target_include_directories(ds_abi INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/abi/include>
                                            $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

set(DS_CORE_FOLDERS base tensor registry ir record autodiff run api)
set(objects "")
foreach(folder IN LISTS DS_CORE_FOLDERS)
  file(GLOB sources CONFIGURE_DEPENDS core/${folder}/*.cc)
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  if(sources)
    add_library(core_${folder} OBJECT ${sources})
    target_link_libraries(core_${folder} PRIVATE ds_options ds_abi nlohmann_json::nlohmann_json Threads::Threads)
    target_include_directories(core_${folder} PRIVATE ${PROJECT_SOURCE_DIR})
    target_compile_definitions(core_${folder} PRIVATE DS_VERSION_TEXT="${PROJECT_VERSION}")
    # The core has no arithmetic: small code, smallest where nothing is called per step.
    if(folder MATCHES "^(registry|autodiff)$")
      set(optimise -Os)
    else()
      set(optimise $<$<CONFIG:Release>:-O2>)
    endif()
    target_compile_options(core_${folder} PRIVATE -ffunction-sections -fdata-sections ${optimise})
    set_target_properties(core_${folder} PROPERTIES FOLDER core)
    list(APPEND objects $<TARGET_OBJECTS:core_${folder}>)
  endif()
endforeach()
if(NOT objects)
  file(WRITE ${PROJECT_BINARY_DIR}/empty.cc "")
  set(objects ${PROJECT_BINARY_DIR}/empty.cc)
endif()

add_library(deepseek SHARED ${objects})
add_library(DeepSeek::deepseek ALIAS deepseek)
target_link_libraries(deepseek PUBLIC ds_abi PRIVATE $<BUILD_INTERFACE:ds_options> Threads::Threads ${CMAKE_DL_LIBS})
target_link_options(deepseek PRIVATE -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/core.map -Wl,--no-undefined -Wl,--gc-sections)
set_target_properties(deepseek PROPERTIES SOVERSION 1 LINKER_LANGUAGE CXX INSTALL_RPATH ""
                                          LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/core.map)

# Unit tests of core folders see what the shared library hides.
add_library(ds_core STATIC EXCLUDE_FROM_ALL ${objects})
target_link_libraries(ds_core PUBLIC ds_abi nlohmann_json::nlohmann_json Threads::Threads ${CMAKE_DL_LIBS})
target_include_directories(ds_core PUBLIC ${PROJECT_SOURCE_DIR})
set_target_properties(ds_core PROPERTIES LINKER_LANGUAGE CXX)
