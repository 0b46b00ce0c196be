/* SPDX-License-Identifier: MIT */
/* Requests, per server: how many, how long they took, how many there were at a time. */
#ifndef FACTS_REQUEST_SUM_H
#define FACTS_REQUEST_SUM_H

#include "facts/facts.h"
#include "facts/latency.h"

#define REQUEST_SERVERS_MAX 32		/* more are counted, but not told apart */
#define REQUEST_LISTENERS_MAX 32	/* those with the longest queues */

struct request_turns {
	struct latency_fine latency;
	uint64_t unread_ns;		/* before somebody took them up */
};

struct request_server {
	char name[PAR_COMM_LEN];
	enum par_request_kind kind;
	uint16_t port;
	struct request_turns turns;
};

/* Zeroed is empty. */
struct request_sum {
	struct request_turns *all;	/* NULL: none yet */
	struct request_server *servers[REQUEST_SERVERS_MAX];
	size_t server_cnt;
};

void request_sum_add(struct request_sum *s, const struct request *r);
void request_sum_release(struct request_sum *s);

/* Fill out->requests; out->recording.duration_ns is known. @function: see facts_build.h. */
void request_sum_fill(const struct request_sum *s, const struct model *m, const char *function,
		      struct facts *out);

/* Servers by their requests, listeners by their queues, most first. */
void request_sort(struct fact_requests *r);

#endif
