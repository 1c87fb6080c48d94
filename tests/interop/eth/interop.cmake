# Ethereum's clients on our chain: ethers, viem, cast. RIV_SKIP_INTEROP=1 skips; a missing tool is a failure.
if(TARGET rivulet)
  add_test(NAME interop/eth-clients COMMAND sh ${CMAKE_SOURCE_DIR}/tests/conform/run.sh ../interop/eth client.mjs)
  set_tests_properties(interop/eth-clients PROPERTIES LABELS interop TIMEOUT 300 SKIP_RETURN_CODE 77 ENVIRONMENT "RIVULET=$<TARGET_FILE:rivulet>")
endif()
