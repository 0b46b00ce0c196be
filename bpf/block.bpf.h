/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Block requests: whose they are, and who waits for them. */
#ifndef BLOCK_BPF_H
#define BLOCK_BPF_H

#include "core.bpf.h"

/*
 * The device (dev_t, of the whole disk) of the block request that is being
 * completed right here, right now: whoever is woken meanwhile waited for it. 0: none.
 */
__u32 block_completing(__u64 now_ns) __hidden;

#endif
