// SPDX-License-Identifier: MIT
/*
 * Owns what is known of ends and of those who have them: one entry per end. Of a
 * connection each end knows the other's key; what has no ends of its own, as a
 * pipe, has one for reading and one for writing.
 */
#include "model/peer_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "model/task_table.h"

/* A server meets connections without end. */
#define PEER_CNT_MAX 65536

/* No enum par_file: processes and bystanders, by process id. */
#define KIND_PROCESS 0x100
#define KIND_THREAD  0x101

struct end {
	uint64_t own, other;
};

/* False: nobody is at the other end of such a file, or it is not on this machine. */
static bool ends_of(const struct par_file_ref *file, bool is_read, struct end *end)
{
	switch (file->kind) {
	case PAR_FILE_UNIX:
		*end = (struct end){ file->id, file->peer_id };
		return !(file->flags & PAR_FILE_LISTENS);
	case PAR_FILE_TCP:
	case PAR_FILE_UDP:
		*end = (struct end){ (uint64_t)file->lport << 16 | file->rport,
				     (uint64_t)file->rport << 16 | file->lport };
		return (file->flags & PAR_FILE_LOOPBACK) && file->rport;
	case PAR_FILE_PIPE:
	case PAR_FILE_FIFO:
	case PAR_FILE_EVENTFD:
	case PAR_FILE_MQUEUE:
	case PAR_FILE_SYSV_QUEUE:
	case PAR_FILE_SYSV_SEMAPHORE:
		*end = (struct end){ file->id << 1 | is_read, file->id << 1 | !is_read };
		return true;
	default:
		return false;
	}
}

static struct peer *peer_get(struct model *m, uint64_t kind, uint64_t key)
{
	struct peer *p = htab_find(&m->peers, kind, key);

	if (p || m->peers.cnt >= PEER_CNT_MAX)
		return p;
	p = xcalloc(1, sizeof(*p));
	htab_put(&m->peers, kind, key, p);
	return p;
}

static void peer_set(struct peer *p, uint32_t pid, const char *comm)
{
	if (!p)
		return;
	if (p->pid != pid)
		p->name[0] = 0;
	p->pid = pid;
	if (*comm)
		memcpy(p->name, comm, sizeof(p->name));
}

void peer_use(struct model *m, const struct par_file_ref *file, bool is_read, uint32_t pid)
{
	struct end end;

	if (ends_of(file, is_read, &end))
		peer_set(peer_get(m, file->kind, end.own), pid, "");
}

void peer_tell(struct model *m, const struct par_file_ref *file, uint32_t pid, const char *comm)
{
	struct end end;

	if (ends_of(file, true, &end) && end.other)
		peer_set(peer_get(m, file->kind, end.other), pid, comm);
}

void peer_bystander(struct model *m, uint32_t tid, uint32_t pid, const char *comm)
{
	peer_set(peer_get(m, KIND_THREAD, tid), pid, "");
	peer_set(peer_get(m, KIND_PROCESS, pid), pid, tid == pid ? comm : "");
}

/* Somebody else, under the name that it has now. */
static const struct peer *present(struct model *m, struct peer *p, const struct process *self)
{
	const struct process *process;
	const struct peer *known;

	if (!p || !p->pid || p->pid == self->pid)
		return NULL;
	process = process_find(m, p->pid);
	known = htab_find(&m->peers, KIND_PROCESS, p->pid);
	if (process)
		memcpy(p->name, process->name, sizeof(p->name));
	else if (!p->name[0] && known)
		memcpy(p->name, known->name, sizeof(p->name));
	return p;
}

static struct peer *process_of(struct model *m, uint32_t tid)
{
	const struct task *t = task_find(m, tid);
	struct peer *p;

	if (!t) {
		p = htab_find(&m->peers, KIND_THREAD, tid);
		return p ? htab_find(&m->peers, KIND_PROCESS, p->pid) : NULL;
	}
	p = peer_get(m, KIND_PROCESS, t->process->pid);
	peer_set(p, t->process->pid, t->process->name);
	return p;
}

/*
 * Who wakes the reader of a pipe or of a UNIX socket has just written to it; TCP's
 * wake-ups come out of the network's interrupts, on whomever they happen to run.
 */
static bool wakes_itself(const struct par_file_ref *file)
{
	return file->kind != PAR_FILE_TCP && file->kind != PAR_FILE_UDP;
}

const struct peer *peer_find(struct model *m, const struct par_file_ref *file, bool is_read,
			     const struct process *self, uint32_t waker_tid)
{
	const struct peer *found;
	struct peer *p;
	struct end end;

	if (!ends_of(file, is_read, &end))
		return NULL;
	p = waker_tid && wakes_itself(file) ? process_of(m, waker_tid) : NULL;
	if (p && p->pid == self->pid)
		return NULL;
	found = present(m, p, self);
	if (!found && end.other)
		found = present(m, htab_find(&m->peers, file->kind, end.other), self);
	if (!found && file->kind == PAR_FILE_UNIX && file->peer_pid &&
	    file->peer_pid != self->pid) {
		/* As SO_PEERCRED says: of a pair, who made it, though it may be another's now. */
		p = peer_get(m, KIND_PROCESS, file->peer_pid);
		if (p)
			p->pid = file->peer_pid;
		found = present(m, p, self);
	}
	return found;
}
