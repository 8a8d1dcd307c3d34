# The pool is the OpenMP runtime, the one oneDNN uses.
find_package(OpenMP REQUIRED COMPONENTS CXX)
set(DS_PLUGIN_LIBRARIES OpenMP::OpenMP_CXX)
