/* SPDX-License-Identifier: MIT */
/* The pid namespace that this process is in, and whose numbers /proc has. */
#ifndef BASE_PIDNS_H
#define BASE_PIDNS_H

#include <stdbool.h>
#include <stdint.h>

/* The inode by which the kernel calls it; 0: the first one. */
uint32_t pidns_inode(void);

/* Are the numbers in /proc, and what users read there, those of this namespace? */
bool pidns_has_proc(void);

#endif
