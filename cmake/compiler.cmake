# Flags of our own targets, the compiler cache, sanitizers.
add_library(ds_options INTERFACE)
target_compile_options(ds_options INTERFACE -Wall -Wextra $<$<BOOL:${DS_WERROR}>:-Werror>
                                            -fvisibility=hidden $<$<COMPILE_LANGUAGE:CXX>:-fvisibility-inlines-hidden>)
# GCC 12 raises these falsely, in its own headers and differently at every level of optimisation.
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  target_compile_options(ds_options INTERFACE -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow
                                              -Wno-stringop-overread -Wno-maybe-uninitialized
                                              -Wno-free-nonheap-object)
endif()
target_link_options(ds_options INTERFACE -Wl,-z,relro,-z,now -Wl,--as-needed)

if(DS_SANITIZE)
  add_compile_options(-fsanitize=${DS_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${DS_SANITIZE})
endif()

# Clones share the cache: paths below the source folder are hashed relative to it, the build folder's name is not.
find_program(DS_CCACHE ccache)
mark_as_advanced(DS_CCACHE)
if(DS_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(DS_LAUNCHER env CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}
                  CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${DS_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${DS_LAUNCHER})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${DS_LAUNCHER})
endif()
add_compile_options(-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
