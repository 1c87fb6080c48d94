# The rules of the house, as tests: order of rooms, quotes of the specifications, formatting.
add_test(NAME check/layers COMMAND ${CMAKE_SOURCE_DIR}/tools/check-layers ${CMAKE_BINARY_DIR})
add_test(NAME check/quotes COMMAND ${CMAKE_SOURCE_DIR}/tools/check-quotes)
add_test(NAME check/format COMMAND ${CMAKE_SOURCE_DIR}/tools/check-format)
set_tests_properties(check/layers check/quotes check/format PROPERTIES LABELS check)
# The interpreter built by gcc and clang at -O0 and -O3 gives the same bytes.
add_test(NAME check/determinism COMMAND sh ${CMAKE_SOURCE_DIR}/tests/check/determinism.sh ${CMAKE_BINARY_DIR})
set_tests_properties(check/determinism PROPERTIES LABELS check TIMEOUT 900 SKIP_RETURN_CODE 77)
if(RIV_SANITIZE)
  set_tests_properties(check/determinism PROPERTIES DISABLED TRUE) # it compiles by itself
  # Sanitizers put their own data and calls into every object.
  set_tests_properties(check/layers PROPERTIES DISABLED TRUE)
endif()
# Services answer the same in every process and with every optimisation of the engine: random modules, and a real one. More by hand:
# marine_repeat FIRST-SEED COUNT, marine_repeat FILE.wasm FUNCTION ARGS-JSON...
riv_program(marine_repeat ${CMAKE_CURRENT_LIST_DIR}/marine_repeat.c tests riv_marine ${CMAKE_CURRENT_LIST_DIR}/wasm_random.c)
target_include_directories(marine_repeat PRIVATE ${CMAKE_SOURCE_DIR}) # "tests/check/wasm_random.h"
add_dependencies(all_tests marine_repeat)
add_test(NAME check/marine_repeat COMMAND marine_repeat 1 60)
set_tests_properties(check/marine_repeat PROPERTIES LABELS "check;marine" TIMEOUT 600)
# A made-up life of a chain, exported and replayed: by one build (with whatever sanitizers it has), and by gcc and clang, -O0 and -O3.
riv_program(chain_life ${CMAKE_CURRENT_LIST_DIR}/chain_life.c tests riv_rpc)
add_dependencies(all_tests chain_life)
add_test(NAME chain/life COMMAND chain_life both 2 1000)
add_test(NAME chain/life_g0 COMMAND chain_life both 9 1000)
set_tests_properties(chain/life chain/life_g0 PROPERTIES LABELS chain TIMEOUT 600)
add_test(NAME check/chain_replay COMMAND sh ${CMAKE_SOURCE_DIR}/tests/check/chain_replay.sh ${CMAKE_BINARY_DIR})
set_tests_properties(check/chain_replay PROPERTIES LABELS "check;chain" TIMEOUT 900 SKIP_RETURN_CODE 77)
if(RIV_SANITIZE)
  set_tests_properties(check/chain_replay PROPERTIES DISABLED TRUE) # it compiles by itself
endif()
