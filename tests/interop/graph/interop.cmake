# The original's index clients on our GraphQL. Packages: those of ../deal. RIV_SKIP_INTEROP=1 skips; a missing tool is a failure.
if(TARGET rivulet)
  add_test(NAME interop/deal-index-clients COMMAND sh ${CMAKE_SOURCE_DIR}/tests/conform/run.sh ../interop/deal ../graph/clients.mjs)
  set_tests_properties(interop/deal-index-clients PROPERTIES LABELS interop TIMEOUT 300 SKIP_RETURN_CODE 77
    ENVIRONMENT "RIVULET=$<TARGET_FILE:rivulet>;SEARCH=$<TARGET_FILE:interop_deal_search>")
endif()
