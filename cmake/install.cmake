# What `make install` puts where. Paths inside the installed files are relative to themselves, so
# that one build serves every prefix.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

if(TARGET tacit)
  install(TARGETS tacit DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
if(TARGET tacit_archive)
  install(TARGETS tacit_archive DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
install(TARGETS tacit_shared DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES include/tacit.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES docs/man/tacit.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES tools/completion.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
        RENAME tacit)

file(RELATIVE_PATH PC_TO_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/tacit.pc.in tacit.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/tacit.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

configure_package_config_file(cmake/tacit-config.cmake.in tacit-config.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/tacit
  PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(tacit-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/tacit-config.cmake ${CMAKE_BINARY_DIR}/tacit-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/tacit)
