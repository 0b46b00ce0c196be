// SPDX-License-Identifier: MIT
/* Owns nothing; asks /proc. */
#include "base/pidns.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/procfs.h"

/* PROC_PID_INIT_INO of include/linux/proc_ns.h */
#define FIRST_INODE 0xeffffffcU

uint32_t pidns_inode(void)
{
	char name[64];
	uint32_t inode;

	/* A kernel without such namespaces has no such link. */
	if (procfs_link(name, sizeof(name), "/proc/self/ns/pid") ||
	    sscanf(name, "pid:[%u]", &inode) != 1)
		return 0;
	return inode == FIRST_INODE ? 0 : inode;
}

bool pidns_has_proc(void)
{
	uint32_t self = (uint32_t)getpid();
	struct procfs_status status;
	char name[64];

	/* Another namespace's does not know this process, or by another number, ... */
	if (procfs_link(name, sizeof(name), "/proc/self") || strtoul(name, NULL, 10) != self)
		return false;
	/* ... or by the same number, and says that it has one more. */
	return !procfs_status(self, &status) && !status.ns_depth;
}
