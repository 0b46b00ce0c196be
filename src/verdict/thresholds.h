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

/* Below this a recording says nothing. */
#define RECORDING_MIN_NS 200e6
#define ACTIVE_MIN_NS	 50e6

/* This share of lost records makes sums a matter of luck. */
#define LOST_MAX 0.10

/* Fewer active workers at a time than this: they took turns. */
#define OVERLAP_MIN 1.2

/* Sockets in such numbers are an event loop's case. */
#define ASYNC_MIN_THREADS 100
#define ASYNC_MIN_SOCKETS 0.90

#endif
