/* SPDX-License-Identifier: MIT */
/*
 * When inspect looks for CPython in a process: a libpython may be mapped a while after
 * exec, or be loaded by a program at any time; and a free-threaded build may switch its
 * GIL back on. Where there is none, it looks for the runtimes of other languages.
 */
#ifndef CMD_ASK_PYTHON_H
#define CMD_ASK_PYTHON_H

#include "cmd/inspect.h"

struct ask_python {
	bool found;
	bool has_other;			/* another language's runtime was found, and told */
	bool has_gvl;			/* ... Ruby's */
	unsigned looks;			/* by the clock, since the last exec */
	unsigned asks;			/* because of a wait that may be for a GIL */
	uint64_t next_ns;		/* when to look again */
	struct python_info info;	/* when found */
};

/* A new program at @now_ns, or one met for the first time. */
void ask_python_begin(struct inspect *in, uint32_t pid, struct ask_python *a, uint64_t now_ns);

/* The process was forked, and is what its parent was. */
void ask_python_fork(struct inspect *in, uint32_t pid, struct ask_python *a,
		     const struct ask_python *parent);

/* Something hints at it. */
void ask_python(struct inspect *in, uint32_t pid, struct ask_python *a);

/* Every few milliseconds. */
void ask_python_tick(struct inspect *in, uint32_t pid, struct ask_python *a, uint64_t now_ns);

/* Once more before the end: is the GIL as it was? */
void ask_python_gil(struct inspect *in, uint32_t pid, struct ask_python *a);

#endif
