/* SPDX-License-Identifier: MIT */
/*
 * Several recordings of one machine, made at the same time of different processes, as
 * if they were one: what `report A B` judges. A pure function on facts.
 *
 * What is recorded per thread, process, lock, channel or system call is added up. What
 * can't be told from parts is said to be so (docs/facts.md): which changes would bring
 * what, as the replay takes all waits and wake-ups of all of them.
 */
#ifndef FACTS_COMBINE_H
#define FACTS_COMBINE_H

#include "facts/facts.h"

enum combine_refusal {
	COMBINE_OK,
	COMBINE_TWICE,		/* the same recording again: all would count twice */
	COMBINE_MACHINES,	/* not of one machine, or not of one boot: no clock in common */
	COMBINE_NAMESPACES,	/* numbers of processes mean others in each */
	COMBINE_GAP,		/* there is a time that nobody recorded between them */
	COMBINE_PROCESS,	/* both have recorded the same process at the same time */
	COMBINE_COMBINED,	/* it is a combination itself */
};

/* Why not; @first and @second: which of the recordings. */
struct combine_problem {
	enum combine_refusal what;
	size_t first, second;
	uint32_t pid;		/* COMBINE_PROCESS */
	uint64_t gap_ns;	/* COMBINE_GAP: so long after @first's end did @second begin */
};

struct combine_problem combine_check(const struct facts *parts, size_t cnt);

/*
 * Fill @out, which is empty, with what is in @parts, of which combine_check() says that it
 * can be done, and leave these empty. The verdict is to be judged, limits are to be set anew.
 */
void combine_take(struct facts *out, struct facts *parts, size_t cnt);

/* ---- what it is made of ---- */

/* Whether it is one boot was not recorded by older versions. */
bool combine_knows_boot(const struct facts *parts, size_t cnt);

/* Add @from, which is left without, to @to. */
void combine_locks(struct facts *to, struct facts *from);
void combine_channels(struct facts *to, struct facts *from);
void combine_syscalls(struct facts *to, struct facts *from);

/* For @cnt parts at once; out->recording and its parts are complete. */
void combine_requests(struct facts *out, struct facts *parts, size_t cnt);
void combine_series(struct facts *out, const struct facts *parts, size_t cnt);

#endif
