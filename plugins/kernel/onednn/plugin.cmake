# oneDNN travels with the plugin: its library is found in lib/deepseek/vendor, beside the plugins' folder.
find_package(OneDNN 3.0)
if(NOT OneDNN_FOUND)
  set(DS_PLUGIN_SKIP "oneDNN 3 not found (./dev puts it into .venv)")
else()
  set(DS_PLUGIN_LIBRARIES OneDNN::dnnl)
  ds_vendor_library(${OneDNN_LIBRARY})
endif()
