// SPDX-License-Identifier: MIT
/* Owns the list of a process's GILs. */
#include "model/gil.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "par_futex.h"

/* A program with more interpreters than this has other worries; each wait looks for all. */
#define OWN_GILS_MAX 256

/* Ruby has a mutex per thread, and those of its threads that wait for the GVL meet soon. */
#define MUTEXES_MAX 1024

static bool is_main(const struct process *p, uint64_t addr)
{
	return addr >= p->gil_addr && addr - p->gil_addr < p->gil_size;
}

static void learn_own(struct process *p, uint64_t addr)
{
	for (size_t i = 0; i < p->own_gil_cnt; i++)
		if (p->own_gils[i] == addr)
			return;
	if (p->own_gil_cnt == OWN_GILS_MAX)
		return;
	XGROW(p->own_gils, p->own_gil_cnt, p->own_gil_cap);
	p->own_gils[p->own_gil_cnt++] = addr;
}

/*
 * Every thread of Ruby has one condition variable: with a mutex of its own it waits for
 * whatever the program makes it wait for, with one that it shares with the others for
 * the GVL. So the mutex that is seen with two of them is a GVL's.
 */
static void learn_gvl(struct process *p, uint64_t mutex, uint64_t cond)
{
	for (size_t i = 0; i < p->mutex_cnt; i++) {
		if (p->mutexes[i].mutex != mutex)
			continue;
		if (p->mutexes[i].cond != cond)
			learn_own(p, mutex);
		return;
	}
	if (p->mutex_cnt == MUTEXES_MAX)
		return;
	XGROW(p->mutexes, p->mutex_cnt, p->mutex_cap);
	p->mutexes[p->mutex_cnt++] = (struct gvl_mutex){ mutex, cond };
}

void gil_learn(struct process *p, const struct wait_calls *calls, const struct par_cause *cause)
{
	struct wait_context ctx = { .calls = calls,
				    .gil_addr = p->gil_addr,
				    .gil_size = p->gil_size };

	if (cause->sysno >= 0 && cause->shape == PAR_SHAPE_GVL) {
		learn_gvl(p, cause->lock_addr, par_futex_lock(PAR_SHAPE_CONDVAR, cause->args[0]));
	} else if (wait_is_gil_request(&ctx, cause)) {
		p->gil_word = cause->args[0];
		/* A free-threaded build waits for it only when it has been switched on. */
		p->global_lock = true;
	} else if (cause->shape == PAR_SHAPE_GIL && cause->sysno >= 0 &&
		   !is_main(p, cause->lock_addr)) {
		learn_own(p, cause->lock_addr);
	}
}

void gil_forget(struct process *p)
{
	free(p->own_gils);
	p->own_gils = NULL;
	p->own_gil_cnt = p->own_gil_cap = 0;
	free(p->mutexes);
	p->mutexes = NULL;
	p->mutex_cnt = p->mutex_cap = 0;
	p->has_gvl = false;
	p->gil_addr = p->gil_size = p->gil_word = 0;
	p->global_lock = p->free_threaded = false;
}

void gil_inherit(struct process *child, const struct process *parent)
{
	gil_forget(child);
	child->global_lock = parent->global_lock;
	child->free_threaded = parent->free_threaded;
	child->gil_addr = parent->gil_addr;
	child->gil_size = parent->gil_size;
	child->gil_word = parent->gil_word;
	child->has_gvl = parent->has_gvl;
	for (size_t i = 0; i < parent->own_gil_cnt; i++)
		learn_own(child, parent->own_gils[i]);
}
