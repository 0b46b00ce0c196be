// SPDX-License-Identifier: MIT
/* The names of the kinds of locks. */
#include "model/model.h"

#include <string.h>

static const char *const kinds[LOCK_KIND_CNT] = {
	[LOCK_GIL]	= "gil",
	[LOCK_GVL]	= "gvl",
	[LOCK_MUTEX]	= "mutex",
	[LOCK_RWLOCK]	= "rwlock",
	[LOCK_SEMAPHORE] = "semaphore",
	[LOCK_CONDVAR]	= "condvar",
	[LOCK_BARRIER]	= "barrier",
	[LOCK_JOIN]	= "join",
	[LOCK_PI]	= "pi",
	[LOCK_KERNEL]	= "kernel",
	[LOCK_FILE]	= "file",
	[LOCK_FUTEX]	= "futex",
};

const char *lock_kind_name(enum lock_kind k)
{
	return kinds[k];
}

int lock_kind_from_name(const char *name)
{
	for (int k = 0; k < LOCK_KIND_CNT; k++)
		if (!strcmp(kinds[k], name))
			return k;
	return -1;
}
