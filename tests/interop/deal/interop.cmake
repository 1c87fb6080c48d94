# The original's own market clients on our chain. RIV_SKIP_INTEROP=1 skips; a missing tool is a failure.
if(TARGET rivulet)
  riv_program(interop_deal_search ${CMAKE_CURRENT_LIST_DIR}/search.c tests riv_proof)
  add_dependencies(all_tests interop_deal_search)
  add_test(NAME interop/deal-ts-clients COMMAND sh ${CMAKE_SOURCE_DIR}/tests/conform/run.sh ../interop/deal life.mjs)
  set_tests_properties(interop/deal-ts-clients PROPERTIES LABELS interop TIMEOUT 600 SKIP_RETURN_CODE 77
    ENVIRONMENT "RIVULET=$<TARGET_FILE:rivulet>;SEARCH=$<TARGET_FILE:interop_deal_search>")
  # Some 470 MB of packages, minutes, and two fixed ports: in `make full` alone, or by ctest -C full -L fluence-cli.
  add_test(NAME interop/fluence-cli CONFIGURATIONS full COMMAND sh ${CMAKE_SOURCE_DIR}/tests/conform/run.sh ../interop/deal/cli life.mjs)
  set_tests_properties(interop/fluence-cli PROPERTIES LABELS fluence-cli TIMEOUT 1800 SKIP_RETURN_CODE 77
    ENVIRONMENT "RIVULET=$<TARGET_FILE:rivulet>;SEARCH=$<TARGET_FILE:interop_deal_search>")
endif()
