// SPDX-License-Identifier: MIT
/* Owns nothing: an event goes with its link. */
#include "record/tracepoint.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
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

/* @path: below events/, as in "sched/sched_switch". -errno. */
static int event_number(const char *path, uint64_t *number)
{
	char text[32];
	int len = procfs_read(text, sizeof(text), "/sys/kernel/tracing/events/%s/id", path);

	if (len == -ENOENT)
		len = procfs_read(text, sizeof(text), "/sys/kernel/debug/tracing/events/%s/id",
				  path);
	if (len < 0)
		return len;
	*number = strtoull(text, NULL, 10);
	return 0;
}

/* Never enabled: a program runs wherever it is, and perf itself has nothing to do. */
static int event_open(const char *path)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.disabled = 1,
	};
	uint64_t number;
	int err = event_number(path, &number);
	long fd;

	if (err)
		return err;
	attr.config = number;
	fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : (int)fd;
}

bool tracepoint_is_perf_usable(void)
{
	int fd = event_open("raw_syscalls/sys_exit");

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

int tracepoint_attach(const struct bpf_program *prog)
{
	int event = event_open(bpf_program__section_name(prog) + strlen("tp/")), link;

	if (event < 0)
		return event;
	link = bpf_link_create(bpf_program__fd(prog), event, BPF_PERF_EVENT, NULL);
	if (link < 0)
		link = -errno;
	close(event); /* the link keeps it */
	return link;
}
