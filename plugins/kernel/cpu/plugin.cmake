# simd/*.cc are compiled once per instruction set, in a namespace each; simd.cc chooses at run time.
file(GLOB simd_sources CONFIGURE_DEPENDS ${DS_PLUGIN_FOLDER}/simd/*.cc)
set(levels "base:16:")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(levels "base:16:-march=x86-64-v2" "avx2:32:-march=x86-64-v3" "avx512:64:-march=x86-64-v4,-mprefer-vector-width=512")
endif()
foreach(level IN LISTS levels)
  string(REGEX MATCH "^([a-z0-9]+):([0-9]+):(.*)$" unused "${level}")
  set(isa ${CMAKE_MATCH_1})
  set(bytes ${CMAKE_MATCH_2})
  string(REPLACE "," ";" flags "${CMAKE_MATCH_3}")
  add_library(kernel_cpu_${isa} OBJECT ${simd_sources})
  target_link_libraries(kernel_cpu_${isa} PRIVATE ds_options DeepSeek::sdk)
  target_include_directories(kernel_cpu_${isa} PRIVATE ${DS_PLUGIN_FOLDER})
  target_compile_definitions(kernel_cpu_${isa} PRIVATE DS_ISA=${isa} DS_VECTOR_BYTES=${bytes})
  # Optimised in every build type: unoptimised intrinsics would make the tests crawl. Intrinsics of GCC's headers read
  # "uninitialised" values on purpose. Integer lanes wrap, as the instructions do.
  target_compile_options(kernel_cpu_${isa} PRIVATE ${flags} -O3 -fno-math-errno -fno-trapping-math -ffp-contract=fast
                                                   -fno-strict-aliasing -fwrapv -Wno-psabi -Wno-maybe-uninitialized)
  set_target_properties(kernel_cpu_${isa} PROPERTIES POSITION_INDEPENDENT_CODE ON FOLDER plugins)
  list(APPEND DS_PLUGIN_LIBRARIES kernel_cpu_${isa})
endforeach()
# The tests run the rows themselves: they are linked into the test program.
list(APPEND tests ${sources})
