# The tests start the tool.
if(TARGET test_author AND TARGET ds-plugin)
  add_dependencies(test_author ds-plugin)
endif()
