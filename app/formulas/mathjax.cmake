# holdfast_embed_mathjax(target): fetches MathJax and esbuild by npm (the versions of package-lock.json), bundles them
# with formula.js into one script, and puts it into the target as :/formulas/mathjax.js.
include(GNUInstallDirs)
find_program(HOLDFAST_NPM npm REQUIRED)
find_program(HOLDFAST_NODE NAMES node nodejs REQUIRED)

function(holdfast_embed_mathjax target)
  set(from ${CMAKE_CURRENT_SOURCE_DIR}/formulas/mathjax)
  set(work ${CMAKE_CURRENT_BINARY_DIR}/mathjax)
  set(script ${CMAKE_CURRENT_BINARY_DIR}/mathjax.js)
  set(sources)
  foreach(file package.json package-lock.json .npmrc formula.js attributes.js build.mjs)
    list(APPEND sources ${from}/${file})
  endforeach()
  add_custom_command(OUTPUT ${script} DEPENDS ${sources}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${work}
    COMMAND ${CMAKE_COMMAND} -E copy ${sources} ${work}
    COMMAND ${CMAKE_COMMAND} -E chdir ${work} ${HOLDFAST_NPM} ci --loglevel=error
    COMMAND ${CMAKE_COMMAND} -E chdir ${work} ${HOLDFAST_NODE} build.mjs ${script}
    COMMENT "Bundling MathJax" VERBATIM)
  install(FILES ${work}/node_modules/mathjax-full/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR}/licences
    RENAME mathjax.txt COMPONENT program)
  set_source_files_properties(${script} PROPERTIES QT_RESOURCE_ALIAS mathjax.js)
  qt_add_resources(${target} formulas PREFIX /formulas FILES ${script})
endfunction()
