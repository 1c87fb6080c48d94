# The hello program in simulated networks with faults, one network for each seed. The service is the real module, built by clang.
find_program(RIV_WASM_CLANG NAMES clang-14 clang)
if(NOT RIV_WASM_CLANG)
  message(WARNING "no clang: the simulated campaign and the tests of work/ need a wasm service and are left out")
  return()
endif()
set(SIM_WASM ${CMAKE_BINARY_DIR}/tests/greeting.wasm)
add_custom_command(OUTPUT ${SIM_WASM}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/tests
  COMMAND ${RIV_WASM_CLANG} --target=wasm32-wasi -O2 -mexec-model=reactor -I${CMAKE_SOURCE_DIR}/sdk/c
          -o ${SIM_WASM} ${CMAKE_SOURCE_DIR}/examples/hello/greeting.c
  DEPENDS ${CMAKE_SOURCE_DIR}/examples/hello/greeting.c ${CMAKE_SOURCE_DIR}/sdk/c/marine.h VERBATIM)
add_custom_target(sim_wasm DEPENDS ${SIM_WASM})

riv_program(sim_campaign ${CMAKE_CURRENT_LIST_DIR}/campaign.c tests riv_sim)
target_link_libraries(sim_campaign PRIVATE riv_aqua)
add_dependencies(sim_campaign sim_wasm)
add_dependencies(all_tests sim_campaign)
target_compile_definitions(sim_campaign PRIVATE SIM_WASM="${SIM_WASM}" SIM_AIR="${CMAKE_CURRENT_LIST_DIR}/hello.air"
  SIM_AQUA="${CMAKE_SOURCE_DIR}/examples/hello/hello.aqua")
add_test(NAME sim/campaign COMMAND sim_campaign 1000)
set_tests_properties(sim/campaign PROPERTIES LABELS sim TIMEOUT 900)
if(RIV_SANITIZE)
  set_tests_properties(sim/campaign PROPERTIES DISABLED TRUE) # 1,000 seeds are for the plain build; here 100 do
  add_test(NAME sim/campaign_short COMMAND sim_campaign 100)
  set_tests_properties(sim/campaign_short PROPERTIES LABELS sim TIMEOUT 900)
endif()
if(TARGET work_work_test)
  add_dependencies(work_work_test sim_wasm)
endif()
