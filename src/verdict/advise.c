// SPDX-License-Identifier: MIT
/*
 * Owns the choice of what is advised, and in which order: what the verdict calls for
 * first, then what else the recording shows. The words are in advise_words.c.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "verdict/advise.h"
#include "verdict/loops.h"
#include "verdict/thresholds.h"

/* More is not read. */
#define ADVICE_MAX 4

/* More than this at a time is worth sharing rather than sending. */
#define LARGE_MESSAGE_BYTES 65536.0

/* Of all workers' time: exchange that is worth a word although it does not decide. */
#define EXCHANGE_MIN_SHARE 0.05

/* Where the exchange does not decide, fewer in place of one are not worth a word. */
#define CHUNK_MIN 5

/* Workers use this much of the memory: more of them would not fit. */
#define MEMORY_MAX_SHARE 0.80

struct plan {
	const struct judgement *j;
	struct audience who;
	struct sizes sizes;
	struct fact_verdict *out;
};

void add_advice(struct fact_verdict *out, const char *fmt, ...)
{
	va_list ap;

	if (out->advice_cnt == ADVICE_MAX)
		return;
	out->advice = xrealloc(out->advice, (out->advice_cnt + 1) * sizeof(*out->advice));
	va_start(ap, fmt);
	out->advice[out->advice_cnt++] = xvasprintf(fmt, ap);
	va_end(ap);
}

static void add(struct plan *p, enum need need)
{
	char *words = advice_words(&p->who, need, &p->sizes);

	if (words)
		add_advice(p->out, "%s", words);
	free(words);
}

static bool sends_large_data(const struct view *v)
{
	return v->messages > 0 && v->bytes / v->messages >= LARGE_MESSAGE_BYTES;
}

static void advise_memory(struct plan *p)
{
	double all = (double)p->j->view.facts->recording.memory_bytes;
	double bytes = (double)p->sizes.worker_bytes;

	if (all <= 0 || bytes * p->sizes.workers < all * MEMORY_MAX_SHARE)
		return;
	add_advice(p->out,
		   "%u processes with %.1f GB each %s %.1f GB of memory: load large data before "
		   "the fork, or share it",
		   p->sizes.workers, bytes / 1e9,
		   bytes * p->sizes.workers > all ? "do not fit into" : "take most of", all / 1e9);
}

static void advise_processes(struct plan *p)
{
	const struct judgement *j = p->j;

	add(p, j->current == FIT_SINGLE || j->current == FIT_ASYNC ? NEED_DIVIDE : NEED_PROCESSES);
	advise_memory(p);
	/* Frameworks start their workers as they think best. */
	if (j->current == FIT_THREADS && !p->who.framework)
		add(p, NEED_START);
	if (p->who.language != LANG_NATIVE)
		add(p, NEED_SHARE);
	if (j->class == CLASS_GIL_BOUND)
		add(p, NEED_FREE_THREADED);
}

/* Towards another model than the present one: the same for whatever class led there. */
static bool advise_change(struct plan *p)
{
	const struct judgement *j = p->j;

	if (j->fit == j->current)
		return false;
	switch (j->fit) {
	case FIT_PROCESSES:
		advise_processes(p);
		return true;
	case FIT_THREADS:
		if (j->class == CLASS_IPC_BOUND)
			add(p, NEED_THREADS_IPC);
		else if (j->class != CLASS_CPU_BOUND && j->class != CLASS_OVERSUBSCRIBED)
			add(p, NEED_THREADS);
		else if (j->current != FIT_SINGLE && j->current != FIT_ASYNC)
			add(p, NEED_THREADS_IPC);
		else
			add(p, j->view.has_global_lock ? NEED_DIVIDE_THREADS : NEED_DIVIDE);
		return true;
	case FIT_ASYNC:
		add(p, NEED_ASYNC);
		return true;
	case FIT_HYBRID:
		/* The loop stays; what leaves it has been said. */
		if (j->current == FIT_ASYNC)
			return true;
		add(p, NEED_HYBRID);
		add(p, NEED_SHARE);
		return true;
	default:
		return false;
	}
}

/*
 * Busy with useful work: what else could be had here is in other advice already. Who
 * stands in line for a CPU leaves it none the less busy.
 */
static bool is_at_the_limit(const struct view *v)
{
	return v->usable >= 2 && v->workers > 1 && !view_has_spare_cpu(v) &&
	       view_share(v, PART_CPU) + view_share(v, PART_QUEUE) >= 0.5 &&
	       view_share(v, PART_LOCK) + view_share(v, PART_KERNEL_LOCK) +
			       view_share(v, PART_IPC) + view_share(v, PART_GIL) <
		       0.1;
}

/* Of those that compute there are more than CPUs, whoever else wants these. */
static bool is_too_many(const struct plan *p)
{
	const struct judgement *j = p->j;
	bool is_crowd = j->class == CLASS_CPU_BOUND && judgement_finding(j, "machine-busy") &&
			j->view.runnable > j->view.usable * RUNNABLE_MIN_OVER;

	return (j->class == CLASS_OVERSUBSCRIBED || is_crowd) && p->sizes.now > p->sizes.workers;
}

static void advise_cpu(struct plan *p)
{
	const struct judgement *j = p->j;
	const struct view *v = &j->view;

	if (v->usable < 2 && j->fit != FIT_ASYNC) {
		add_advice(p->out,
			   "one usable CPU is the limit: give it more CPUs (affinity, quota)%s, or "
			   "make the code itself faster",
			   j->class == CLASS_GIL_BOUND ? " and processes to use them" : "");
		if (j->class != CLASS_OVERSUBSCRIBED)
			return;
	}
	/* Processes would cost more than the lock, as things are. */
	if (j->class == CLASS_GIL_BOUND && judgement_finding(j, "small-tasks"))
		add(p, NEED_PROCESSES);
	if (j->class == CLASS_GIL_BOUND)
		add(p, NEED_FREE_THREADED);
	if (is_too_many(p))
		add(p, NEED_FEWER);
	else if (j->class == CLASS_CPU_BOUND && p->sizes.now > 1 && j->fit == j->current &&
		 p->sizes.now < p->sizes.cpus && view_has_spare_cpu(v) &&
		 !judgement_finding(j, "machine-busy"))
		add(p, NEED_MORE);
	if (j->class != CLASS_GIL_BOUND && is_at_the_limit(v))
		add(p, NEED_SCALE_OUT);
	if (judgement_finding(j, "bottleneck") && v->worker_processes > 1 && sends_large_data(v))
		add(p, NEED_SHARE);
	else if (judgement_finding(j, "bottleneck"))
		add_advice(p->out, "give others a part of what the busiest thread does: it has "
				   "nearly all the time something to do, while they wait");
}

static void advise_io(struct plan *p)
{
	const struct judgement *j = p->j;

	/* Where all wait at once already, the number is the other end's business. */
	if (j->fit == FIT_THREADS && j->current == FIT_THREADS && j->view.workers > 1 &&
	    p->sizes.waiters > p->sizes.now)
		add(p, NEED_WAITERS);
}

static void advise_ipc(struct plan *p)
{
	const struct view *v = &p->j->view;

	/* Twice as much in a large message takes twice as long. */
	if (!sends_large_data(v))
		add(p, NEED_CHUNKS);
	if (!p->out->advice_cnt)
		add(p, NEED_SHARE);
}

static void advise_locks(struct plan *p)
{
	const struct fact_lock *l = top_lock(p->j->view.facts, true);

	if (p->j->class == CLASS_LOCK_BOUND)
		add(p, NEED_LESS_LOCK);
	else if (l && l->name && strstr(l->name, "mmap"))
		add(p, NEED_MMAP_LOCK);
	else
		add(p, NEED_KERNEL_LOCK);
}

/* By the class, when the model is not what holds it back. */
static void advise_same(struct plan *p)
{
	switch (p->j->class) {
	case CLASS_GIL_BOUND:
	case CLASS_CPU_BOUND:
	case CLASS_OVERSUBSCRIBED:
		advise_cpu(p);
		break;
	case CLASS_IO_BOUND:
		advise_io(p);
		break;
	case CLASS_IPC_BOUND:
		advise_ipc(p);
		break;
	case CLASS_LOCK_BOUND:
	case CLASS_KERNEL_LOCK_BOUND:
		advise_locks(p);
		break;
	case CLASS_IMBALANCED:
		add(p, NEED_BALANCE);
		break;
	default:
		break;
	}
}

static bool is_gil_back_on(const struct view *v)
{
	const struct process_view *p = v->gil;

	return p && p->fact->free_threaded && p->fact->global_lock;
}

/* Does the program count CPUs that it may not use? Only worth a word if it makes too many. */
static void advise_count(struct plan *p)
{
	const struct fact_recording *r = &p->j->view.facts->recording;

	if (r->cpus_online <= p->j->view.usable || p->sizes.now <= p->sizes.cpus)
		return;
	add(p, r->cpus_quota > 0 && r->cpus_quota < r->cpus_affinity ? NEED_QUOTA_COUNT
								     : NEED_CPU_COUNT);
}

static void advise_quota(struct plan *p)
{
	/* With one CPU that has been said. */
	if (!judgement_finding(p->j, "throttled") || (p->j->view.usable < 2 && p->out->advice_cnt))
		return;
	if (p->sizes.now > p->sizes.cpus)
		add_advice(p->out,
			   "raise the CPU quota of its cgroup (cpu.max), or run no more "
			   "workers than the CPUs it allows: %u",
			   p->sizes.cpus);
	else
		add_advice(p->out, "raise the CPU quota of its cgroup (cpu.max)");
}

/* What holds of whatever verdict. */
static void advise_besides(struct plan *p)
{
	const struct judgement *j = p->j;
	const struct view *v = &j->view;

	if (p->sizes.startup_ns > 0)
		add(p, NEED_POOL);
	if (j->class == CLASS_GIL_BOUND && j->fit == FIT_THREADS &&
	    judgement_finding(j, "worker-memory"))
		advise_memory(p);
	if (j->class != CLASS_IPC_BOUND && p->sizes.chunk >= CHUNK_MIN && !sends_large_data(v) &&
	    v->exchange_cpu_ns + v->work.ns[PART_IPC] > EXCHANGE_MIN_SHARE * v->active_ns)
		add(p, NEED_CHUNKS);
	advise_quota(p);
	advise_count(p);
}

/* What would make the next recording tell more; of a whole machine the summary says it. */
static void advise_recording(struct plan *p)
{
	const struct facts *f = p->j->view.facts;

	if (lost_share(f) > LOST_MAX)
		add_advice(p->out, "record less at a time: partrace --light, or -p PID "
				   "--no-follow for one process of it");
	else if ((double)f->recording.duration_ns < RECORDING_MIN_NS)
		add_advice(p->out, "record a run with more work in it, of some seconds");
	else if (!is_whole_machine(f))
		add_advice(p->out, "record under load: start the load first, then partrace -p "
				   "PID -d 10s");
}

void advise(const struct judgement *j, struct fact_verdict *out)
{
	struct plan p = { .j = j, .out = out };

	audience_find(j, &p.who);
	sizes_find(j, out, &p.sizes);
	if (judgement_finding(j, "deadlock"))
		add_advice(out, "take locks in the same order everywhere, or none while "
				"holding another");
	if (judgement_finding(j, "deadlock") && j->class == CLASS_LOCK_BOUND)
		return;
	if (judgement_finding(j, "loop-blocks") ||
	    (j->current == FIT_ASYNC && j->fit == FIT_HYBRID)) {
		add(&p, NEED_OFFLOAD);
		loops_advise(j, out);
	}
	if (j->class == CLASS_IDLE || j->class == CLASS_INCONCLUSIVE) {
		if (!out->advice_cnt)
			advise_recording(&p);
		return;
	}
	if (is_gil_back_on(&j->view) && j->class == CLASS_GIL_BOUND)
		add(&p, NEED_GIL_OFF);
	/* These hold whatever the model is. */
	if (j->class == CLASS_LOCK_BOUND || j->class == CLASS_KERNEL_LOCK_BOUND ||
	    j->class == CLASS_IPC_BOUND) {
		advise_same(&p);
		advise_change(&p);
	} else if (!advise_change(&p)) {
		advise_same(&p);
	}
	advise_besides(&p);
}
