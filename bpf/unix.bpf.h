/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The names of UNIX sockets, as a hash: who sends a datagram to a name and who
 * is bound to it have nothing else in common that could be seen from both.
 * Never 0 for a name. An abstract name belongs to a network namespace, @netns.
 *
 * Global functions, verified once and not with each caller.
 */
#ifndef UNIX_BPF_H
#define UNIX_BPF_H

#include "core.bpf.h"

/* Of the struct unix_address that a socket is bound to; 0: none. */
__u64 unix_bound_hash(__u64 addr, __u32 netns);

/* Of the struct sockaddr_un, @len bytes of it, that user space passes; 0: no name. */
__u64 unix_address_hash(__u64 addr, __u32 len, __u32 netns);

#endif
