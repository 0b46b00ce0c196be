/* SPDX-License-Identifier: MIT */
/* Channels: what moved through them, between whom, who waited. Private to the model. */
#ifndef MODEL_CHANNEL_TABLE_H
#define MODEL_CHANNEL_TABLE_H

#include "model/model.h"

/* Stands for an id that is none: a process's channels of one kind, beyond those told apart. */
#define CHANNEL_REST(pid)	(1ULL << 62 | (pid))

static inline bool channel_is_rest(uint64_t id)
{
	return id >> 32 == CHANNEL_REST(0) >> 32;
}

/*
 * The channel that this descriptor is an end of, or NULL if it is none. For
 * datagrams it matters whether they are sent or received: a channel is what
 * arrives at one socket.
 */
struct channel *channel_get(struct model *m, const struct par_file_ref *file, bool is_write);

/* Process @pid waited on @file: is it a UNIX socket that listens? */
void channel_add_listener(struct model *m, const struct par_file_ref *file, uint32_t pid);
void channel_add_wait(struct channel *c, uint32_t pid, bool is_read, uint64_t wait_ns);
void channel_add_traffic(struct model *m, struct channel *c, const struct par_file_ref *file,
			 const struct event_traffic *ev);

/* Process @pid, called @comm, has the other end. */
void channel_add_peer(struct channel *c, uint32_t pid, const char *comm);

/* A wait ended as if by @peer at the other end: some waker may be another. */
void channel_vote_peer(struct channel *c, const struct peer *peer);

/* A process maps memory that others map. */
void channel_add_mapping(struct model *m, const struct event_shared *ev);
void channel_free(struct channel *c);

/* The path that it was opened by; NULL: not known, or it has none. */
const char *file_path_find(const struct model *m, const struct par_file_ref *file);

/* "pipe:[123]", "tcp 10.0.0.1:80", or the path of a file if it is known. */
void file_name_format(struct strbuf *out, const struct model *m,
		      const struct par_file_ref *file);

#endif
