#pragma once

// What Swift's Glibc module leaves out: it is built without _GNU_SOURCE.

/// Moves the calling thread into a new, empty network namespace; 0, or -1 with errno.
int network_namespace_unshare(void);

/// Moves the calling thread into the network namespace of a descriptor; 0, or -1 with errno.
int network_namespace_enter(int descriptor);
