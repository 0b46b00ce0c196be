// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What runs at each switch, wake-up and system call, compiled as one, so that its functions
 * can be copied into each other: see __hot.
 */
#include "core.bpf.c"
#include "file.bpf.c"
#include "block.bpf.c"
#include "ready.bpf.c"
#include "poll.bpf.c"
#include "loop.bpf.c"
#include "cause.bpf.c"
#include "python.bpf.c"
#include "request.bpf.c"
#include "traffic.bpf.c"
#include "sched.bpf.c"
#include "syscall.bpf.c"
