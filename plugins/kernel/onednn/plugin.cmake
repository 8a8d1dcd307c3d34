# oneDNN travels with the plugin: its library is found in lib/deepseek/vendor, beside the plugins' folder. OpenMP is
# the runtime it was built with, asked for the number of threads.
find_package(OneDNN 3.0)
find_package(OpenMP REQUIRED COMPONENTS CXX)
if(NOT OneDNN_FOUND)
  set(DS_PLUGIN_SKIP "oneDNN 3 not found (./dev puts it into .venv)")
else()
  set(DS_PLUGIN_LIBRARIES OneDNN::dnnl OpenMP::OpenMP_CXX)
  cmake_path(GET OneDNN_LIBRARY PARENT_PATH texts)
  file(GLOB texts ${texts}/../share/doc/onednn/LICENSE ${texts}/../share/doc/onednn/THIRD-PARTY-PROGRAMS)
  ds_vendor_library(${OneDNN_LIBRARY} ${texts})
endif()
