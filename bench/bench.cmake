# Programs of bench/ that span rooms.
function(bench_program name source)
  add_executable(${name} EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/bench/${source})
  target_link_libraries(${name} PRIVATE riv_avm ${ARGN})
  target_link_options(${name} PRIVATE ${RIV_FAST_LINK})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}) # "bench/avm/protocol.h"
  target_compile_options(${name} PRIVATE ${RIV_WARNINGS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench BUILD_RPATH ${DEPS}/wasmtime/lib)
  add_dependencies(all_bench ${name})
endfunction()
bench_program(bench_avm avm/ours.c)
bench_program(bench_avm_wasm avm/wasm.c wasmtime)
bench_program(bench_measure aqua/measure.c)
bench_program(bench_marine marine/ours.c riv_marine wasmtime)
