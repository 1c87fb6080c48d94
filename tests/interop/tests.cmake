# Interop tests: peers from the package registries that talk to ours over loopback. Each folder brings its own part.
file(GLOB interop_parts CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*/interop.cmake)
foreach(part ${interop_parts})
  include(${part})
endforeach()
