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
