/* SPDX-License-Identifier: MIT */
/*
 * Owns the file's name and fate: what may be replaced, .partial, rename. Leaves
 * compression and writing to packer.c, reading to recording_scan.c, and what
 * our own packets look like to recording_format.c.
 */
#include "output/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/invoker.h"
#include "base/outfile.h"
#include "base/rights.h"
#include "base/safe_dir.h"
#include "base/xalloc.h"
#include "output/recording_format.h"
#include "output/recording_scan.h"

/* Is there a recording of ours at the final name? 1, 0, or why that can't be told. */
static int is_recording(const struct recording *r)
{
	int fd = openat(r->dir_fd, r->name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = recording_is_ours(fd);
	close(fd);
	return ret;
}

/* May the recording be called @path when it is whole? */
static int check_destination(struct recording *r)
{
	struct stat st;
	int ret;

	r->culprit = r->path;
	if (!*r->path)
		return -ENOENT;
	r->dir_fd = safe_dir_open(r->path, &r->name);
	if (r->dir_fd < 0)
		return r->dir_fd;
	if (!*r->name)
		return -EISDIR;
	if (fstatat(r->dir_fd, r->name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	/* Somebody else's link leads, and their FIFO, to where they want it. */
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) && safe_dir_is_foreign(r->dir_fd, &st))
		return -ELOOP;
	/* A dangling link is something that others made, too. */
	if (fstatat(r->dir_fd, r->name, &st, 0))
		return errno == ENOENT ? -EEXIST : -errno;
	switch (st.st_mode & S_IFMT) {
	case S_IFDIR:
		return -EISDIR;
	case S_IFREG:
		ret = is_recording(r);
		if (ret < 0)
			return ret;
		if (ret && faccessat(r->dir_fd, r->name, W_OK, AT_EACCESS))
			return -errno;
		r->replaces = ret;
		return ret ? 0 : -EEXIST;
	case S_IFBLK:
		return -EEXIST;		/* never a disk */
	}
	r->is_special = true;
	return 0;
}

/* Make way for a new .partial: only an abandoned one of ours may go. */
static int remove_stale(const struct recording *r)
{
	int fd = openat(r->dir_fd, r->partial_name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return errno == ELOOP ? -EEXIST : -errno;
	ret = recording_is_ours(fd);
	if (ret == 0)
		ret = -EEXIST;
	else if (ret > 0 && flock(fd, LOCK_EX | LOCK_NB))
		ret = errno == EWOULDBLOCK ? -EBUSY : -errno;
	else if (ret > 0)
		ret = unlinkat(r->dir_fd, r->partial_name, 0) ? -errno : 0;
	close(fd);
	return ret;
}

static int open_partial(struct recording *r)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int err;

	/* Not for everybody's eyes: command lines and file names are in it. */
	r->fd = openat(r->dir_fd, r->partial_name, flags, 0600);
	if (r->fd < 0 && errno == EEXIST) {
		err = remove_stale(r);
		if (err) {
			r->culprit = r->partial;
			return err;
		}
		r->fd = openat(r->dir_fd, r->partial_name, flags, 0600);
	}
	if (r->fd < 0)
		return -errno;
	/* Tells the next partrace that somebody is at work; of no use on some network disks. */
	flock(r->fd, LOCK_EX | LOCK_NB);
	return 0;
}

static int open_special(struct recording *r)
{
	struct stat st;

	r->fd = openat(r->dir_fd, r->name, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (r->fd < 0 || fstat(r->fd, &st))
		return -errno;
	/* It was none when it was looked at. */
	return S_ISREG(st.st_mode) || S_ISBLK(st.st_mode) ? -EEXIST : 0;
}

static void close_dir(struct recording *r)
{
	if (r->dir_fd >= 0)
		close(r->dir_fd);
	r->dir_fd = -1;
}

static int open_stdout(struct recording *r)
{
	r->is_special = true;
	r->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	return r->fd < 0 ? -errno : 0;
}

static int open_file(void *arg)
{
	struct recording *r = arg;
	int err;

	close_dir(r); /* of a first try */
	if (outfile_is_stdout(r->path))
		return open_stdout(r);
	err = check_destination(r);
	if (err)
		return err;
	r->partial_name = r->partial + (r->name - r->path);
	return r->is_special ? open_special(r) : open_partial(r);
}

int recording_create(struct recording *r, const char *path)
{
	struct invoker who = invoker_find();
	struct strbuf identity = { 0 };
	int err;

	*r = (struct recording){ .fd = -1, .dir_fd = -1 };
	r->path = xstrdup(path);
	r->partial = xasprintf("%s.partial", path);

	/* As who called sudo: what they may not touch, no link or race of theirs reaches either. */
	err = invoker_do(&who, open_file, r);
	/* Where only root may write, root has made it. */
	if (!err && !r->is_special)
		err = invoker_give(&who, r->fd);
	if (err)
		return err;

	/* At once, so that the .partial is known as ours from its first moment. */
	format_identity(&identity);
	err = outfile_put(r->fd, identity.buf, identity.len);
	strbuf_release(&identity);
	if (!err)
		packer_open(&r->packer, r->fd);
	return err;
}

/* A recording that could not be created takes everything and keeps nothing. */
static int put(struct recording *r, enum chunk_kind kind, struct strbuf *sb)
{
	if (r->packer.is_open)
		return packer_put(&r->packer, kind, sb);
	strbuf_release(sb);
	return -EBADF;
}

int recording_flush(struct recording *r)
{
	if (!r->pending.len)
		return 0;
	return put(r, CHUNK_PACKETS, &r->pending);
}

bool recording_is_behind(struct recording *r)
{
	return r->packer.is_open && packer_is_behind(&r->packer);
}

int recording_append(struct recording *r, const void *packets, size_t len)
{
	int err = 0;

	if (r->pending.len + len > CHUNK_MAX_BYTES)
		err = recording_flush(r);
	strbuf_add(&r->pending, packets, len);
	return err;
}

static int put_facts(struct recording *r, enum chunk_kind kind, const char *json)
{
	struct strbuf sb = { 0 };
	int err;

	recording_flush(r);	/* what the facts are about comes before them */
	strbuf_addstr(&sb, json);
	err = put(r, kind, &sb);
	strbuf_release(&sb);
	return err;
}

int recording_put_facts(struct recording *r, const char *json, bool is_complete)
{
	if (!is_complete)
		return put_facts(r, CHUNK_FACTS, json);
	free(r->last_facts);
	r->last_facts = xstrdup(json);
	return 0;
}

static int rename_partial(const struct recording *r, unsigned int flags)
{
	if (!renameat2(r->dir_fd, r->partial_name, r->dir_fd, r->name, flags))
		return 0;
	return -errno;
}

/*
 * @partial becomes @path, unless somebody has put a file of their own there
 * since the recording began.
 */
static int rename_to_final(struct recording *r)
{
	int ret;

	r->culprit = r->path;
	if (!r->replaces) {
		ret = rename_partial(r, RENAME_NOREPLACE);
		/* Some file systems don't know the flag. */
		if (ret != -EEXIST && ret != -EINVAL && ret != -ENOSYS)
			return ret;
	}
	ret = is_recording(r);
	if (ret < 0 && ret != -ENOENT)
		return ret;
	if (!ret)
		return -EEXIST;
	return rename_partial(r, 0);
}

static int remove_partial(struct recording *r)
{
	return unlinkat(r->dir_fd, r->partial_name, 0) ? -errno : 0;
}

/* The directory, and what is to be replaced there, may be what only the rights we had open. */
static int with_rights(int (*fn)(struct recording *r), struct recording *r)
{
	int err = fn(r);

	if ((err == -EACCES || err == -EPERM) && rights_raise(RIGHTS_TO_RENAME | RIGHTS_TO_LOOK)) {
		err = fn(r);
		rights_lower();
	}
	return err;
}

static void release(struct recording *r)
{
	free(r->path);
	free(r->partial);
	free(r->last_facts);
	strbuf_release(&r->pending);
	close_dir(r);
	*r = (struct recording){ .fd = -1, .dir_fd = -1 };
}

/* A name that stands for a whole recording must not outlive a crash without it. */
static int sync_file(const struct recording *r)
{
	if (r->is_special || !fsync(r->fd) || errno == EINVAL || errno == ENOTSUP)
		return 0;
	return -errno;
}

/* Returns the first failure of all. */
static int finish_writing(struct recording *r, enum chunk_kind facts_kind)
{
	int err = 0;

	r->culprit = r->is_special ? r->path : r->partial;
	if (r->packer.is_open) {
		recording_flush(r);
		if (r->last_facts)
			put_facts(r, facts_kind, r->last_facts);
		err = packer_stop(&r->packer);
	}
	if (r->fd >= 0 && !err && facts_kind == CHUNK_LAST_FACTS)
		err = sync_file(r);
	if (r->fd >= 0 && close(r->fd) && !err)
		err = -errno;
	r->fd = -1;
	return err;
}

int recording_close(struct recording *r)
{
	int err = finish_writing(r, CHUNK_LAST_FACTS);

	if (!err && !r->is_special)
		err = with_rights(rename_to_final, r);
	release(r);
	return err;
}

int recording_abort(struct recording *r)
{
	int err = finish_writing(r, CHUNK_FACTS);

	release(r);
	return err;
}

void recording_discard(struct recording *r)
{
	bool is_mine = r->fd >= 0 && !r->is_special;

	finish_writing(r, CHUNK_FACTS);
	if (is_mine)
		with_rights(remove_partial, r);
	release(r);
}
