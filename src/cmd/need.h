/* SPDX-License-Identifier: MIT */
/* --need: what the user wants of the model besides speed, which no recording tells. */
#ifndef CMD_NEED_H
#define CMD_NEED_H

#include <stdbool.h>

#define NEED_CONTRADICTION \
	"--need isolation and --need sharing exclude each other: no model has both"

struct need {
	bool isolation;		/* a worker that crashes takes no other with it */
	bool sharing;		/* the workers see the same data at no cost */
};

/* For ARG_CALLBACK, may be given again. -EINVAL: not one of these. */
int need_parse(void *out, const char *value);

/* Threads share and are not isolated, processes the other way round. */
bool need_is_contradiction(const struct need *n);

/* As in the facts, or NULL: none. */
const char *need_name(const struct need *n);

#endif
