/* SPDX-License-Identifier: MIT */
/*
 * Reading recordings, which anybody may have written or damaged. Their facts
 * are recording_read_facts()'s, in recording.h.
 */
#ifndef OUTPUT_RECORDING_SCAN_H
#define OUTPUT_RECORDING_SCAN_H

#include <stddef.h>

/* Does the file begin as our recordings do? 1, 0, or -errno of reading it. */
int recording_is_ours(int fd);

/* @body is lent. 0: go on; other than 0 ends the walk, and is what it returns. */
typedef int recording_packet_fn(const unsigned char *body, size_t len, void *ctx);

/*
 * Each packet of the recording at @path, in order; compressed ones are handed on as they
 * are. A cut end is no error; others are as for recording_read_facts().
 */
int recording_each_packet(const char *path, recording_packet_fn *fn, void *ctx);

/*
 * The same, but compressed packets are handed on as what is in them, and ours are not:
 * what a reader of the trace looks at. -EBADMSG also for what can't be uncompressed.
 */
int recording_each_unpacked(const char *path, recording_packet_fn *fn, void *ctx);

#endif
