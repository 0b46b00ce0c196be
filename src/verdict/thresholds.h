/* SPDX-License-Identifier: MIT */
/*
 * The numbers that more than one part of the verdict goes by; those of a single
 * rule stand beside it. docs/verdicts.md says where each comes from.
 */
#ifndef VERDICT_THRESHOLDS_H
#define VERDICT_THRESHOLDS_H

/* Above this share of the usable CPUs a program is out of CPU (VTune: "ideal" from 86 %). */
#define CPU_SATURATED 0.85

/* One interpreter at a time can't get past one CPU; a little more is I/O and extension code. */
#define ONE_CPU_MAX 1.25

/*
 * A wait for a member of the tree this short, per message, is a round trip; a
 * longer one waits for the other's work. Ten times a Python queue's round trip.
 */
#define IPC_ROUND_TRIP_MAX_NS 1e6

/* A message: one write, one read, one wake-up. Pipes measure 2 to 10 us. */
#define IPC_MESSAGE_CPU_NS 5000.0

/* A byte: copied in, copied out, (de)serialised at about 1 GB/s each way. */
#define IPC_BYTE_CPU_NS 2.0

/*
 * The same between an executor of CPython and its worker processes: queue, lock,
 * pickle and three threads. Pools of 0.1 us, 0.9 ms and 1.4 ms tasks measured 37
 * to 46 us of the parent's CPU per message.
 */
#define IPC_PYTHON_MESSAGE_CPU_NS 40e3

/* A single wait for a CPU, on average: a shorter one is the wake-up itself, nobody's fault. */
#define BUSY_MIN_WAIT_NS 300e3

/* More runnable threads than CPUs, by a little … */
#define RUNNABLE_MIN_OVER 1.05
/*
 * … are too many only of a program that gets most of the CPUs; where it gets less
 * than half of them, others do.
 */
#define OWN_CPUS_MIN_SHARE 0.50

/*
 * From a fifth on, waiting for the GIL shows in wall time (Dask's maintainers
 * call 0.02 fine and 0.7 a reason to change). Two threads on one lock wait half
 * of their time at most, so a higher threshold would miss the simplest case.
 */
#define GIL_MIN_RATIO 0.20

/* A first part of a launched program is its start-up while it is at most this long. */
#define LAUNCH_MAX_SHARE 0.20
#define LAUNCH_MAX_NS	 2000000000ULL

/* A fork needs less; what takes longer has loaded something. */
#define STARTUP_MIN_NS 5000000ULL

/* A process that lives no longer than this was made for one small task. */
#define SHORT_LIFE_MAX_NS 50000000ULL

/* What a minor page fault brings in. */
#define FAULT_BYTES 4096.0

/* Below this a recording says nothing. */
#define RECORDING_MIN_NS 200e6
#define ACTIVE_MIN_NS	 50e6
/* Below this it says little. */
#define FEW_ACTIVE_NS 200e6

/* This share of lost records makes sums a matter of luck. */
#define LOST_MAX 0.10

/* Fewer active workers at a time than this: they took turns. */
#define OVERLAP_MIN 1.2

/* Sockets in such numbers are an event loop's case. */
#define ASYNC_MIN_THREADS 100
#define ASYNC_MIN_SOCKETS 0.90

#endif
