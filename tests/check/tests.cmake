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
