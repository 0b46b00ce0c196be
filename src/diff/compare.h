/* SPDX-License-Identifier: MIT */
/* What the parts of a diff hand each other. */
#ifndef DIFF_COMPARE_H
#define DIFF_COMPARE_H

#include "diff/diff.h"
#include "diff/sample.h"

struct comparison {
	struct sample *before, *after;
	size_t before_cnt, after_cnt;
	bool is_run;
};

/* Two runs of one program on one machine differ by this: standard deviation, relative. */
#define NOISE_TIME     0.025
#define NOISE_MEMORY   0.02
#define NOISE_SWITCHES 0.10
#define NOISE_STARTUP  0.15
#define NOISE_LATENCY  0.05
#define NOISE_TRAFFIC  0.10

/* The same of a share p of thread time, in percentage points: FLOOR + SPREAD sqrt(p (1 - p)). */
#define NOISE_SHARE_FLOOR      0.4
#define NOISE_SHARE_SPREAD     3.0
#define NOISE_ROLE_SHARE_FLOOR 0.8
#define NOISE_ROLE_SPREAD      6.0
/*
 * The same of a role that computes little, whose waits are what others make of them: 13
 * for the GIL and results that a main thread waited for, in 21 runs of one program.
 */
#define NOISE_WAITER_SPREAD    14.0
#define WAITER_MAX_CPU	       0.1	/* of the program's CPU time */

/*
 * While others used the machine, all of these are worth less: more noise for each part of the
 * time that they took. Caches and the other half of a core are shared, too.
 */
#define DISTURBED_TIME     0.25
#define DISTURBED_CPU	   0.05
#define DISTURBED_SWITCHES 0.5
#define DISTURBED_LATENCY  0.5
#define DISTURBED_SHARE	   25.0		/* percentage points */

/* Whom others preempt finds its caches cold: up to this, of CPU time, each time. */
#define SWITCH_NS	   15e3
#define PREEMPTED_MAX	   0.99

/*
 * How much of a file that is mapped counts for a process depends on who else maps it, in
 * other programs too: of what the process shares, standard deviation; and of anything.
 */
#define SHARING		   0.25
#define BYTES_NOISE	   5e5

/* diff_metrics.c */
double undisturbed_cpu(const struct sample *s, bool is_run);	/* struct measure's */
double noise_of_memory(const struct sample *s, double bytes);

/*
 * Percentage points that a share would change by had others not been there: who computes takes as
 * long, waits for the CPUs that others had are gone, and other waits, for who was kept
 * away, are shorter in proportion.
 */
struct thread_time {
	double life_ns, cpu_ns, queue_ns;
};

double undisturbed_share(const struct sample *s, const struct thread_time *t, enum bucket_group g,
			 double ns);
double noise_of_share(double share, double floor, double spread);

/* "group:lock": what a group is called as a metric. */
extern const char *const group_metrics[GROUP_CNT];

/* diff_metrics.c: rows of the whole program; diff_roles.c: those of each role. */
void compare_metrics(const struct comparison *c, struct diff *out);
void compare_roles(const struct comparison *c, struct diff *out);

/* diff_objects.c */
void compare_locks(const struct comparison *c, struct diff *out);
void compare_channels(const struct comparison *c, struct diff *out);

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
