# The rules of the house, as tests: order of rooms, quotes of the specifications, formatting.
add_test(NAME check/layers COMMAND ${CMAKE_SOURCE_DIR}/tools/check-layers ${CMAKE_BINARY_DIR})
add_test(NAME check/quotes COMMAND ${CMAKE_SOURCE_DIR}/tools/check-quotes)
add_test(NAME check/format COMMAND ${CMAKE_SOURCE_DIR}/tools/check-format)
set_tests_properties(check/layers check/quotes check/format PROPERTIES LABELS check)
if(RIV_SANITIZE)
  # Sanitizers put their own data and calls into every object.
  set_tests_properties(check/layers PROPERTIES DISABLED TRUE)
endif()
