# The binary as a user runs it: tests/e2e/e2e.py, one ctest entry for each of its groups.
find_program(PYTHON3 python3 REQUIRED)
add_dependencies(all_tests rivulet)
foreach(group usage compile tools run nodes crash relay demo)
  add_test(NAME e2e/${group} COMMAND ${PYTHON3} ${CMAKE_SOURCE_DIR}/tests/e2e/e2e.py $<TARGET_FILE:rivulet> ${CMAKE_SOURCE_DIR} ${group})
  set_tests_properties(e2e/${group} PROPERTIES LABELS e2e TIMEOUT 120)
endforeach()
