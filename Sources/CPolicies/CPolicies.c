#include "CPolicies.h"

static const unsigned char fortimail_7_6[] = {
#embed "../../Policies/fortimail-7.6.yaml"
};

const unsigned char *fwlint_policy_fortimail_7_6(size_t *size) {
  *size = sizeof fortimail_7_6;
  return fortimail_7_6;
}
