/* SPDX-License-Identifier: MIT */
/*
 * Switches the kernel's measuring of BPF programs' run times on and off. That takes
 * CAP_SYS_ADMIN, each time; so one thread keeps it, which can do nothing else. Measuring
 * costs two clock reads per run, so it is on for samples only.
 */
#ifndef RECORD_STATS_H
#define RECORD_STATS_H

#include <stdbool.h>

/* Call before the capability is given up. */
void stats_open(void);

/* Not for two threads at once. */
void stats_switch(bool on);

/* Is it possible at all? Known once it was tried. */
bool stats_are_refused(void);
void stats_close(void);

#endif
