# oneDNN 3 from CMAKE_PREFIX_PATH, the system or .venv, where the packages of requirements.txt unpack it.
# Gives OneDNN::dnnl and OneDNN_LIBRARY.
find_path(OneDNN_INCLUDE_DIR oneapi/dnnl/dnnl.h HINTS ${PROJECT_SOURCE_DIR}/.venv/include)
find_library(OneDNN_LIBRARY NAMES dnnl libdnnl.so.3 HINTS ${PROJECT_SOURCE_DIR}/.venv/lib)
if(OneDNN_INCLUDE_DIR)
  file(STRINGS ${OneDNN_INCLUDE_DIR}/oneapi/dnnl/dnnl_version.h lines REGEX "define DNNL_VERSION_(MAJOR|MINOR|PATCH) ")
  list(TRANSFORM lines REPLACE ".* ([0-9]+)" "\\1")
  list(JOIN lines "." OneDNN_VERSION)
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OneDNN REQUIRED_VARS OneDNN_LIBRARY OneDNN_INCLUDE_DIR VERSION_VAR OneDNN_VERSION)
mark_as_advanced(OneDNN_INCLUDE_DIR OneDNN_LIBRARY)
if(OneDNN_FOUND AND NOT TARGET OneDNN::dnnl)
  add_library(OneDNN::dnnl UNKNOWN IMPORTED)
  set_target_properties(OneDNN::dnnl PROPERTIES IMPORTED_LOCATION ${OneDNN_LIBRARY}
                                                INTERFACE_INCLUDE_DIRECTORIES ${OneDNN_INCLUDE_DIR})
endif()
