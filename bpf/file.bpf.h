/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* From a descriptor to what it stands for. */
#ifndef FILE_BPF_H
#define FILE_BPF_H

#include "core.bpf.h"

/*
 * Fill @ref with what descriptor @fd of @task is; kind PAR_FILE_NONE if it is
 * nothing. @t, when not NULL, remembers the last file, which mostly is the next.
 */
void file_ref_fill(struct task_struct *task, struct thread *t, __u64 fd,
		   struct par_file_ref *ref) __hidden;

/*
 * The first file on the ready list of an epoll instance, whose par_file_ref has
 * the id @epoll. False: nothing is ready, and @ref is untouched.
 */
bool file_ref_first_ready(__u64 epoll, struct par_file_ref *ref) __hidden;

#endif
