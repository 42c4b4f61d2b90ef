#include "CPolicies.h"

const unsigned char fwlint_policy_fortimail_7_6[] = {
#embed "../../Policies/fortimail-7.6.yaml"
};

const size_t fwlint_policy_fortimail_7_6_size = sizeof fwlint_policy_fortimail_7_6;
