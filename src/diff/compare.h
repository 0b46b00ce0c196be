/* SPDX-License-Identifier: MIT */
/* What the parts of a diff hand each other. */
#ifndef DIFF_COMPARE_H
#define DIFF_COMPARE_H

#include "base/clock.h"
#include "diff/diff.h"
#include "diff/sample.h"

struct comparison {
	struct sample *before, *after;
	size_t before_cnt, after_cnt;
	bool is_run;
};

/* Two runs of one program on one machine differ by this: standard deviation, relative. */
#define NOISE_TIME     0.015
#define NOISE_IO       0.22	/* of the time that is waited for disks and networks: others use them, too */
#define NOISE_MEMORY   0.015
#define NOISE_SWITCHES 0.07
#define NOISE_PREEMPTED 0.20	/* of involuntary ones: the scheduler's */
#define NOISE_STARTUP  0.10
#define STARTUP_NS     (1.0 * NS_PER_MS)
#define NOISE_LATENCY  0.035
#define NOISE_TRAFFIC  0.05

/* The same of a share p of thread time, in percentage points: FLOOR + SPREAD sqrt(p (1 - p)). */
#define NOISE_SHARE_FLOOR      0.2
#define NOISE_SHARE_SPREAD     2.0
#define NOISE_ROLE_SHARE_FLOOR 0.4
#define NOISE_ROLE_SPREAD      2.6
/*
 * The same of a role that computes little, whose waits are what others make of them: 13
 * for the GIL and results that a main thread waited for, in 21 runs of one program.
 */
#define NOISE_WAITER_SPREAD    7.5
#define WAITER_MAX_CPU	       0.1	/* of the program's CPU time */

/*
 * While others used the machine, all of these are worth less: more noise for each part of the
 * time that they took. Caches and the other half of a core are shared, too.
 */
#define DISTURBED_TIME     0.10
#define DISTURBED_CPU	   0.045
#define DISTURBED_SWITCHES 1.4
#define DISTURBED_LATENCY  0.35
#define DISTURBED_STARTUP  1.0
#define DISTURBED_SHARE	   11.0		/* percentage points */

/* Whom others preempt finds its caches cold: up to this, of CPU time, each time. */
#define SWITCH_NS	   15e3
#define PREEMPTED_MAX	   0.99

/*
 * How much of a file that is mapped counts for a process depends on who else maps it, in
 * other programs too: of what the process shares, standard deviation, by the processes that
 * share it; and of anything. A process that forked counts for more if it was looked at before.
 */
#define SHARING		   0.16
#define BYTES_NOISE	   3.5e5

/* diff_metrics.c; struct measure's undisturbed, and noise */
double undisturbed_time(const struct sample *s);
double undisturbed_cpu(const struct sample *s, bool is_run);
double noise_of_switches(const struct sample *s, double switches, double involuntary);
double noise_of_startup(const struct sample *s, double ns);
double noise_of_memory(const struct sample *s, double bytes);

/*
 * Percentage points that a share would change by had others not been there: who computes takes as
 * long, waits for the CPUs that others had are gone, and other waits, for who was kept
 * away, are shorter in proportion.
 */
struct thread_time {
	double life_ns, cpu_ns, queue_ns, io_ns;
};

double undisturbed_share(const struct sample *s, const struct thread_time *t, enum bucket_group g,
			 double ns);
/*
 * How far what comes and goes during a recording makes recordings differ: most of it are
 * phases that are the same each time.
 */
#define STUTTER		   0.6

double noise_of_share(double share, double floor, double spread);

/* Percentage points: a share of theirs, and what its coming and going does to the others. */
double noise_of_io(const struct thread_time *t, enum bucket_group g, double ns);

/* "group:lock": what a group is called as a metric. */
extern const char *const group_metrics[GROUP_CNT];

/* diff_metrics.c: rows of the whole program; diff_roles.c: those of each role. */
void compare_metrics(const struct comparison *c, struct diff *out);
void compare_roles(const struct comparison *c, struct diff *out);

/* diff_objects.c */
void compare_locks(const struct comparison *c, struct diff *out);
void compare_channels(const struct comparison *c, struct diff *out);

/*
 * diff_rows.c, after those: all ranges hold at once in 19 of 20 cases, so each is the wider the more is
 * compared (Bonferroni): half of the alarms for the program's own metrics, half for
 * shares, roles, locks and channels.
 */
void compare_finish(struct diff *out);

/* diff_words.c; both after all rows are there. */
void compare_prediction(const struct comparison *c, struct diff *out);
void compare_notes(const struct comparison *c, struct diff *out);
char *diff_summary(const struct diff *d);

/* One recording's value of a metric. */
struct measure {
	bool is_known;
	double value;
	double noise;		/* assumed between such recordings: log scale, or percentage points */
	double undisturbed;	/* how much it would change without what others did; likewise */
};

/* Append a row of what @before and @after measured; none if neither knows anything. */
void compare_add_ratio(struct diff *out, const char *metric, const char *role,
		       enum diff_unit unit, const struct measure *before, size_t before_cnt,
		       const struct measure *after, size_t after_cnt);
void compare_add_share(struct diff *out, const char *metric, const char *role,
		       const struct measure *before, size_t before_cnt,
		       const struct measure *after, size_t after_cnt);

#endif
