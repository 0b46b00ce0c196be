/* SPDX-License-Identifier: MIT */
/*
 * What this kernel and this user can do, and what a recording goes without for the
 * rest. Looks only: nothing is loaded, attached or changed.
 */
#ifndef RECORD_FEATURES_H
#define RECORD_FEATURES_H

#include <stdbool.h>
#include <stddef.h>

enum feature_state {
	FEATURE_OK,
	FEATURE_LESS,		/* a recording without it is possible, and has less */
	FEATURE_NONE,		/* no recording without it */
};

enum feature_group {
	FEATURES_KERNEL,
	FEATURES_RIGHTS,
	FEATURES_LIMITS,

	FEATURES_CNT
};

struct feature {
	enum feature_group group;
	enum feature_state state;
	char *name;		/* "tracepoint sched_switch" */
	char *found;		/* "6.18.5", or NULL */
	const char *cost;	/* what is lost if it is not ok: a clause for people */
	const char *remedy;	/* what to do about it, or NULL: nothing but another kernel */
};

/* Zeroed memory is empty. */
struct features {
	struct feature *all;	/* [cnt], by group */
	size_t cnt, cap;
};

/* @btf_path: the kernel's types; NULL: where the kernel has them. For tests. */
void features_look(struct features *fs, const char *btf_path);
void features_release(struct features *fs);

/* Nothing that a recording must have is missing. */
bool features_suffice(const struct features *fs);

#endif
