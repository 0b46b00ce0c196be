/* SPDX-License-Identifier: MIT */
/*
 * What a futex call waits for, by its operation and by the shape of what lies around
 * its word (include/par_futex.h). Pure. Private to wait_class: ask wait_classify().
 */
#ifndef MODEL_FUTEX_CLASS_H
#define MODEL_FUTEX_CLASS_H

#include "model/wait_class.h"

void futex_classify(const struct wait_context *ctx, const struct par_cause *cause,
		    struct wait_what *what);	/* futex(2) */
void futex2_classify(const struct wait_context *ctx, const struct par_cause *cause,
		     struct wait_what *what);	/* futex_wait(2) */
void futexv_classify(const struct par_cause *cause, struct wait_what *what); /* futex_waitv(2) */

/* Of a futex(2): the timed wait for a GIL, within its process's range. */
bool futex_is_gil_request(const struct wait_context *ctx, const struct par_cause *cause);

#endif
