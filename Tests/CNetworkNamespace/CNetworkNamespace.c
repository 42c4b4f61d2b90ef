#define _GNU_SOURCE
#include "CNetworkNamespace.h"

#include <sched.h>

int network_namespace_unshare(void) { return unshare(CLONE_NEWNET); }

int network_namespace_enter(int descriptor) { return setns(descriptor, CLONE_NEWNET); }
