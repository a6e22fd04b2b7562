# Two ways to a copy that runs elsewhere:
#   cmake --install build/release --prefix /usr/local      the programs and their resources; libraries stay the system's
#   cpack --config build/release/CPackConfig.cmake         a .tar.gz with the libraries beside them, for this Linux and newer

include(GNUInstallDirs)

set(holdfast_programs holdfast)
if(HOLDFAST_GUI)
  list(APPEND holdfast_programs holdfast-window)
endif()
# Library paths of the build (a CUDA toolkit's) follow the bundle's own folder.
set_target_properties(${holdfast_programs} PROPERTIES
  INSTALL_RPATH "$ORIGIN/../lib/holdfast" INSTALL_RPATH_USE_LINK_PATH ON)

install(TARGETS ${holdfast_programs} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
# The program looks for share/holdfast beside its bin, so that the whole may be moved.
install(DIRECTORY resources/ DESTINATION ${CMAKE_INSTALL_DATADIR}/holdfast COMPONENT program
  PATTERN README.md EXCLUDE PATTERN desktop EXCLUDE)
install(FILES LICENSE CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
if(HOLDFAST_GUI)
  install(FILES resources/desktop/holdfast.desktop
    DESTINATION ${CMAKE_INSTALL_DATADIR}/applications COMPONENT program)
  install(FILES resources/desktop/holdfast.metainfo.xml
    DESTINATION ${CMAKE_INSTALL_DATADIR}/metainfo COMPONENT program)
  install(FILES resources/icons/holdfast.svg
    DESTINATION ${CMAKE_INSTALL_DATADIR}/icons/hicolor/scalable/apps COMPONENT program)
  foreach(size 16 32 48 64 128 256)
    install(FILES resources/icons/holdfast-${size}.png RENAME holdfast.png
      DESTINATION ${CMAKE_INSTALL_DATADIR}/icons/hicolor/${size}x${size}/apps COMPONENT program)
  endforeach()
  find_package(Qt6 REQUIRED COMPONENTS Core)
  set(qt_plugins ${QT6_INSTALL_PREFIX}/${QT6_INSTALL_PLUGINS})
endif()

# The component `bundle` is for the archive alone: a system has these libraries already.
list(TRANSFORM holdfast_programs REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE program_files)
install(CODE "set(holdfast_programs \"${program_files}\")\nset(qt_plugins \"${qt_plugins}\")"
  COMPONENT bundle EXCLUDE_FROM_ALL)
install(SCRIPT cmake/bundle.cmake COMPONENT bundle EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR TGZ)
set(CPACK_PACKAGE_NAME holdfast)
set(CPACK_PACKAGE_VENDOR Holdfast)
set(CPACK_PACKAGE_FILE_NAME "holdfast-${PROJECT_VERSION}-linux-${CMAKE_SYSTEM_PROCESSOR}")
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL program bundle)
set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_COMPONENT_INCLUDE_TOPLEVEL_DIRECTORY ON)
include(CPack)
