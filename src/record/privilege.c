// SPDX-License-Identifier: MIT
/* Owns the decision what is kept, and why. */
#include "record/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/invoker.h"
#include "base/log.h"
#include "base/procfs.h"
#include "base/rights.h"
#include "record/filter.h"
#include "record/stats.h"

/*
 * Before 5.19 (c8644cd0efe7) kernel.unprivileged_bpf_disabled forbids even to look into
 * one's own maps. A bad descriptor tells: it is refused, or it is bad.
 */
static bool maps_need_right(void)
{
	union bpf_attr attr = { .map_fd = (__u32)-1 };

	return syscall(SYS_bpf, BPF_MAP_GET_NEXT_KEY, &attr, sizeof(attr)) && errno == EPERM;
}

static uint64_t wanted(const struct privilege_needs *needs)
{
	uint64_t set = RIGHTS_TO_LOOK | RIGHT(BPF);

	if (needs->file_dir_fd >= 0)
		set |= RIGHTS_TO_RENAME;
	if (needs->child)
		set |= RIGHT(KILL);
	/* Where the rights are given one by one, the old one may be all there is. */
	if (needs->late_uprobes)
		set |= rights_permitted() & RIGHT(PERFMON) ? RIGHT(PERFMON) : RIGHT(SYS_ADMIN);
	return set;
}

/* None is in effect when this begins: what works without is not kept. */
static int keep_least(const struct privilege_needs *needs)
{
	uint64_t set = wanted(needs), always = 0;
	int err = rights_keep(set, 0);

	if (err)
		return err;
	if (maps_need_right())
		always = RIGHT(BPF);
	else
		set &= ~RIGHT(BPF);
	if (needs->file_dir_fd >= 0 && !faccessat(needs->file_dir_fd, ".", W_OK | X_OK, AT_EACCESS))
		set &= ~RIGHTS_TO_RENAME;
	return rights_keep(set, always);
}

int privilege_drop(const struct privilege_needs *needs)
{
	struct invoker who = invoker_find();
	int err;

	stats_open();
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	err = invoker_become(&who);
	if (err)
		return log_err(err, "cannot become user %u, who called sudo",
			       (unsigned int)who.uid);
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	err = keep_least(needs);
	if (err)
		return log_err(err, "cannot give up capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return log_err(errno, "cannot set no_new_privs");
	err = filter_load(needs->child, needs->late_uprobes);
	if (err)
		log_info("system calls are not limited: %s", strerror(-err));
	return 0;
}

bool privilege_can_look(uint32_t pid)
{
	char exe[64];

	/*
	 * Refused, not gone: of a process that is no more nothing is missed. Its mappings
	 * would not do: CAP_PERFMON is enough for these, from 6.13 on.
	 */
	return procfs_exe(pid, exe, sizeof(exe)) != -EACCES;
}

const char *privilege_missing(void)
{
	uint64_t have = rights_effective();
	bool bpf = have & (RIGHT(BPF) | RIGHT(SYS_ADMIN));
	bool perfmon = have & (RIGHT(PERFMON) | RIGHT(SYS_ADMIN));

	if (bpf && perfmon)
		return NULL;
	return bpf ? "CAP_PERFMON" : perfmon ? "CAP_BPF" : "CAP_BPF and CAP_PERFMON";
}
