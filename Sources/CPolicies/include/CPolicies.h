#ifndef CPOLICIES_H
#define CPOLICIES_H

#include <stddef.h>

/// The bytes of Policies/fortimail-7.6.yaml, without a terminator.
extern const unsigned char fwlint_policy_fortimail_7_6[];
/// Their number.
extern const size_t fwlint_policy_fortimail_7_6_size;

#endif
