# What is installed besides the programs: the client library for C, its headers and pkg-config file; and the package.
install(TARGETS wf_protocol wf_base ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY protocol/ shingles/base DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/wirefold FILES_MATCHING PATTERN "*.h")
# The file finds the rest from where it lies, wherever the package is unpacked.
file(RELATIVE_PATH WF_PREFIX_FROM_PC /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/wirefold.pc.in wirefold.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/wirefold.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES README.md LICENSE docs/access.md docs/protocol.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR})
# Where systemd looks below /usr and /usr/local, whatever the library folder is.
install(FILES packaging/systemd/wirefoldd.service packaging/systemd/wirefoldd.socket DESTINATION lib/systemd/system)
install(FILES packaging/systemd/wirefold.conf DESTINATION lib/sysusers.d)

set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_VENDOR "wirefold")
set(CPACK_PACKAGE_CONTACT "The authors of wirefold <wirefold@wirefold.example>")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_CURRENT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
include(CPack)
