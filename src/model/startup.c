// SPDX-License-Identifier: MIT
/* Owns the moments of a start-up in struct process. */
#include "model/startup.h"

#include "model/task_table.h"

void startup_run(struct task *t, uint64_t now_ns)
{
	struct process *p = t->process;

	if (p->born && t->tid == p->pid && !p->first_run_ns)
		p->first_run_ns = now_ns;
}

void startup_exec(struct process *p)
{
	p->loaded_ns = p->fed_ns = p->waited_ns = 0;
	p->serves = false;
}

void startup_step(struct model *m, const struct par_startup *rec)
{
	struct task *t = task_find(m, rec->hdr.tid);
	struct process *p;

	if (!t || t->process->pid != rec->tgid) {
		m->resync_cnt++;
		return;
	}
	m->startup_cnt++;
	p = t->process;
	if (!(rec->hdr.flags & PAR_STARTUP_FED)) {
		if (!p->waited_ns)
			p->loaded_ns = rec->hdr.ts_ns;
	} else if (!p->fed_ns) {
		p->fed_ns = rec->hdr.ts_ns;
	}
}

/*
 * Whoever waits for others, for work or for the time to pass has started up.
 * Files, memory, locks and helpers of its own belong to the start-up.
 */
static bool ends_startup(enum bucket b)
{
	return b == BUCKET_IPC || b == BUCKET_IDLE || b == BUCKET_NETWORK || b == BUCKET_SYNC ||
	       b == BUCKET_SLEEP;
}

/* A loop that looks at its descriptors from time to time waits for them, too. */
static bool is_for_work(const struct par_cause *cause, const struct wait_what *what)
{
	if (what->bucket == BUCKET_SLEEP)
		return what->is_poll && cause->file.kind != PAR_FILE_NONE;
	return what->bucket == BUCKET_IDLE;
}

void startup_wait(struct task *t, const struct par_cause *cause, const struct wait_what *what,
		  uint64_t start_ns)
{
	struct process *p = t->process;

	if (t->tid != p->pid || p->waited_ns || !ends_startup(what->bucket))
		return;
	p->waited_ns = start_ns;
	p->serves = is_for_work(cause, what);
}
