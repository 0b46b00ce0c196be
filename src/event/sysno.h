/* SPDX-License-Identifier: MIT */
/*
 * System call numbers of the architecture this was built for, and their names.
 * The table comes from the compiler's <asm/unistd.h> at build time.
 */
#ifndef EVENT_SYSNO_H
#define EVENT_SYSNO_H

/* "futex"; NULL if the number is not known. */
const char *sysno_name(int nr);

/* Likewise, of a 32-bit program's call. NULL also where there are no such programs. */
const char *sysno_compat_name(int sysno);

/* The number, or -ENOENT. */
int sysno_from_name(const char *name);

#endif
