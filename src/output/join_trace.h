/* SPDX-License-Identifier: MIT */
/*
 * Two recordings as one trace, aligned at their starts. Processes and tracks are called
 * "before: …" and "after: …"; what AFTER numbers (processes, threads, CPUs, tracks) gets other numbers,
 * so that nothing of the one is taken for the other's.
 */
#ifndef OUTPUT_JOIN_TRACE_H
#define OUTPUT_JOIN_TRACE_H

/* Added to AFTER's process and thread ids: more than any id, less than a track's. */
#define JOIN_PID_ADD (1u << 22)

/*
 * Errors are those of recording_create() and recording_each_packet(), and *culprit is the
 * file that they are about. Holds no facts: it is for Perfetto only.
 */
int join_trace(const char *path, const char *before, const char *after, const char **culprit);

#endif
