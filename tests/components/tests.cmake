# The example of a component: built by cargo, looked at, called from Aqua. Skipped, with the reason, where Rust cannot build it.
add_test(NAME components/stock COMMAND ${CMAKE_SOURCE_DIR}/tests/components/stock.sh $<TARGET_FILE:rivulet> ${CMAKE_SOURCE_DIR}
         ${CMAKE_BINARY_DIR}/tests/components)
set_tests_properties(components/stock PROPERTIES LABELS components SKIP_RETURN_CODE 77 TIMEOUT 900)
