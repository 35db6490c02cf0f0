# Puts the page's files into the program: web/... -> a C table that fettle_server links.
set(web_files
    index.html
    style.css
    docs.css
    icon.svg
    js/app.js
    js/api.js
    js/charts.js
    js/clock.js
    js/detail.js
    js/format.js
    js/incidents.js
    js/marks.js
    js/sensitivity.js
    js/sensors.js
    js/stream.js
    js/theme.js
    vendor/uplot/uPlot.iife.min.js
    vendor/uplot/uPlot.min.css
    vendor/uplot/LICENSE.txt)
list(TRANSFORM web_files PREPEND ${CMAKE_SOURCE_DIR}/web/ OUTPUT_VARIABLE web_paths)
add_executable(embed_files ${CMAKE_SOURCE_DIR}/web/embed/embed_files.c)
target_link_libraries(embed_files PRIVATE PkgConfig::ZLIB)
add_custom_command(
    OUTPUT ${CMAKE_BINARY_DIR}/web_files.c
    COMMAND embed_files ${CMAKE_BINARY_DIR}/web_files.c ${CMAKE_SOURCE_DIR}/web ${web_files}
    DEPENDS embed_files ${web_paths}
    COMMENT "Embedding the page")
target_sources(fettle_server PRIVATE ${CMAKE_BINARY_DIR}/web_files.c)
