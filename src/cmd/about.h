/* SPDX-License-Identifier: MIT */
/* Facts about the recording itself: machine, targets, what it could not see, own cost. */
#ifndef CMD_ABOUT_H
#define CMD_ABOUT_H

#include <stdint.h>
#include <sys/utsname.h>

#include "base/procfs.h"
#include "facts/facts.h"
#include "model/model.h"

struct about {
	uint64_t start_wall_ns, start_mono_ns;
	uint64_t steal0_ns;
	int64_t boot0_ns, wall0_ns;	/* how far those clocks were ahead of CLOCK_MONOTONIC */
	struct utsname uname;
	char boot_id[PROCFS_BOOT_ID_LEN]; /* "": not known */
	uint32_t pid_namespace;		/* 0: the first one */
	char *const *command;		/* NULL-terminated, of a launched target; or NULL */
	const uint32_t *pids;		/* [pid_cnt], lent */
	size_t pid_cnt;
	const char *need;		/* what the user needs besides speed; NULL: nothing */
	uint32_t main_pid;		/* whose CPU limits count; 0: the machine's */
	double cpus_quota;		/* 0: none */
	uint32_t cpus_online, cpus_affinity;
};

/* Look while the target lives: its limits are gone with it. start_*_ns are the caller's. */
void about_init(struct about *a);

/* Read the limits again: a launched command may have set its own. */
void about_refresh(struct about *a);

struct about_cost {
	uint64_t events;
	uint64_t passed_over;	/* see probes_passed_over() */
	uint64_t bpf_ns, collector_ns;
	bool is_complete;
	double limit;		/* --max-overhead; 0: none */
	uint64_t left_out_ns;	/* of the timeline in the trace */
	bool lacks_klocks;	/* the kernel does not tell of its locks */
	bool lacks_bpf_time;	/* nor, to this user, of its programs' time */
	bool lacks_memory;	/* of a target: what it runs and waits for can't be read */
};

/* Fill f->recording, but for its duration. */
void about_fill(const struct about *a, const struct model *m, const struct about_cost *cost,
		struct facts *f);

#endif
