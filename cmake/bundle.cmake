# Run by the installation of the component `bundle`: puts every shared library that the programs need, and Qt's plugins
# with theirs, into lib/holdfast beside the programs.
# In:  holdfast_programs (files), qt_plugins (folder of Qt's plugins; empty: no window), CMAKE_INSTALL_PREFIX

cmake_minimum_required(VERSION 3.25)

set(destination "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}")
set(libraries ${destination}/lib/holdfast)

# Left to the system: the C library with its loader, whose parts must all be of one version, and graphics drivers.
# libEGL, libGLX and libOpenGL only find a driver, and are taken along because Qt does not start without them.
set(of_the_system
  "^ld-linux" "^lib(c|m|dl|rt|pthread|resolv|util|anl|mvec|nsl|nss_.*|thread_db|BrokenLocale)\\.so" "^linux-vdso"
  "^libcuda\\.so" "^libnvidia" "^libGL\\.so" "^libdrm" "^libgbm" "^libvulkan")

set(plugins)
if(qt_plugins)
  # The xcb and Wayland platforms and what belongs to them, typing by input methods, the desktop's file dialogs, TLS for
  # downloads, and the formats of pictures; offscreen is for tests and scripts.
  foreach(pattern platforms/libqxcb.so platforms/libqoffscreen.so platforms/libqwayland-generic.so
      wayland-shell-integration/*.so wayland-decoration-client/*.so
      platforminputcontexts/*.so platformthemes/libqxdgdesktopportal.so tls/libqopensslbackend.so
      imageformats/libqjpeg.so imageformats/libqgif.so imageformats/libqsvg.so iconengines/libqsvgicon.so)
    file(GLOB found RELATIVE ${qt_plugins} ${qt_plugins}/${pattern})
    list(APPEND plugins ${found})
  endforeach()
  if(NOT "platforms/libqxcb.so" IN_LIST plugins)
    message(FATAL_ERROR "${qt_plugins}/platforms/libqxcb.so was not found: a bundle needs Qt's xcb plugin")
  endif()
endif()

list(TRANSFORM plugins PREPEND ${qt_plugins}/ OUTPUT_VARIABLE plugin_files)
file(GET_RUNTIME_DEPENDENCIES EXECUTABLES ${holdfast_programs} LIBRARIES ${plugin_files}
  RESOLVED_DEPENDENCIES_VAR needed UNRESOLVED_DEPENDENCIES_VAR unresolved
  PRE_EXCLUDE_REGEXES ${of_the_system})
if(unresolved)
  message(FATAL_ERROR "these libraries are needed and were not found: ${unresolved}")
endif()

file(REMOVE_RECURSE ${libraries})
foreach(library IN LISTS needed)
  file(INSTALL ${library} DESTINATION ${libraries} TYPE SHARED_LIBRARY FOLLOW_SYMLINK_CHAIN)
  # A library with a run path of its own (Open MPI's) would look for its next ones in the system, not here.
  file(REAL_PATH ${library} real)
  get_filename_component(name ${real} NAME)
  file(RPATH_REMOVE FILE ${libraries}/${name})
endforeach()
foreach(plugin IN LISTS plugins)
  get_filename_component(folder ${plugin} DIRECTORY)
  file(INSTALL ${qt_plugins}/${plugin} DESTINATION ${libraries}/plugins/${folder} TYPE SHARED_LIBRARY)
endforeach()
if(qt_plugins)
  file(WRITE ${destination}/bin/qt.conf "[Paths]\nPrefix = ..\nPlugins = lib/holdfast/plugins\n")
endif()

# The licences of what is taken along, where the system is a Debian: each package names its own.
find_program(DPKG_QUERY dpkg-query)
if(DPKG_QUERY)
  set(packages)
  foreach(library IN LISTS needed plugin_files)
    file(REAL_PATH ${library} real)
    # On a merged /usr a file may be recorded under /lib or /usr/lib.
    string(REGEX REPLACE "^/usr/" "/" short ${real})
    execute_process(COMMAND ${DPKG_QUERY} -S ${real} ${short} OUTPUT_VARIABLE owner ERROR_QUIET)
    if(owner MATCHES "^([^:, \n]+)")
      list(APPEND packages ${CMAKE_MATCH_1})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES packages)
  foreach(package IN LISTS packages)
    if(EXISTS /usr/share/doc/${package}/copyright)
      file(REAL_PATH /usr/share/doc/${package}/copyright licence)
      file(INSTALL ${licence} DESTINATION ${destination}/share/doc/holdfast/licences RENAME ${package}.txt)
    endif()
  endforeach()
endif()
