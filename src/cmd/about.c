// SPDX-License-Identifier: MIT
/* Owns nothing but what it read once at the start. */
#include "cmd/about.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cgroup.h"
#include "base/clock.h"
#include "base/pidns.h"
#include "base/xalloc.h"
#include "version.h"

void about_refresh(struct about *a)
{
	uint32_t pid = a->main_pid ? a->main_pid : (uint32_t)getpid();
	int allowed = procfs_cpus_allowed(pid);
	double quota = 0;

	if (allowed > 0)
		a->cpus_affinity = (uint32_t)allowed;
	/* The machine as a whole has no quota; this process may have one. */
	if (a->main_pid && cgroup_cpu_quota(pid, &quota) == 1)
		a->cpus_quota = quota;
}

void about_init(struct about *a)
{
	int online = procfs_cpus_online();

	uname(&a->uname);
	procfs_steal_ns(&a->steal0_ns);
	procfs_boot_id(a->boot_id);
	a->pid_namespace = pidns_inode();
	a->boot0_ns = clock_offset_ns(clock_boot_ns);
	a->wall0_ns = clock_offset_ns(clock_wall_ns);
	a->cpus_online = online > 0 ? (uint32_t)online : 1;
	a->cpus_affinity = a->cpus_online;
	about_refresh(a);
}

static double cpus_usable(const struct about *a)
{
	double usable = a->cpus_affinity < a->cpus_online ? a->cpus_affinity : a->cpus_online;

	return a->cpus_quota > 0 && a->cpus_quota < usable ? a->cpus_quota : usable;
}

static void add_unavailable(struct fact_recording *r, const char *bucket)
{
	r->unavailable = xrealloc(r->unavailable,
				  (r->unavailable_cnt + 1) * sizeof(*r->unavailable));
	r->unavailable[r->unavailable_cnt++] = xstrdup(bucket);
}

/* A process launched by us has its arguments; one attached to, what /proc said. */
static void fill_command(const struct about *a, const struct model *m, struct fact_recording *r)
{
	size_t cnt = 0;

	while (a->command && a->command[cnt])
		cnt++;
	for (size_t i = 0; !cnt && i < m->process_cnt; i++) {
		const struct process *p = m->all_processes[i];

		if (p->pid != a->main_pid || !p->command)
			continue;
		r->command = xcalloc(1, sizeof(*r->command));
		r->command[r->command_cnt++] = xstrdup(p->command);
		return;
	}
	r->command = xcalloc(cnt + 1, sizeof(*r->command));
	for (size_t i = 0; i < cnt; i++)
		r->command[r->command_cnt++] = xstrdup(a->command[i]);
}

static uint64_t machine_bytes(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

	return pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
}

/* Reading clocks one after the other is no more exact than that while others run. */
#define CLOCKS_AGREE_NS ((int64_t)(5 * NS_PER_MS))

/* What happened to the machine meanwhile: all times are by a clock that minds neither. */
static void fill_upsets(const struct about *a, struct fact_recording *r)
{
	int64_t slept_ns = clock_offset_ns(clock_boot_ns) - a->boot0_ns;
	int64_t step_ns = clock_offset_ns(clock_wall_ns) - a->wall0_ns - slept_ns;
	int online = procfs_cpus_online();

	if (slept_ns > CLOCKS_AGREE_NS)
		r->suspended_ns = (uint64_t)slept_ns;
	if (llabs(step_ns) > CLOCKS_AGREE_NS)
		r->clock_step_ns = step_ns;
	if (online > 0 && (uint32_t)online != a->cpus_online)
		r->cpus_online_end = (uint32_t)online;
}

void about_fill(const struct about *a, const struct model *m, const struct about_cost *cost,
		struct facts *f)
{
	struct fact_recording *r = &f->recording;
	uint64_t steal_ns = 0;

	r->version = xstrdup(PARTRACE_VERSION);
	r->start_wall_ns = a->start_wall_ns;
	r->start_mono_ns = a->start_mono_ns;
	r->pid_namespace = a->pid_namespace;
	r->boot_id = a->boot_id[0] ? xstrdup(a->boot_id) : NULL;
	fill_command(a, m, r);
	r->pids = xcalloc(a->pid_cnt, sizeof(*r->pids));
	if (a->pid_cnt)
		memcpy(r->pids, a->pids, a->pid_cnt * sizeof(*r->pids));
	r->pid_cnt = a->pid_cnt;
	if (a->need) {
		r->needs = xcalloc(1, sizeof(*r->needs));
		r->needs[r->need_cnt++] = xstrdup(a->need);
	}
	r->kernel = xstrdup(a->uname.release);
	r->arch = xstrdup(a->uname.machine);
	r->cpus_online = a->cpus_online;
	r->cpus_affinity = a->cpus_affinity;
	r->cpus_quota = a->cpus_quota;
	r->cpus_usable = cpus_usable(a);
	r->memory_bytes = machine_bytes();
	if (!procfs_steal_ns(&steal_ns) && steal_ns > a->steal0_ns)
		r->steal_ns = steal_ns - a->steal0_ns;
	fill_upsets(a, r);
	r->events = cost->events;
	r->lost_ring = m->lost_ring;
	r->lost_state = m->lost_state;
	r->lost_wait_ns = m->lost_wait_ns;
	r->passed_over = cost->passed_over;
	/* What is left of it is guessed from system calls. */
	if (cost->lacks_klocks)
		add_unavailable(r, bucket_name(BUCKET_KERNEL_LOCK));
	if (cost->lacks_memory) {
		add_unavailable(r, bucket_name(BUCKET_GIL));
		add_unavailable(r, bucket_name(BUCKET_LOCK));
	}
	r->bpf_unmeasured = cost->lacks_bpf_time;
	r->bpf_ns = cost->bpf_ns;
	r->collector_ns = cost->collector_ns;
	if (r->duration_ns)
		r->overhead = (double)(cost->bpf_ns + cost->collector_ns) / (double)r->duration_ns;
	r->overhead_limit = cost->limit;
	r->left_out_ns = cost->left_out_ns;
	r->is_complete = cost->is_complete;
}
