/* SPDX-License-Identifier: MIT */
/* What the control groups of a process allow it. Version 1, version 2, or both. */
#ifndef BASE_CGROUP_H
#define BASE_CGROUP_H

#include <stdint.h>

/*
 * CPU seconds per second: the smallest quota from the process's own group up to
 * the highest one that is visible from here. Returns 1 if there is a quota, 0 if
 * not, or -errno.
 */
int cgroup_cpu_quota(uint32_t pid, double *cpus);

#endif
