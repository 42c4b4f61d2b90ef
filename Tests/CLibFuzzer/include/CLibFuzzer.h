#pragma once
#include <stddef.h>
#include <stdint.h>

/// Calls libFuzzer's driver, which calls back with input after input. Returns its exit code.
int fwlint_fuzzer_run(int *_Nonnull argc, char *_Nullable *_Nullable *_Nonnull argv,
                      int (*_Nonnull callback)(const uint8_t *_Nullable bytes, size_t size));
