/* SPDX-License-Identifier: MIT */
/*
 * A tiny recording of a command that sleeps, kept nowhere: whether the kernel does what its
 * types promise shows only in what a recording finds.
 */
#ifndef CMD_TRIAL_H
#define CMD_TRIAL_H

#include <stdbool.h>

struct trial {
	char *found;		/* what was recorded, or what was wrong with it: for people */
	bool lacks_storage;	/* see probes_lack_storage() */
};

/* 0, or -errno: no recording came about, or a wrong one. A failure may be said, too. */
int trial_run(struct trial *trial);
void trial_release(struct trial *trial);

#endif
