/* SPDX-License-Identifier: MIT */
/*
 * What a recording may still do once its programs are attached: from then on it reads
 * what others wrote, and an error in that must not be an error with root's rights.
 */
#ifndef RECORD_PRIVILEGE_H
#define RECORD_PRIVILEGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct privilege_needs {
	bool late_uprobes;	/* programs come to more files: CPython's, of processes to come */
	pid_t child;		/* that will be ended and waited for; 0: none */
	int file_dir_fd;	/* where a file will be renamed; -1: nowhere */
};

/*
 * Give up every capability that no call to come needs, and keep the rest out of effect
 * but for these calls (base/reach.h); be the user that called sudo; set no_new_privs and
 * a seccomp filter. -errno, said.
 */
int privilege_drop(const struct privilege_needs *needs);

/* May the memory and the descriptors of @pid be read? */
bool privilege_can_look(uint32_t pid);

/* "CAP_BPF and CAP_PERFMON": what loading and attaching lack. NULL: nothing. */
const char *privilege_missing(void);

#endif
