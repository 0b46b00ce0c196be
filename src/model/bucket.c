// SPDX-License-Identifier: MIT
/* The tables behind bucket.h. */
#include "model/bucket.h"

#include <string.h>

static const struct {
	const char *name;
	enum bucket_group group;
} buckets[BUCKET_CNT] = {
	[BUCKET_CPU_USER]	= { "cpu_user", GROUP_CPU },
	[BUCKET_CPU_KERNEL]	= { "cpu_kernel", GROUP_CPU },
	[BUCKET_RUN_QUEUE]	= { "run_queue", GROUP_CPU_WAIT },
	[BUCKET_THROTTLED]	= { "throttled", GROUP_CPU_WAIT },
	[BUCKET_GIL]		= { "gil", GROUP_LOCK },
	[BUCKET_LOCK]		= { "lock", GROUP_LOCK },
	[BUCKET_KERNEL_LOCK]	= { "kernel_lock", GROUP_LOCK },
	[BUCKET_SYNC]		= { "sync", GROUP_SYNC },
	[BUCKET_IPC]		= { "ipc", GROUP_IPC },
	[BUCKET_CHILD]		= { "child", GROUP_IPC },
	[BUCKET_DISK]		= { "disk", GROUP_IO },
	[BUCKET_NETWORK]	= { "network", GROUP_IO },
	[BUCKET_MEMORY]		= { "memory", GROUP_IO },
	[BUCKET_SLEEP]		= { "sleep", GROUP_IDLE },
	[BUCKET_IDLE]		= { "idle", GROUP_IDLE },
	[BUCKET_STOPPED]	= { "stopped", GROUP_IDLE },
	[BUCKET_OTHER]		= { "other", GROUP_OTHER },
};

static const char *const groups[GROUP_CNT] = {
	[GROUP_CPU]		= "cpu",
	[GROUP_CPU_WAIT]	= "cpu_wait",
	[GROUP_IO]		= "io",
	[GROUP_LOCK]		= "lock",
	[GROUP_IPC]		= "ipc",
	[GROUP_SYNC]		= "sync",
	[GROUP_IDLE]		= "idle",
	[GROUP_OTHER]		= "other",
};

const char *bucket_name(enum bucket b)
{
	return buckets[b].name;
}

int bucket_from_name(const char *name)
{
	for (int b = 0; b < BUCKET_CNT; b++)
		if (!strcmp(buckets[b].name, name))
			return b;
	return -1;
}

enum bucket_group bucket_group(enum bucket b)
{
	return buckets[b].group;
}

const char *bucket_group_name(enum bucket_group g)
{
	return groups[g];
}
