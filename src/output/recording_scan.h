/* SPDX-License-Identifier: MIT */
/*
 * Reading recordings, which anybody may have written or damaged. Their facts
 * are recording_read_facts()'s, in recording.h.
 */
#ifndef OUTPUT_RECORDING_SCAN_H
#define OUTPUT_RECORDING_SCAN_H

#include <stddef.h>

/*
 * Hand over the body of each TracePacket, in the order of the file; those in
 * compressed ones too, ours not. 0: up to the end of the file, be it whole or cut off;
 * -EBADMSG: up to where it is damaged; -EPROTO: not a partrace recording; or what open(2) says.
 */
int recording_walk(const char *path,
		   void (*packet)(void *ctx, const unsigned char *body, size_t len), void *ctx);

/* Does the file begin as our recordings do? 1, 0, or -errno of reading it. */
int recording_is_ours(int fd);

#endif
