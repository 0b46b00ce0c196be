/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Is a file ready, as poll(2) means it? Told by its own state, without calling its driver. */
#ifndef READY_BPF_H
#define READY_BPF_H

#include "core.bpf.h"

/*
 * A file and what is waited for, in one word: files lie at even addresses, and a
 * function that is verified once takes scalars only.
 */
#define POLL_IN		0x1
#define POLL_OUT	0x2
#define POLL_BITS	0x3

/*
 * The lower, the more likely this file ended the wait: whether it is ready comes
 * first, then the order in which the buckets go.
 */
#define SCORE_READY	0	/* + enum poll_rank */
#define SCORE_UNKNOWN	8	/* its state does not tell */
#define SCORE_WAITING	16
#define SCORE_NONE	64
#define SCORE_RANK	7	/* mask */

enum poll_rank {
	RANK_SERVED,		/* a listening or a served socket, a signal: idle */
	RANK_TIMER,		/* sleep */
	RANK_SOCKET,		/* the answer to a request */
	RANK_REST,
};

/* Global, so that loops over it verify everywhere. @entry: the file's address | POLL_* */
__u32 ready_score(__u64 entry);

#endif
