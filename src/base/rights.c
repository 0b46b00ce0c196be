// SPDX-License-Identifier: MIT
/*
 * Owns what was kept. The system calls are used as they are: a library's functions
 * would act on all threads, or know too few capabilities.
 */
#include "base/rights.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of the thread that called rights_keep(). */
static uint64_t kept, kept_always;

static int set(uint64_t permitted, uint64_t effective)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .permitted = (uint32_t)permitted, .effective = (uint32_t)effective },
		{ .permitted = (uint32_t)(permitted >> 32),
		  .effective = (uint32_t)(effective >> 32) },
	};

	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

static void get(uint64_t *permitted, uint64_t *effective)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	syscall(SYS_capget, &header, data);
	*permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	*effective = data[0].effective | (uint64_t)data[1].effective << 32;
}

uint64_t rights_effective(void)
{
	uint64_t permitted, effective;

	get(&permitted, &effective);
	return effective;
}

uint64_t rights_permitted(void)
{
	uint64_t permitted, effective;

	get(&permitted, &effective);
	return permitted;
}

int rights_keep(uint64_t wanted, uint64_t always)
{
	uint64_t permitted, effective;
	int err;

	get(&permitted, &effective);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	wanted &= permitted;
	always &= wanted;
	err = set(wanted, always);
	if (!err) {
		kept = wanted;
		kept_always = always;
	}
	return err;
}

void rights_only(uint64_t wanted)
{
	set(wanted, wanted);
}

void rights_drop(void)
{
	set(0, 0);
}

bool rights_raise(uint64_t wanted)
{
	wanted &= kept;
	return wanted && !set(kept, kept_always | wanted);
}

void rights_lower(void)
{
	set(kept, kept_always);
}
