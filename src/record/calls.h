/* SPDX-License-Identifier: MIT */
/* What the BPF programs must know of the native system calls' arguments. */
#ifndef RECORD_CALLS_H
#define RECORD_CALLS_H

#include "par_config.h"

void calls_fill(__u16 call[PAR_SYSNO_CNT]);

#endif
