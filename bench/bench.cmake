# Programs of bench/ that span rooms.
add_executable(bench_avm EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/bench/avm/ours.c)
target_link_libraries(bench_avm PRIVATE riv_sim)
target_compile_options(bench_avm PRIVATE ${RIV_WARNINGS})
set_target_properties(bench_avm PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
add_dependencies(all_bench bench_avm)
