// SPDX-License-Identifier: MIT
/* Owns nothing: asks the kernel for its version, and for an event. */
#include "record/tracepoint.h"

#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/procfs.h"

#define PREEMPTIBLE_SINCE 7

bool tracepoint_is_preemptible(void)
{
	struct utsname u;

	return !uname(&u) && strtol(u.release, NULL, 10) >= PREEMPTIBLE_SINCE;
}

/* libbpf looks in both places, too. */
static int event_id(char *text, size_t size)
{
	int len = procfs_read(text, size, "/sys/kernel/tracing/events/raw_syscalls/sys_exit/id");

	if (len <= 0)
		len = procfs_read(text, size,
				  "/sys/kernel/debug/tracing/events/raw_syscalls/sys_exit/id");
	return len;
}

bool tracepoint_is_perf_usable(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
	};
	char text[32];
	long fd;

	if (event_id(text, sizeof(text)) <= 0)
		return false;
	attr.config = strtoull(text, NULL, 10);
	fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return false;
	close((int)fd);
	return true;
}
