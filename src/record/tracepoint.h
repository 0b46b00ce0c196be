/* SPDX-License-Identifier: MIT */
/*
 * From Linux 7.0 on (a46023d5616e) a thread may be preempted while it runs a tracepoint's program,
 * and the kernel passes that program over for all who meet it meanwhile on this CPU. A program
 * that is attached as perf attaches its own runs with preemption off (16718274ee75). It costs more,
 * and perf has to be there, and tracefs, which tells the events' numbers.
 */
#ifndef RECORD_TRACEPOINT_H
#define RECORD_TRACEPOINT_H

#include <stdbool.h>

/* Is that so on this kernel? */
bool tracepoint_is_preemptible(void);

/* Can programs be attached to perf's tracepoints, by us? */
bool tracepoint_is_perf_usable(void);

#endif
