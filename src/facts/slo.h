/* SPDX-License-Identifier: MIT */
/*
 * Gates: limits that a user sets, and whether a recording kept them.
 *
 *	slo_parse(&slo, "p95=300ms,cpu=85%", why)	as often as there are texts
 *	slo_judge(&slo, &facts)				fills facts.slo
 *
 * A text is a list of KEY=LIMIT, separated by commas or line ends; '#' begins a comment.
 */
#ifndef FACTS_SLO_H
#define FACTS_SLO_H

#include <stdbool.h>

#include "facts/facts.h"

enum slo_key {
	SLO_P50,		/* request latency, at most */
	SLO_P95,
	SLO_P99,
	SLO_MAX,
	SLO_RPS,		/* requests per second, at least */
	SLO_CPU,		/* used, of all usable CPUs, at most */
	SLO_MEMORY,		/* of the largest process, at most */

	SLO_CNT
};

/* Zeroed: none. */
struct slo {
	bool is_set[SLO_CNT];
	double limit[SLO_CNT];	/* ns, per second, percent, bytes */
};

#define SLO_WHY_LEN 160

/*
 * Add the limits in @text; of two for one key the later counts. -EINVAL, and @why names
 * the part that is wrong.
 */
int slo_parse(struct slo *slo, const char *text, char why[SLO_WHY_LEN]);

bool slo_is_empty(const struct slo *slo);

/* Fill f->slo, anew. */
void slo_judge(const struct slo *slo, struct facts *f);

/* How many of f->slo are missed. */
size_t slo_missed(const struct facts *f);

#endif
