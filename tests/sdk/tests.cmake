# Modules from C, C++ and Rust as their authors make them: tests/sdk/sdk.py, one ctest entry for each of its groups.
set(sdk_groups build new pack examples published)
if(NOT RIV_SANITIZE) # these run other tools for minutes, and little of ours
  list(APPEND sdk_groups rust sqlite)
endif()
foreach(group ${sdk_groups})
  add_test(NAME sdk/${group} COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/sdk.py $<TARGET_FILE:rivulet> ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR} ${group})
  set_tests_properties(sdk/${group} PROPERTIES LABELS e2e TIMEOUT 600 SKIP_RETURN_CODE 77)
endforeach()
