# Puts page.css and page.js into the program, as C strings that page.c links.
function(eval_embed name file out)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
    string(APPEND ${out} "const char ${name}[] = {${bytes}0};\n")
    set(${out} "${${out}}" PARENT_SCOPE)
endfunction()

set(eval_page "// Made from src/eval/page.css and page.js.\n#include \"eval/page.h\"\n")
eval_embed(eval_page_css ${CMAKE_SOURCE_DIR}/src/eval/page.css eval_page)
eval_embed(eval_page_js ${CMAKE_SOURCE_DIR}/src/eval/page.js eval_page)
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/eval_page.c CONTENT "${eval_page}")
target_sources(fettle_eval PRIVATE ${CMAKE_BINARY_DIR}/eval_page.c)
