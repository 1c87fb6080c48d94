# Modules from C, C++ and Rust as their authors make them: tests/sdk/sdk.py, one ctest entry for each of its groups.
set(sdk_groups build new pack examples published)
if(NOT RIV_SANITIZE) # these run other tools for minutes, and little of ours
  list(APPEND sdk_groups rust sqlite)
endif()
foreach(group ${sdk_groups})
  add_test(NAME sdk/${group} COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/sdk.py $<TARGET_FILE:rivulet> ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR} ${group})
  set_tests_properties(sdk/${group} PROPERTIES LABELS e2e TIMEOUT 600 SKIP_RETURN_CODE 77)
endforeach()
add_test(NAME sdk/original COMMAND sh ${CMAKE_SOURCE_DIR}/tests/conform/run.sh marine ${CMAKE_CURRENT_LIST_DIR}/languages.mjs ${CMAKE_BINARY_DIR})
set_tests_properties(sdk/original PROPERTIES LABELS conform SKIP_RETURN_CODE 77 TIMEOUT 600 
  ENVIRONMENT "RIVULET=$<TARGET_FILE:rivulet>;MARINE_DRIVER=$<TARGET_FILE:conform_marine_driver>")
