/* SPDX-License-Identifier: MIT */
/* --slo: where its text comes from, and what is said when a limit is missed. */
#ifndef CMD_GATE_H
#define CMD_GATE_H

#include <stddef.h>

#include "base/argspec.h"
#include "facts/slo.h"

#define SLO_HELP                                                                    \
	"exit with 3 if a limit is missed: p95=300ms,cpu=85%,memory=300M, or @FILE; " \
	"also p50, p99, max, rps"

/* What the user gave, as given: a mistake is named once all options are read. */
struct gate {
	const char **texts;	/* [cnt], lent by argv */
	size_t cnt, cap;
	struct slo slo;
};

/* For ARG_CALLBACK. */
int gate_add(void *gate, const char *value);
void gate_release(struct gate *g);

/* Read all texts into g->slo. A usage error, said, for what can't be read. */
int gate_parse(struct gate *g, const struct argspec *spec);

/* Say which limits of f->slo were missed; true: any. */
bool gate_is_missed(const struct facts *f);

#endif
