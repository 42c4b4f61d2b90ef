#ifndef CPOLICIES_H
#define CPOLICIES_H

#include <stddef.h>

/// The bytes of Policies/fortimail-7.6.yaml, without a terminator; `size` receives their number.
const unsigned char *_Nonnull fwlint_policy_fortimail_7_6(size_t *_Nonnull size);

#endif
