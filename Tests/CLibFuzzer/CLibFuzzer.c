#include "CLibFuzzer.h"

// Declared by FuzzerInterface.h of compiler-rt, which toolchains ship only as a library.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *, size_t));

int fwlint_fuzzer_run(int *argc, char ***argv, int (*callback)(const uint8_t *, size_t)) {
  return LLVMFuzzerRunDriver(argc, argv, callback);
}
