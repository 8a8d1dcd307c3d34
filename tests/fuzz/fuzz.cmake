# Plugins that each plant one aliasing bug: build/<preset>/tests/fuzz/<bug>.so; not beside the real ones, nor installed.
# Python's tests run without sanitizers.
if(DS_SANITIZE)
  return()
endif()
add_custom_target(fuzz_plugins ALL)

function(ds_fuzz_bugs source)
  foreach(bug IN LISTS ARGN)
    string(REGEX REPLACE "([a-z])([A-Z])" "\\1_\\2" name ${bug})
    string(TOLOWER ${name} name)
    add_library(fuzz_${name} MODULE ${PROJECT_SOURCE_DIR}/tests/fuzz/plugins/${source})
    target_link_libraries(fuzz_${name} PRIVATE ds_options ds_sdk)
    target_compile_definitions(fuzz_${name} PRIVATE BUG=${bug} DS_PLUGIN_NAME="test.${name}")
    target_link_options(fuzz_${name} PRIVATE -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/plugin.map)
    set_target_properties(fuzz_${name} PROPERTIES PREFIX "" SUFFIX ".so" OUTPUT_NAME ${name} FOLDER tests
                                                  LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/fuzz)
    add_dependencies(fuzz_plugins fuzz_${name})
  endforeach()
endfunction()

ds_fuzz_bugs(passes.cc MergesVersions DropsCoveredWrites ForwardsByShape ReadsPastWrites SwapsWrites JoinsAsDense
             PlansHalfOpen ForgetsViews HonestPlan)
ds_fuzz_bugs(kernels.cc ReadIgnoresOffset ReadNegativeAsPositive ReadZeroStrideAsOne ReadSquaresUntransposed ReadInPlace
             WriteBackwards WriteSkipsLastRow WriteDenseValue WriteChangesBase WriteOverValue CopyIgnoresStrides
             HonestRead HonestWrite)
