// SPDX-License-Identifier: MIT
/* Owns two constant tables; the generated one wins where they overlap. */
#include "event/sysno.h"

#include <asm/unistd.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const names[] = {
#include "sysno_table.h"
};

/* Programs of 32 bits on x86-64 have numbers of their own. */
static const char *const compat_names[] = {
#if defined(__x86_64__)
#include "sysno_table32.h"
#else
	NULL
#endif
};

const char *sysno_compat_name(int sysno)
{
	return sysno >= 0 && (size_t)sysno < COUNT(compat_names) ? compat_names[sysno] : NULL;
}

/*
 * A recorder is often built with headers older than the kernel it meets. From
 * 424 on every architecture uses the same numbers, so these need no headers.
 */
#define RECENT_FIRST 449

/* clang-format off */
static const char *const recent_names[] = {
	"futex_waitv",
	"set_mempolicy_home_node",
	"cachestat",
	"fchmodat2",
	"map_shadow_stack",
	"futex_wake",
	"futex_wait",
	"futex_requeue",
	"statmount",
	"listmount",
	"lsm_get_self_attr",
	"lsm_set_self_attr",
	"lsm_list_modules",
	"mseal",
	"setxattrat",
	"getxattrat",
	"listxattrat",
	"removexattrat",
	"open_tree_attr",
	"file_getattr",
	"file_setattr",
};
/* clang-format on */

_Static_assert(__NR_io_uring_setup == 425, "numbers from 424 on are common");

const char *sysno_name(int nr)
{
	if (nr < 0)
		return NULL;
	if ((size_t)nr < COUNT(names) && names[nr])
		return names[nr];
	if (nr >= RECENT_FIRST && (size_t)nr - RECENT_FIRST < COUNT(recent_names))
		return recent_names[nr - RECENT_FIRST];
	return NULL;
}

int sysno_from_name(const char *name)
{
	int end = RECENT_FIRST + (int)COUNT(recent_names);

	if (end < (int)COUNT(names))
		end = (int)COUNT(names);
	for (int nr = 0; nr < end; nr++) {
		const char *known = sysno_name(nr);

		if (known && !strcmp(known, name))
			return nr;
	}
	return -ENOENT;
}
