/* SPDX-License-Identifier: MIT */
/*
 * Which threads are event loops, and what holds them up. From spans (what a thread
 * is blocked in besides its poll) and turns (how long it serves nobody else).
 *
 * A loop waits by epoll or io_uring, alone in its process on that instance, for
 * several descriptors with sockets among them; where that was not seen, it does nine
 * tenths of its waiting there, and was woken if another loop of its process was. By poll or select, it waits for three descriptors
 * or more, and two sockets have brought something. Where several threads of one process
 * wait on one epoll instance, they are a scheduler's (Go, tokio): no thread is a loop.
 */
#ifndef FACTS_LOOP_H
#define FACTS_LOOP_H

#include "base/htab.h"
#include "facts/facts.h"
#include "facts/lag.h"
#include "model/model.h"

struct loop_call;

/* Of a thread that has polled several descriptors. */
struct loop_sum {
	uint64_t begin_ns;		/* its first poll */
	uint64_t end_ns;		/* its last one, when it has ended since; 0: goes on */
	struct {
		uint64_t waits, wait_ns;
	} set, epoll;			/* blocked in polls of either kind */
	uint32_t epoll_fd;
	bool by_epoll;
	uint32_t polled_max;		/* descriptors in one poll or select */
	struct htab files;		/* (id, kind) of what ended its polls, the first so many */
	uint64_t sockets;		/* of these: connected */
	bool listens;			/* one of these takes connections */
	struct loop_call *calls;	/* [call_cnt] */
	size_t call_cnt, call_cap;
	struct lag lag;
	uint64_t turns;
	bool turns_told;
	uint64_t turn_max_ns, cpu_max_ns;
	uint64_t long_turns, long_ns, long_queue_ns, long_blocked_ns;
};

/* @sum may point to NULL: then it is made if @s is a poll. */
void loop_add_span(struct loop_sum **sum, const struct span *s);
void loop_add_turn(struct loop_sum **sum, const struct turn *t);
void loop_free(struct loop_sum *sum);

/*
 * Fill out->threads[i].loop from sums[i], which may be NULL, for all tasks of @m.
 * @now_ns: the end of what is known. @sysno_name as in facts_build_options.
 */
void loops_fill(struct facts *out, const struct model *m, struct loop_sum *const *sums,
		uint64_t now_ns, const char *(*sysno_name)(int sysno));

#endif
