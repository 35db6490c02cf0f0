# Puts the paraphrase grammars into the program, as C strings.
set(factory_grammars "// Made from src/factory/*.grammar.\n#include \"factory/factory_private.h\"\n")
file(GLOB grammars CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/factory/*.grammar)
foreach(grammar ${grammars})
    get_filename_component(name ${grammar} NAME_WE)
    eval_embed(factory_${name}_grammar ${grammar} factory_grammars)
endforeach()
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/factory_grammars.c CONTENT "${factory_grammars}")
target_sources(fettle_factory PRIVATE ${CMAKE_BINARY_DIR}/factory_grammars.c)
