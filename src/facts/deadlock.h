/* SPDX-License-Identifier: MIT */
/*
 * Who waits for whom, of waits for what says itself who has it; and the circles in
 * that, of which nobody ever gets out.
 */
#ifndef FACTS_DEADLOCK_H
#define FACTS_DEADLOCK_H

#include "base/htab.h"
#include "facts/facts.h"

struct wait_graph {
	struct htab waits;	/* (struct task * that waits, 0) -> struct wait_edge, owned */
};

/*
 * A thread waits for one thing at a time: this replaces what was known of it. @wait is
 * copied. @is_passing: as of now only, until wait_graph_pass().
 */
void wait_graph_put(struct wait_graph *g, const struct blocked *wait, bool is_passing);

/* It went on. */
void wait_graph_drop(struct wait_graph *g, const struct task *waiter);
void wait_graph_pass(struct wait_graph *g);

/* One entry per circle, of [*cnt]; NULL if there is none. The caller owns them. */
struct fact_deadlock *wait_graph_circles(const struct wait_graph *g, size_t *cnt);
void wait_graph_release(struct wait_graph *g);

#endif
