/* SPDX-License-Identifier: MIT */
/* What the BPF programs must know of the native system calls' arguments. */
#ifndef RECORD_CALLS_H
#define RECORD_CALLS_H

#include "par_config.h"

/* Sets @config's call, move and compat. */
void calls_fill(struct par_config *config);
void calls_fill_startup(struct par_startup_calls *calls);

#endif
