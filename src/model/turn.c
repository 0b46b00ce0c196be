// SPDX-License-Identifier: MIT
/* Owns nothing: takes the kernel's word for turns to the observers, inside the recording. */
#include "model/turn.h"

#include "model/task_table.h"
#include "model/tell.h"

static void tell(struct model *m, struct turn *turn)
{
	uint64_t len;

	if (turn->start_ns < turn->task->start_ns)
		turn->start_ns = turn->task->start_ns;
	if (turn->end_ns < turn->start_ns)
		turn->start_ns = turn->end_ns;
	len = turn->end_ns - turn->start_ns;
	if (turn->queue_ns > len)
		turn->queue_ns = len;
	if (turn->blocked_ns > len - turn->queue_ns)
		turn->blocked_ns = len - turn->queue_ns;
	TELL(m, turn, turn);
}

void turn_end(struct model *m, const struct par_turn *rec)
{
	const struct task *t = task_find(m, rec->hdr.tid);

	if (!t || t->process->pid != rec->tgid) {
		m->resync_cnt++;
		return;
	}
	tell(m, &(struct turn){ .task = t,
				.start_ns = rec->start_ns,
				.end_ns = rec->hdr.ts_ns,
				.queue_ns = rec->queue_ns,
				.blocked_ns = rec->blocked_ns,
				.turns = rec->turns,
				.by_epoll = rec->hdr.flags & PAR_TURN_EPOLL });
}

/* It may be off its CPU: the kernel adds that up when the thread is back. */
static void add_rest(struct turn *turn, const struct par_task *rec)
{
	const struct par_off *off = &rec->off;
	uint64_t now_ns = rec->hdr.ts_ns, wake_ns = off->wake_ns;

	if ((rec->hdr.flags & PAR_OUT_RUNNING) || off->out_ns < turn->start_ns ||
	    off->out_ns > now_ns)
		return;
	if (off->out_flags & PAR_OUT_PREEMPT)
		wake_ns = off->out_ns;
	else if (!wake_ns || wake_ns > now_ns)
		wake_ns = now_ns;
	turn->blocked_ns += wake_ns - off->out_ns;
	turn->queue_ns += now_ns - wake_ns;
}

void turn_open(struct model *m, const struct task *t, const struct par_task *rec)
{
	struct turn turn = {
		.task = t,
		.start_ns = rec->turn_ns ? rec->turn_ns : rec->hdr.ts_ns,
		.end_ns = rec->hdr.ts_ns,
		.queue_ns = rec->turn_queue_ns,
		.blocked_ns = rec->turn_blocked_ns,
		.turns = rec->turns,
		.is_open = true,
	};

	if (!rec->turns && !rec->turn_ns)
		return;
	if (rec->turn_ns)
		add_rest(&turn, rec);
	tell(m, &turn);
}

void turn_exit(struct model *m, const struct task *t, const struct par_exit *rec)
{
	struct turn turn = { .task = t, .turns = rec->turns, .is_last = true };

	if (!rec->turns && !rec->turn_ns)
		return;
	turn.start_ns = turn.end_ns = rec->turn_ns ? rec->turn_ns : rec->hdr.ts_ns;
	tell(m, &turn);
}
