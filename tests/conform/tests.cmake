# Ours against the originals from the package registry. Without node or npm these tests fail, unless RIV_SKIP_INTEROP=1 says to skip them.
if(TARGET rivulet)
  function(conform name)
    add_test(NAME conform/${name} COMMAND sh ${CMAKE_SOURCE_DIR}/tests/conform/run.sh ${ARGN})
    set_tests_properties(conform/${name} PROPERTIES LABELS conform SKIP_RETURN_CODE 77 TIMEOUT 900
      ENVIRONMENT "RIVULET=$<TARGET_FILE:rivulet>")
  endfunction()
  conform(avm avm compare.mjs --mixed 2 --sessions)
  conform(avm_generated avm compare.mjs --generate 500 --seed 1000 --mixed 1 --sessions)
  conform(avm_grammar avm grammar.mjs --count 3000)
  # The newest original (0.64.1, our default), where the two lines above hold ours against 0.62.0.
  conform(avm_064 avm compare.mjs --mixed 1 --sessions)
  conform(avm_064_generated avm compare.mjs --generate 500 --seed 2000 --mixed 1 --sessions)
  foreach(name avm_064 avm_064_generated)
    set_tests_properties(conform/${name} PROPERTIES ENVIRONMENT "RIVULET=$<TARGET_FILE:rivulet>;AVM_VERSION=0.64")
  endforeach()
  conform(aqua aqua compare.mjs)
endif()
