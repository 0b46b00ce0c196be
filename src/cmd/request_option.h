/* SPDX-License-Identifier: MIT */
/* --request: from what the user writes to a function in a file. */
#ifndef CMD_REQUEST_OPTION_H
#define CMD_REQUEST_OPTION_H

#include <limits.h>
#include <stdint.h>

/* FUNC, FUNC@BINARY or BINARY:FUNC. */
struct request_option {
	char *function;
	char *binary;		/* a path, or the name of a program or library; NULL: the target's own */
	char path[PATH_MAX];	/* answer: the file */
	uint64_t offset;	/* answer: where in it */
};

/* For ARG_CALLBACK; owns what it fills. -EINVAL: none of these forms. */
int request_option_parse(void *out, const char *value);
void request_option_release(struct request_option *r);

/*
 * Find it. @pid: a process that runs the program; 0: none does. @command: what will be
 * launched, or NULL. -errno, said.
 */
int request_option_find(struct request_option *r, uint32_t pid, const char *command);

#endif
