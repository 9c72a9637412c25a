# One interface target carries warnings and sanitizers, so that no flag is global.
add_library(wf_options INTERFACE)
target_compile_features(wf_options INTERFACE c_std_11)
target_compile_options(wf_options INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wcast-qual -Wformat=2 -Wundef -Wvla
  -fvisibility=hidden)
target_compile_definitions(wf_options INTERFACE _GNU_SOURCE)
if(WF_WERROR)
  target_compile_options(wf_options INTERFACE -Werror)
endif()
if(WF_SANITIZE)
  target_compile_options(wf_options INTERFACE -fsanitize=${WF_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(wf_options INTERFACE -fsanitize=${WF_SANITIZE})
endif()
if(WF_COVERAGE)
  # The counters of threads that run at once must not go back.
  target_compile_options(wf_options INTERFACE --coverage -O0 -fprofile-update=atomic)
  target_link_options(wf_options INTERFACE --coverage)
endif()
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS OFF)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
