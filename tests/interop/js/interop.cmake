# What we compile for JavaScript in the published client. RIV_SKIP_INTEROP=1 skips; a missing tool is a failure.
if(TARGET rivulet)
  add_test(NAME interop/js-client COMMAND sh ${CMAKE_SOURCE_DIR}/tests/conform/run.sh ../interop/js client.mjs)
  set_tests_properties(interop/js-client PROPERTIES LABELS interop TIMEOUT 600 SKIP_RETURN_CODE 77 ENVIRONMENT "RIVULET=$<TARGET_FILE:rivulet>")
endif()
