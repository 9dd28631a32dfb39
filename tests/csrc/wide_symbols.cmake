# Fails where a wide object defines a weak symbol that other objects may define too: the linker
# keeps one copy of each, and a CPU without that level's instructions may get this one
# (csrc/support/simd.h). Symbols that carry the name of the level's namespace are its own.
#
#   cmake -DNM=nm -DLEVEL=avx2 -DOBJECTS=a.o|b.o -P wide_symbols.cmake
string(REPLACE "|" ";" OBJECTS "${OBJECTS}")
string(LENGTH "${LEVEL}" length)
set(shared "")
foreach(object IN LISTS OBJECTS)
  execute_process(COMMAND ${NM} --defined-only ${object} OUTPUT_VARIABLE symbols
                  COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[0-9a-f]+ [WVu] [^\n]+" weak "${symbols}")
  foreach(symbol IN LISTS weak)
    if(NOT symbol MATCHES "${length}${LEVEL}")  # As names are mangled: the length, then the name.
      string(APPEND shared "\n  ${object}: ${symbol}")
    endif()
  endforeach()
endforeach()
if(shared)
  message(FATAL_ERROR "weak symbols that other objects may share:${shared}")
endif()
