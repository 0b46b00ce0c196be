/* SPDX-License-Identifier: MIT */
/*
 * Reading recordings, which anybody may have written or damaged. The public
 * half, recording_read_facts(), is in recording.h.
 */
#ifndef OUTPUT_RECORDING_SCAN_H
#define OUTPUT_RECORDING_SCAN_H

/* Does the file begin as our recordings do? 1, 0, or -errno of reading it. */
int recording_is_ours(int fd);

#endif
