// SPDX-License-Identifier: MIT
/*
 * Owns the table of listening sockets. What a request is was decided where it was
 * seen (bpf/request.bpf.c); here its times are put in order and its process found.
 */
#include "model/request.h"

#include "base/xalloc.h"
#include "model/task_table.h"
#include "model/tell.h"

/* It may be told late, when the thread and its process are gone. */
static const struct task *task_ever(const struct model *m, uint32_t tid)
{
	const struct task *t = task_find(m, tid);

	return t ? t : htab_find(&m->ended, tid, 0);
}

static void on_request(struct model *m, const struct par_request *rec)
{
	struct request r = {
		.begin_ns = rec->begin_ns,
		.read_ns = rec->read_ns > rec->begin_ns ? rec->read_ns : rec->begin_ns,
		.end_ns = rec->end_ns > rec->begin_ns ? rec->end_ns : rec->begin_ns,
		.kind = (enum par_request_kind)rec->kind,
		.port = rec->lport,
		.task = task_ever(m, rec->hdr.tid),
	};

	if (r.end_ns < m->begin_ns)
		return;
	if (r.read_ns > r.end_ns)
		r.read_ns = r.end_ns;
	r.process = r.task ? r.task->process : process_find(m, rec->tgid);
	TELL(m, request, &r);
}

static void on_backlog(struct model *m, const struct event_backlog *ev)
{
	struct backlog *b = htab_find(&m->backlogs, ev->id, 0);
	const struct process *p = process_find(m, ev->hdr.tid);

	if (!b) {
		b = xcalloc(1, sizeof(*b));
		htab_put(&m->backlogs, ev->id, 0, b);
	}
	b->kind = (enum par_request_kind)ev->kind;
	b->port = ev->lport;
	b->limit = ev->limit;
	b->accepts += ev->accepts;
	b->waiting += ev->waiting;
	if (ev->waiting_max > b->waiting_max)
		b->waiting_max = ev->waiting_max;
	if (p)
		b->process = p;
}

void request_feed(struct model *m, const struct event *ev)
{
	if (ev->hdr.kind == PAR_REQUEST) {
		on_request(m, &ev->request);
	} else if (ev->hdr.kind == EVENT_BACKLOG) {
		on_backlog(m, &ev->backlog);
	} else {
		m->requests_unfinished = ev->requests.unfinished;
		m->requests_missed = ev->requests.missed;
	}
}
