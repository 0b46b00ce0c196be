// SPDX-License-Identifier: MIT
/*
 * Owns which recordings belong together, and what is added up of the recordings
 * themselves, their processes and threads. combine_exchange.c has locks, channels and
 * system calls, combine_average.c what is an average, or a percentile.
 */
#include "facts/combine.h"

#include <stdlib.h>
#include <string.h>

#include "base/htab.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "facts/role.h"

static uint64_t add_capped(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* ---- which belong together ---- */

/* A clock that both have. The wall clock may be set in between, and is kept in milliseconds. */
static bool has_mono(const struct facts *parts, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		if (!parts[i].recording.start_mono_ns)
			return false;
	return true;
}

static uint64_t start_of(const struct facts *f, bool mono)
{
	return mono ? f->recording.start_mono_ns : f->recording.start_wall_ns;
}

static uint64_t end_of(const struct facts *f, bool mono)
{
	return add_capped(start_of(f, mono), f->recording.duration_ns);
}

bool combine_knows_boot(const struct facts *parts, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		if (!parts[i].recording.boot_id)
			return false;
	return true;
}

static bool is_same_machine(const struct fact_recording *a, const struct fact_recording *b)
{
	if (a->boot_id && b->boot_id)
		return !strcmp(a->boot_id, b->boot_id);
	return text_is_same(a->kernel, b->kernel) && text_is_same(a->arch, b->arch) &&
	       a->cpus_online == b->cpus_online &&
	       (!a->memory_bytes || !b->memory_bytes || a->memory_bytes == b->memory_bytes);
}

static bool is_same_recording(const struct fact_recording *a, const struct fact_recording *b)
{
	return a->start_wall_ns == b->start_wall_ns && a->start_mono_ns == b->start_mono_ns &&
	       a->duration_ns == b->duration_ns && a->events == b->events &&
	       a->pid_cnt == b->pid_cnt &&
	       (!a->pid_cnt || !memcmp(a->pids, b->pids, a->pid_cnt * sizeof(*a->pids)));
}

static struct combine_problem check_pairs(const struct facts *parts, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		for (size_t k = i + 1; k < cnt; k++) {
			const struct fact_recording *a = &parts[i].recording;
			const struct fact_recording *b = &parts[k].recording;

			if (is_same_recording(a, b))
				return (struct combine_problem){ COMBINE_TWICE, i, k, 0, 0 };
			if (!is_same_machine(a, b))
				return (struct combine_problem){ COMBINE_MACHINES, i, k, 0, 0 };
			if (a->pid_namespace != b->pid_namespace)
				return (struct combine_problem){ COMBINE_NAMESPACES, i, k, 0, 0 };
		}
	}
	return (struct combine_problem){ COMBINE_OK, 0, 0, 0, 0 };
}

/* From the one that begins first on, the next must begin before all so far have ended. */
static struct combine_problem check_gaps(const struct facts *parts, size_t cnt)
{
	bool mono = has_mono(parts, cnt), *is_done = xcalloc(cnt, sizeof(*is_done));
	struct combine_problem problem = { 0 };
	uint64_t reached = 0;
	size_t last = 0;

	for (size_t n = 0; n < cnt; n++) {
		size_t next = cnt;

		for (size_t i = 0; i < cnt; i++)
			if (!is_done[i] && (next == cnt || start_of(&parts[i], mono) <
								   start_of(&parts[next], mono)))
				next = i;
		is_done[next] = true;
		if (n && start_of(&parts[next], mono) >= reached) {
			problem = (struct combine_problem){
				COMBINE_GAP, last, next, 0, start_of(&parts[next], mono) - reached
			};
			break;
		}
		if (!n || end_of(&parts[next], mono) > reached) {
			reached = end_of(&parts[next], mono);
			last = next;
		}
	}
	free(is_done);
	return problem;
}

/* A process as it was seen, on the clock that all have. */
struct seen {
	size_t part;
	uint64_t from_ns, to_ns;
};

static struct seen seen_of(const struct facts *f, size_t part, const struct fact_process *p,
			   bool mono)
{
	uint64_t start = start_of(f, mono);

	return (struct seen){
		.part = part,
		.from_ns = add_capped(start, p->started_ns),
		.to_ns = p->ended ? add_capped(start, p->ended_ns) : end_of(f, mono),
	};
}

/* A pid that was used again is another process. */
static struct combine_problem check_processes(const struct facts *parts, size_t cnt)
{
	struct htab latest = { 0 };	/* (pid, 0) -> struct seen */
	struct combine_problem problem = { 0 };
	bool mono = has_mono(parts, cnt);

	for (size_t i = 0; i < cnt && !problem.what; i++) {
		for (size_t k = 0; k < parts[i].process_cnt; k++) {
			const struct fact_process *p = &parts[i].processes[k];
			struct seen s = seen_of(&parts[i], i, p, mono);
			struct seen *was = htab_find(&latest, p->pid, 0);

			if (!was) {
				was = xcalloc(1, sizeof(*was));
				htab_put(&latest, p->pid, 0, was);
			} else if (was->part != i && s.from_ns < was->to_ns &&
				   was->from_ns < s.to_ns) {
				problem = (struct combine_problem){ COMBINE_PROCESS, was->part, i,
								    p->pid, 0 };
				break;
			}
			*was = s;
		}
	}
	htab_for_each(&latest, i)
		free(latest.entries[i].value);
	htab_release(&latest);
	return problem;
}

struct combine_problem combine_check(const struct facts *parts, size_t cnt)
{
	struct combine_problem problem = { 0 };

	for (size_t i = 0; i < cnt; i++)
		if (parts[i].recording.part_cnt)
			return (struct combine_problem){ COMBINE_COMBINED, i, i, 0, 0 };
	problem = check_pairs(parts, cnt);
	if (!problem.what)
		problem = check_gaps(parts, cnt);
	if (!problem.what)
		problem = check_processes(parts, cnt);
	return problem;
}

/* ---- the recording ---- */

static void add_text_once(char ***texts, size_t *cnt, const char *text)
{
	for (size_t i = 0; i < *cnt; i++)
		if (!strcmp((*texts)[i], text))
			return;
	*texts = xrealloc(*texts, (*cnt + 1) * sizeof(**texts));
	(*texts)[(*cnt)++] = xstrdup(text);
}

static bool has_ended(const struct facts *f)
{
	for (size_t i = 0; i < f->process_cnt; i++)
		if (!f->processes[i].ended)
			return false;
	return f->process_cnt && f->recording.is_complete;
}

static void take_part(struct fact_recording *out, struct facts *f, uint64_t start_ns)
{
	struct fact_recording *r = &f->recording;
	struct fact_part *p = &out->parts[out->part_cnt++];

	*p = (struct fact_part){
		.start_ns = start_ns,
		.duration_ns = r->duration_ns,
		.launched = facts_is_launched(f),
		.ended = has_ended(f),
		.command = r->command,
		.command_cnt = r->command_cnt,
		.pids = r->pids,
		.pid_cnt = r->pid_cnt,
		.process_cnt = (uint32_t)f->process_cnt,
		.thread_cnt = (uint32_t)f->thread_cnt,
	};
	out->pids = xrealloc(out->pids, (out->pid_cnt + p->pid_cnt + 1) * sizeof(*out->pids));
	if (p->pid_cnt)
		memcpy(out->pids + out->pid_cnt, p->pids, p->pid_cnt * sizeof(*p->pids));
	out->pid_cnt += p->pid_cnt;
	r->command = NULL;
	r->pids = NULL;
	r->command_cnt = r->pid_cnt = 0;
}

/* All of one machine; which of its CPUs, and how much of them, may differ: the most counts. */
static void add_machine(struct fact_recording *out, const struct fact_recording *r)
{
	if (r->cpus_online > out->cpus_online)
		out->cpus_online = r->cpus_online;
	if (r->cpus_affinity > out->cpus_affinity)
		out->cpus_affinity = r->cpus_affinity;
	if (r->cpus_usable > out->cpus_usable) {
		out->cpus_usable = r->cpus_usable;
		out->cpus_quota = r->cpus_quota;
	}
	if (r->memory_bytes > out->memory_bytes)
		out->memory_bytes = r->memory_bytes;
	/* Stolen from the machine, so each has seen the same. */
	if (r->steal_ns > out->steal_ns)
		out->steal_ns = r->steal_ns;
}

static void add_version(struct fact_recording *out, const char *version)
{
	char *all;

	if (!version || (out->version && strstr(out->version, version)))
		return;
	all = out->version ? xasprintf("%s, %s", out->version, version) : xstrdup(version);
	free(out->version);
	out->version = all;
}

static void add_recording(struct fact_recording *out, const struct fact_recording *r)
{
	add_version(out, r->version);
	add_machine(out, r);
	out->cpu_split_exact &= r->cpu_split_exact;
	out->events = add_capped(out->events, r->events);
	out->lost_ring = add_capped(out->lost_ring, r->lost_ring);
	out->lost_state = add_capped(out->lost_state, r->lost_state);
	out->lost_wait_ns = add_capped(out->lost_wait_ns, r->lost_wait_ns);
	out->passed_over = add_capped(out->passed_over, r->passed_over);
	out->bpf_ns = add_capped(out->bpf_ns, r->bpf_ns);
	out->collector_ns = add_capped(out->collector_ns, r->collector_ns);
	for (size_t i = 0; i < r->unavailable_cnt; i++)
		add_text_once(&out->unavailable, &out->unavailable_cnt, r->unavailable[i]);
	for (size_t i = 0; i < r->need_cnt; i++)
		add_text_once(&out->needs, &out->need_cnt, r->needs[i]);
	out->bpf_unmeasured |= r->bpf_unmeasured;
	out->is_complete &= r->is_complete;
}

static char **copy_texts(char *const *texts, size_t cnt)
{
	char **copy = xcalloc(cnt + 1, sizeof(*copy));

	for (size_t i = 0; i < cnt; i++)
		copy[i] = xstrdup(texts[i]);
	return copy;
}

/* What is the same for all, and when it began and ended. The first one names the whole. */
static void begin_recording(struct fact_recording *out, struct facts *parts, size_t cnt)
{
	const struct fact_recording *first = &parts[0].recording, *earliest = first;
	bool mono = has_mono(parts, cnt);
	uint64_t end_ns = 0;

	for (size_t i = 0; i < cnt; i++) {
		if (start_of(&parts[i], mono) <
		    (mono ? earliest->start_mono_ns : earliest->start_wall_ns))
			earliest = &parts[i].recording;
		if (end_of(&parts[i], mono) > end_ns)
			end_ns = end_of(&parts[i], mono);
	}
	*out = (struct fact_recording){
		.start_wall_ns = earliest->start_wall_ns,
		.start_mono_ns = mono ? earliest->start_mono_ns : 0,
		.kernel = first->kernel ? xstrdup(first->kernel) : NULL,
		.arch = first->arch ? xstrdup(first->arch) : NULL,
		.pid_namespace = first->pid_namespace,
		.boot_id = combine_knows_boot(parts, cnt) ? xstrdup(first->boot_id) : NULL,
		.command = copy_texts(first->command, first->command_cnt),
		.command_cnt = first->command_cnt,
		.cpu_split_exact = true,
		.is_complete = true,
		.parts = xcalloc(cnt, sizeof(*out->parts)),
	};
	out->duration_ns = end_ns - (mono ? out->start_mono_ns : out->start_wall_ns);
}

static void fill_recording(struct fact_recording *out, struct facts *parts, size_t cnt)
{
	uint64_t begin_ns;
	double cost_ns = 0;
	bool mono = has_mono(parts, cnt);

	begin_recording(out, parts, cnt);
	begin_ns = mono ? out->start_mono_ns : out->start_wall_ns;
	for (size_t i = 0; i < cnt; i++) {
		add_recording(out, &parts[i].recording);
		cost_ns += parts[i].recording.overhead * (double)parts[i].recording.duration_ns;
		take_part(out, &parts[i], start_of(&parts[i], mono) - begin_ns);
	}
	out->overhead = out->duration_ns ? cost_ns / (double)out->duration_ns : 0;
}

/* ---- processes and threads ---- */

static void *append(void *to, size_t to_cnt, void *from, size_t from_cnt, size_t size)
{
	to = xrealloc(to, (to_cnt + from_cnt + 1) * size);
	if (from_cnt)
		memcpy((char *)to + to_cnt * size, from, from_cnt * size);
	free(from);
	return to;
}

static void shift_processes(struct facts *f, uint64_t by_ns)
{
	for (size_t i = 0; i < f->process_cnt; i++) {
		struct fact_process *p = &f->processes[i];

		p->started_ns = add_capped(p->started_ns, by_ns);
		if (p->ended)
			p->ended_ns = add_capped(p->ended_ns, by_ns);
	}
}

/* Who never came to a CPU keeps its two zeros. */
static void shift_threads(struct facts *f, uint64_t by_ns)
{
	for (size_t i = 0; i < f->thread_cnt; i++) {
		struct fact_thread *t = &f->threads[i];

		t->started_ns = add_capped(t->started_ns, by_ns);
		if (!t->last_cpu_ns)
			continue;
		t->first_cpu_ns = add_capped(t->first_cpu_ns, by_ns);
		t->last_cpu_ns = add_capped(t->last_cpu_ns, by_ns);
	}
}

static void take_actors(struct facts *out, struct facts *f, uint64_t start_ns)
{
	shift_processes(f, start_ns);
	shift_threads(f, start_ns);
	out->processes = append(out->processes, out->process_cnt, f->processes, f->process_cnt,
				sizeof(*out->processes));
	out->process_cnt += f->process_cnt;
	out->threads = append(out->threads, out->thread_cnt, f->threads, f->thread_cnt,
			      sizeof(*out->threads));
	out->thread_cnt += f->thread_cnt;
	out->deadlocks = append(out->deadlocks, out->deadlock_cnt, f->deadlocks, f->deadlock_cnt,
				sizeof(*out->deadlocks));
	out->deadlock_cnt += f->deadlock_cnt;
	f->processes = NULL;
	f->threads = NULL;
	f->deadlocks = NULL;
	f->process_cnt = f->thread_cnt = f->deadlock_cnt = 0;
}

static void add_totals(struct facts *out, const struct facts *f)
{
	out->disk.reads = add_capped(out->disk.reads, f->disk.reads);
	out->disk.writes = add_capped(out->disk.writes, f->disk.writes);
	out->disk.bytes = add_capped(out->disk.bytes, f->disk.bytes);
	out->disk.wait_ns = add_capped(out->disk.wait_ns, f->disk.wait_ns);
	out->faults_minor = add_capped(out->faults_minor, f->faults_minor);
	out->faults_major = add_capped(out->faults_major, f->faults_major);
}

/* ---- changes ---- */

static bool has_change(const struct facts *f, const char *change)
{
	for (size_t i = 0; i < f->whatif_cnt; i++)
		if (text_is_same(f->whatif[i].change, change))
			return true;
	return false;
}

/*
 * Each recording was replayed alone, as if the others were not there: the gains can't be
 * added up, since all share the CPUs, and who of one waits for another's is in none.
 */
static void add_changes(struct facts *out, const struct facts *f)
{
	static const char why[] = "each recording was replayed by itself: what a change of all "
				  "of them would bring takes one recording of all (-p PID,PID)";

	for (size_t i = 0; i < f->whatif_cnt; i++) {
		const char *change = f->whatif[i].change;

		if (!change || has_change(out, change))
			continue;
		out->whatif = xrealloc(out->whatif, (out->whatif_cnt + 1) * sizeof(*out->whatif));
		out->whatif[out->whatif_cnt++] = (struct fact_whatif){
			.change = xstrdup(change),
			.why_not = xstrdup(why),
		};
	}
	out->has_whatif |= f->has_whatif;
}

void combine_take(struct facts *out, struct facts *parts, size_t cnt)
{
	fill_recording(&out->recording, parts, cnt);
	combine_series(out, parts, cnt);
	combine_requests(out, parts, cnt);
	for (size_t i = 0; i < cnt; i++) {
		add_totals(out, &parts[i]);
		add_changes(out, &parts[i]);
		combine_locks(out, &parts[i]);
		combine_channels(out, &parts[i]);
		combine_syscalls(out, &parts[i]);
		take_actors(out, &parts[i], out->recording.parts[i].start_ns);
		facts_release(&parts[i]);
	}
	facts_index(out);
	roles_assign(out);
}
