/* SPDX-License-Identifier: MIT */
/* Channels: what moved through them, between whom, who waited. Private to the model. */
#ifndef MODEL_CHANNEL_TABLE_H
#define MODEL_CHANNEL_TABLE_H

#include "model/model.h"

/* Stands for an id that is none: a process's channels of one kind, beyond those told apart. */
#define CHANNEL_REST(pid)	(1ULL << 62 | (pid))

/* The channel that this descriptor is an end of, or NULL if it is none. */
struct channel *channel_get(struct model *m, const struct par_file_ref *file);
void channel_add_wait(struct channel *c, uint32_t pid, bool is_read, uint64_t wait_ns);
void channel_add_traffic(struct channel *c, uint32_t pid, bool is_write, uint64_t messages,
			 uint64_t bytes);
void channel_free(struct channel *c);

/* "pipe:[123]", "tcp 10.0.0.1:80", or the path of a file if it is known. */
void file_name_format(struct strbuf *out, const struct model *m,
		      const struct par_file_ref *file);

#endif
