/* SPDX-License-Identifier: MIT */
/*
 * Who is at the other end of a file: the process that was seen using it, that /proc
 * named, that woke the waiter, or that the kernel wrote down when the two were
 * connected. Private to the model.
 */
#ifndef MODEL_PEER_TABLE_H
#define MODEL_PEER_TABLE_H

#include "model/model.h"

/* Process @pid uses this end, to read or to write. */
void peer_use(struct model *m, const struct par_file_ref *file, bool is_read, uint32_t pid);

/* Process @pid, named @comm, has the other end of @file. */
void peer_tell(struct model *m, const struct par_file_ref *file, uint32_t pid, const char *comm);

/* A thread that is not traced, and may wake one that is. */
void peer_bystander(struct model *m, uint32_t tid, uint32_t pid, const char *comm);

/*
 * Who has the other end of what @self waits for, as far as it is known, and is
 * another process. @waker_tid ended the wait; 0: nobody known. NULL: not known.
 */
const struct peer *peer_find(struct model *m, const struct par_file_ref *file, bool is_read,
			     const struct process *self, uint32_t waker_tid);

#endif
