// SPDX-License-Identifier: MIT
/* Owns nothing; include/par_futex.h knows the shapes. */
#include "symbol/futex_look.h"

#include <stdio.h>
#include <string.h>

#include "base/procfs.h"
#include "base/reach.h"
#include "event/sysno.h"
#include "par_futex.h"

/*
 * The thread's stack pointer, if it is still in the call that @cause tells of:
 * "202 0x7f… 0x80 0x2 0x0 0x0 0x0 SP PC", or "running".
 */
static bool read_sp(uint32_t tid, const struct par_cause *cause, __u64 *sp)
{
	unsigned long long args[6], stack;
	char line[256];
	int sysno;

	if (procfs_read(line, sizeof(line), "/proc/%u/syscall", tid) <= 0 ||
	    sscanf(line, "%d %llx %llx %llx %llx %llx %llx %llx", &sysno, &args[0], &args[1],
		   &args[2], &args[3], &args[4], &args[5], &stack) != 8 ||
	    sysno != cause->sysno)
		return false;
	for (int i = 0; i < 4; i++)
		if (args[i] != cause->args[i])
			return false;
	*sp = stack;
	return true;
}

static bool read_part(uint32_t tid, uint64_t addr, void *buf, size_t len)
{
	return reach_memory(tid, addr, buf, len) == (ssize_t)len;
}

/* As bpf/cause.bpf.c does: in parts where a page is missing. */
static bool read_window(uint32_t tid, struct par_futex_wait *w)
{
	uint64_t before = w->uaddr - PAR_FUTEX_BEFORE;

	if (read_part(tid, before, w->window, PAR_FUTEX_WINDOW))
		return true;
	memset(w->window, 0, PAR_FUTEX_WINDOW);
	read_part(tid, before, w->window, PAR_FUTEX_BEFORE);
	return read_part(tid, w->uaddr, &PAR_AT(w, 0), PAR_FUTEX_AFTER) ||
	       read_part(tid, w->uaddr, &PAR_AT(w, 0), 8);
}

bool futex_look(uint32_t tid, struct par_cause *cause)
{
	struct par_futex_wait w = { .uaddr = cause->args[0] };
	struct par_futex_what what;
	const char *call = sysno_name(cause->sysno);

	if (!call || (cause->flags & PAR_CAUSE_COMPAT))
		return false;
	if (!strcmp(call, "futex")) {
		w.op = (uint32_t)cause->args[1];
		w.val = (uint32_t)cause->args[2];
		w.is_timed = cause->args[3] != 0;
	} else if (!strcmp(call, "futex_wait")) {
		w.op = PAR_FUTEX_WAIT_BITSET | (cause->args[3] & PAR_FUTEX_PRIVATE);
		w.val = (uint32_t)cause->args[1];
		w.is_timed = cause->args[4] != 0;
	} else {
		return false;
	}
	if (!read_sp(tid, cause, &w.sp) || !read_window(tid, &w))
		return false;
	what = par_futex_look(&w);
	/* What was seen when it began to wait counts: the lock may be free by now. */
	if (cause->shape == PAR_SHAPE_UNKNOWN)
		cause->shape = what.shape;
	if (what.owner_tid) {
		cause->owner_tid = what.owner_tid;
		cause->flags |= PAR_CAUSE_LOOKED;
	}
	return true;
}
