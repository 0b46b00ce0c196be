/* SPDX-License-Identifier: MIT */
/* Lockdown: what the kernel keeps from root itself, see kernel_lockdown(7). */
#ifndef RECORD_LOCKDOWN_H
#define RECORD_LOCKDOWN_H

#include <stdbool.h>

/* Is it confidentiality? Then no program may read the kernel's memory. */
bool lockdown_is_confidentiality(void);

#endif
