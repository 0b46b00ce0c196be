// SPDX-License-Identifier: MIT
/*
 * Owns the list of what partrace uses of a kernel. What a missing one costs is what
 * the programs in bpf/, probes.c and python_watch.c do without it.
 */
#include "record/features.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "base/array.h"
#include "base/log.h"
#include "base/pidns.h"
#include "base/procfs.h"
#include "base/rights.h"
#include "base/xalloc.h"
#include "record/kernel_btf.h"
#include "record/lockdown.h"
#include "record/tracepoint.h"

#define BTF_PATH "/sys/kernel/btf/vmlinux"

/* Descriptors of programs, maps, links, rings and targets, with some room. */
#define FILES_MIN 512

static struct feature *add(struct features *fs, enum feature_group group, const char *name)
{
	struct feature *f;

	XGROW(fs->all, fs->cnt, fs->cap);
	f = &fs->all[fs->cnt++];
	*f = (struct feature){ .group = group, .name = xstrdup(name) };
	return f;
}

static void lacks(struct feature *f, enum feature_state state, const char *cost,
		  const char *remedy)
{
	f->state = state;
	f->cost = cost;
	f->remedy = remedy;
}

static const char cost_all[] = "nothing can be recorded";

static void look_at_version(struct features *fs)
{
	struct feature *f = add(fs, FEATURES_KERNEL, "Linux 5.10 or newer");
	unsigned int major = 0, minor = 0;
	char release[128];

	if (procfs_read(release, sizeof(release), "/proc/sys/kernel/osrelease") < 0)
		return lacks(f, FEATURE_LESS, "its version is not known", "mount /proc");
	release[strcspn(release, "\n")] = 0;
	f->found = xstrdup(release);
	sscanf(release, "%u.%u", &major, &minor);
	if (major < 5 || (major == 5 && minor < 10))
		lacks(f, FEATURE_NONE, cost_all, NULL);
}

static void look_at_machine(struct features *fs)
{
	struct feature *f = add(fs, FEATURES_KERNEL, "architecture");
	struct utsname u;

	uname(&u);
	f->found = xstrdup(u.machine);
	if (!strcmp(u.machine, "aarch64"))
		lacks(f, FEATURE_LESS, "tried in an emulator only", NULL);
	else if (strcmp(u.machine, "x86_64"))
		lacks(f, FEATURE_NONE, cost_all, NULL);
}

static void look_at_seccomp(struct features *fs)
{
	struct feature *f = add(fs, FEATURES_KERNEL, "seccomp filters");
	char text[128];

	if (procfs_read(text, sizeof(text), "/proc/sys/kernel/seccomp/actions_avail") <= 0)
		lacks(f, FEATURE_LESS,
		      "once it records, partrace may do all that its user and rights allow", NULL);
}

static void look_at_jit(struct features *fs)
{
	struct feature *f;
	char text[16];

	if (procfs_read(text, sizeof(text), "/proc/sys/net/core/bpf_jit_enable") <= 0)
		return;
	f = add(fs, FEATURES_KERNEL, "BPF compiler");
	if (text[0] == '0')
		lacks(f, FEATURE_LESS,
		      "programs are interpreted: recording costs several times as much",
		      "sysctl net.core.bpf_jit_enable=1");
}

/* All programs of a full recording, and what each is for. */
static const struct {
	const char *name;
	enum feature_state without;
	const char *cost;
} tracepoints[] = {
	{ "sched_switch", FEATURE_NONE, cost_all },
	{ "sched_waking", FEATURE_NONE, cost_all },
	{ "sched_wakeup_new", FEATURE_NONE, cost_all },
	{ "sched_process_fork", FEATURE_NONE, cost_all },
	{ "sched_process_exec", FEATURE_NONE, cost_all },
	{ "sched_process_free", FEATURE_NONE, cost_all },
	{ "task_rename", FEATURE_NONE, cost_all },
	{ "sys_exit", FEATURE_NONE, "nothing can be recorded but with --light" },
	{ "contention_begin", FEATURE_LESS,
	  "kernel_lock is told only for calls that change the address space" },
	{ "contention_end", FEATURE_LESS,
	  "kernel_lock is told only for calls that change the address space" },
	{ "block_rq_complete", FEATURE_LESS, "disk waits lack their device, and io.disk its counts" },
	{ "block_io_done", FEATURE_LESS,
	  "what wakes in the same interrupt as a disk's waiters may be taken for one" },
	{ "sk_data_ready", FEATURE_LESS, "a request's latency may lack the time before it was taken up" },
};

static void look_at_tracepoints(struct features *fs, const struct btf *btf)
{
	char name[64];

	for (size_t i = 0; i < ARRAY_CNT(tracepoints); i++) {
		struct feature *f;

		snprintf(name, sizeof(name), "tracepoint %s", tracepoints[i].name);
		f = add(fs, FEATURES_KERNEL, name);
		if (!kernel_btf_tracepoint_args(btf, tracepoints[i].name))
			lacks(f, tracepoints[i].without, tracepoints[i].cost, NULL);
	}
}

/* Helpers and other parts of BPF, by the enumerations that list them. */
static const struct {
	const char *name, *enumeration, *value;
	enum feature_state without;
	const char *cost;
} parts[] = {
	{ "helper bpf_task_storage_get", "bpf_func_id", "BPF_FUNC_task_storage_get", FEATURE_LESS,
	  "threads are looked up in a table: recording costs more, and knows 32,768 threads" },
	{ "helper bpf_task_pt_regs", "bpf_func_id", "BPF_FUNC_task_pt_regs", FEATURE_LESS,
	  "where a thread's registers are is computed: recording costs more" },
	{ "helper bpf_ringbuf_reserve", "bpf_func_id", "BPF_FUNC_ringbuf_reserve", FEATURE_NONE,
	  cost_all },
	{ "walks over threads", "bpf_attach_type", "BPF_TRACE_ITER", FEATURE_NONE, cost_all },
	{ "uprobes, many at once", "bpf_attach_type", "BPF_TRACE_UPROBE_MULTI", FEATURE_LESS,
	  "watching CPython's GIL takes longer to begin and to end" },
};

static void look_at_parts(struct features *fs, const struct btf *btf)
{
	for (size_t i = 0; i < ARRAY_CNT(parts); i++) {
		struct feature *f = add(fs, FEATURES_KERNEL, parts[i].name);

		if (!kernel_btf_has_value(btf, parts[i].enumeration, parts[i].value))
			lacks(f, parts[i].without, parts[i].cost, NULL);
	}
}

static void look_at_rest(struct features *fs, const struct btf *btf)
{
	struct feature *f = add(fs, FEATURES_KERNEL, "uprobes");
	char text[32];

	if (procfs_read(text, sizeof(text), "/sys/bus/event_source/devices/uprobe/type") <= 0)
		lacks(f, FEATURE_LESS,
		      "no share of CPU time with the GIL released, and no --request", NULL);
	f = add(fs, FEATURES_KERNEL, "CPU quotas");
	if (!kernel_btf_has_member(btf, "cfs_rq", "throttled_clock"))
		lacks(f, FEATURE_LESS, "the kernel has none: nothing is ever throttled", NULL);
}

static void look_at_preemption(struct features *fs)
{
	struct feature *f;

	if (!tracepoint_is_preemptible())
		return;
	f = add(fs, FEATURES_KERNEL, "perf's tracepoints");
	if (!tracepoint_is_perf_usable())
		lacks(f, FEATURE_LESS,
		      "where threads share a CPU, system calls are passed over: the report says how many",
		      "run as root, with tracefs (mount -t tracefs tracefs /sys/kernel/tracing)");
}

static void look_at_kernel(struct features *fs, const char *btf_path)
{
	struct btf *btf = btf__parse(btf_path, NULL);
	struct feature *f;

	if (libbpf_get_error(btf))
		btf = NULL;
	look_at_version(fs);
	look_at_machine(fs);
	f = add(fs, FEATURES_KERNEL, "types (BTF)");
	if (btf)
		f->found = xstrdup(btf_path);
	else
		lacks(f, FEATURE_NONE, "nothing can be recorded, nor told about what follows",
		      "mount /sys, or give a copy with --btf FILE; else a kernel with "
		      "CONFIG_DEBUG_INFO_BTF");
	look_at_jit(fs);
	look_at_seccomp(fs);
	look_at_preemption(fs);
	if (btf) {
		look_at_tracepoints(fs, btf);
		look_at_parts(fs, btf);
		look_at_rest(fs, btf);
	}
	btf__free(btf);
}

/* What a recording needs of capabilities(7), and what it does with each. */
static const struct {
	const char *name;
	uint64_t any_of;
	enum feature_state without;
	const char *cost;
} capabilities[] = {
	{ "CAP_BPF", RIGHT(BPF) | RIGHT(SYS_ADMIN), FEATURE_NONE, cost_all },
	{ "CAP_PERFMON", RIGHT(PERFMON) | RIGHT(SYS_ADMIN), FEATURE_NONE, cost_all },
	{ "CAP_SYS_PTRACE", RIGHT(SYS_PTRACE), FEATURE_LESS,
	  "of other users' processes: no runtimes, memory, lock and file names" },
	{ "CAP_DAC_READ_SEARCH", RIGHT(DAC_READ_SEARCH) | RIGHT(DAC_OVERRIDE), FEATURE_LESS,
	  "of other users' processes: no file names, nor what their owners alone may read" },
	{ "CAP_SYS_NICE", RIGHT(SYS_NICE), FEATURE_LESS,
	  "among thousands of runnable threads more records may get lost" },
	{ "CAP_SYS_ADMIN", RIGHT(SYS_ADMIN), FEATURE_LESS,
	  "partrace's own cost inside the kernel is not known" },
};

static int find_capabilities(void *out, char *line)
{
	unsigned long long caps;

	if (sscanf(line, "CapEff: %llx", &caps) != 1)
		return 0;
	*(uint64_t *)out = caps;
	return 1;
}

static void look_at_capabilities(struct features *fs)
{
	uint64_t have = 0;

	procfs_each_line(find_capabilities, &have, "/proc/self/status");
	for (size_t i = 0; i < ARRAY_CNT(capabilities); i++) {
		struct feature *f = add(fs, FEATURES_RIGHTS, capabilities[i].name);

		if (!(have & capabilities[i].any_of))
			lacks(f, capabilities[i].without, capabilities[i].cost,
			      "run as root: sudo partrace ...");
	}
}

static int is_visible(void *out, char *line)
{
	*(bool *)out = strspn(line, "0") < strcspn(line, " ");
	return 1;
}

static void look_at_addresses(struct features *fs)
{
	struct feature *f = add(fs, FEATURES_RIGHTS, "the kernel's addresses");
	bool visible = false;

	procfs_each_line(is_visible, &visible, "/proc/kallsyms");
	if (!visible)
		lacks(f, FEATURE_LESS, "locks inside the kernel have no names",
		      "run as root, with sysctl kernel.kptr_restrict=1 at most");
}

static void look_at_lockdown(struct features *fs)
{
	if (lockdown_is_confidentiality())
		lacks(add(fs, FEATURES_RIGHTS, "lockdown"), FEATURE_NONE,
		      "nothing can be recorded: programs may not read the kernel's memory",
		      "boot with lockdown=integrity");
}

static void look_at_ptrace(struct features *fs)
{
	char text[16];

	if (procfs_read(text, sizeof(text), "/proc/sys/kernel/yama/ptrace_scope") > 0 &&
	    text[0] == '3')
		lacks(add(fs, FEATURES_RIGHTS, "memory of other processes"), FEATURE_LESS,
		      "locks that were waited for before the recording have no kind and no owner",
		      "boot with a lower kernel.yama.ptrace_scope");
}

static void look_at_namespace(struct features *fs)
{
	struct feature *f = add(fs, FEATURES_RIGHTS, "pid namespace");

	if (!pidns_has_proc())
		lacks(f, FEATURE_NONE,
		      "/proc is missing, or that of another namespace: its numbers are not these",
		      "mount -t proc proc /proc");
	else if (pidns_inode())
		lacks(f, FEATURE_LESS,
		      "it is not the first: processes outside of it have no number, and are not named",
		      "run it outside of the container, or in one with --pid=host");
}

static void look_at_rights(struct features *fs)
{
	look_at_capabilities(fs);
	look_at_addresses(fs);
	look_at_lockdown(fs);
	look_at_ptrace(fs);
	look_at_namespace(fs);
}

static int is_cgroup_mount(void *ctx, char *line)
{
	(void)ctx;
	return strstr(line, " - cgroup") != NULL;
}

static void look_at_limits(struct features *fs)
{
	struct feature *f = add(fs, FEATURES_LIMITS, "open files");
	struct rlimit files;
	char text[64];

	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		f->found = xasprintf("%llu", (unsigned long long)files.rlim_cur);
		if (files.rlim_cur < FILES_MIN)
			lacks(f, FEATURE_LESS, "a recording of many processes may end early",
			      "ulimit -n 4096");
	}
	f = add(fs, FEATURES_LIMITS, "exact memory (smaps_rollup)");
	if (procfs_read(text, sizeof(text), "/proc/self/smaps_rollup") <= 0)
		lacks(f, FEATURE_LESS, "no pss, and memory that a fork shares counts as private",
		      NULL);
	f = add(fs, FEATURES_LIMITS, "control groups");
	if (procfs_each_line(is_cgroup_mount, NULL, "/proc/self/mountinfo") != 1)
		lacks(f, FEATURE_LESS, "usable CPUs don't tell of quotas", "mount cgroup2");
}

void features_look(struct features *fs, const char *btf_path)
{
	if (log_level() < LOG_VERBOSE)
		libbpf_set_print(NULL);
	look_at_kernel(fs, btf_path ? btf_path : BTF_PATH);
	look_at_rights(fs);
	look_at_limits(fs);
}

void features_release(struct features *fs)
{
	for (size_t i = 0; i < fs->cnt; i++) {
		free(fs->all[i].name);
		free(fs->all[i].found);
	}
	free(fs->all);
	*fs = (struct features){ 0 };
}

bool features_suffice(const struct features *fs)
{
	for (size_t i = 0; i < fs->cnt; i++)
		if (fs->all[i].state == FEATURE_NONE)
			return false;
	return true;
}
