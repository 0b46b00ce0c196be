/* SPDX-License-Identifier: MIT */
/*
 * Our own packets inside a .pftrace file. Perfetto skips them.
 *
 *	TracePacket {
 *	  1717: Partrace {
 *	    1: string magic		"partrace recording"; in the first packet of a file
 *	    2: uint64 format		likewise; FORMAT_VERSION
 *	    3: bytes facts		JSON, compressed by zlib
 *	    4: uint64 facts_bytes	its length before
 *	    5: bool is_complete		facts of the whole recording; the last packet
 *	  }
 *	}
 *
 * 1717 is from the range that Perfetto leaves to others, 1000 to 1999.
 */
#ifndef OUTPUT_RECORDING_FORMAT_H
#define OUTPUT_RECORDING_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

#define FORMAT_VERSION 1
#define FORMAT_MAGIC   "partrace recording"

/* Facts longer than this are not ours: limits what a hostile file can make us allocate. */
#define FACTS_MAX_BYTES (256u << 20)

enum {
	PARTRACE_FIELD		= 1717,	/* in TracePacket */
	PARTRACE_MAGIC		= 1,
	PARTRACE_FORMAT		= 2,
	PARTRACE_FACTS		= 3,
	PARTRACE_FACTS_BYTES	= 4,
	PARTRACE_IS_COMPLETE	= 5,
};

/* Append the packet that opens every recording. */
void format_identity(struct strbuf *out);

/* Append a packet with facts, of @raw_len bytes before they were compressed to @len. */
void format_facts(struct strbuf *out, const void *data, size_t len, size_t raw_len,
		  bool is_complete);

/* What one Partrace message says. Pointers lead into the message. */
struct partrace_message {
	bool has_magic;			/* and it is the right one */
	uint64_t format;
	const unsigned char *facts;	/* or NULL */
	size_t facts_len;
	uint64_t facts_bytes;
	bool is_complete;
};

/*
 * Look for our message in the body of one TracePacket. 1: found; 0: a packet of
 * another kind; -EBADMSG: no protobuf message.
 */
int format_parse(const unsigned char *body, size_t len, struct partrace_message *msg);

#endif
