/* SPDX-License-Identifier: MIT */
/*
 * What a blocked thread's futex is, read from its process's memory: for threads that
 * were blocked before the attach, of which the programs cannot say it, and for the
 * owner as it is now.
 */
#ifndef SYMBOL_FUTEX_LOOK_H
#define SYMBOL_FUTEX_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "par_event.h"

/*
 * Set the shape of @cause, a futex call that @tid is in, unless it is known, and its
 * owner as of now. False: it is none, the thread is no longer in it, or its memory
 * cannot be read; then nothing is changed.
 */
bool futex_look(uint32_t tid, struct par_cause *cause);

#endif
