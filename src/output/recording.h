/* SPDX-License-Identifier: MIT */
/*
 * The .pftrace file: a Perfetto trace that also holds its own facts.
 *
 *	create -> append, put_facts, flush … -> close | abort | discard
 *
 * While it is written the file is called PATH.partial. Every write is made of
 * whole packets, so a recording cut at any byte is readable up to there.
 * Special files (/dev/null, a FIFO) are written directly and not renamed.
 *
 * One thread calls; compression and writing happen in another.
 */
#ifndef OUTPUT_RECORDING_H
#define OUTPUT_RECORDING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "output/packer.h"

struct recording {
	char *path, *partial;
	const char *name, *partial_name;	/* the last parts of these, in the directory @dir_fd */
	int dir_fd;
	const char *culprit;		/* after a failure: the file that it is about */
	bool is_special;		/* not a regular file: no .partial, no rename */
	bool replaces;			/* an older recording is in place */
	int fd;
	struct strbuf pending;		/* whole packets */
	char *last_facts;		/* kept back: they are the last packet of the file */
	struct packer packer;
};

/*
 * -EEXIST: @path or its .partial is not a recording of ours, and stays as it
 * is; -EBUSY: another partrace is writing there; -EISDIR; or what open(2)
 * says; -ELOOP: somebody else's link, or FIFO, is in the way, in a directory that
 * everybody may write to. Under sudo the file belongs to the invoking user. After a failure
 * r->culprit names the file until recording_discard(), which frees what is left.
 */
int recording_create(struct recording *r, const char *path);

/* Whole packets, framed. Returns the first failure so far, as all below do. */
int recording_append(struct recording *r, const void *packets, size_t len);

/* Hand over what is pending, so that a killed recording lacks little. Doesn't wait. */
int recording_flush(struct recording *r);

/* So much waits to be written that less should follow, see packer.h. */
bool recording_is_behind(struct recording *r);

/* Interim facts go out at once, complete ones when the recording is closed. */
int recording_put_facts(struct recording *r, const char *json, bool is_complete);

/* Write all, give the file its name. On failure the .partial stays. */
int recording_close(struct recording *r);

/* Write all, leave the .partial. */
int recording_abort(struct recording *r);

/* Remove the .partial, as if there had never been a recording. */
void recording_discard(struct recording *r);

/*
 * The last facts in the recording at @path, malloc'ed. *is_complete: the file
 * is whole, and they cover all of it.
 *
 * -EPROTO: not a partrace recording; -ENODATA: it ends before any facts;
 * -EBADMSG: it is damaged before any facts; or what open(2) says.
 */
int recording_read_facts(const char *path, char **json, bool *is_complete);

#endif
