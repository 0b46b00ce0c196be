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

#include "base/outfile.h"
#include "base/xalloc.h"
#include "output/recording_format.h"
#include "output/recording_scan.h"

/* Is there a recording of ours at @path? 1, 0, or why that can't be told. */
static int is_recording(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
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
	if (outfile_is_stdout(r->path)) {
		r->is_special = true;
		return 0;
	}
	if (stat(r->path, &st)) {
		if (errno != ENOENT)
			return -errno;
		/* A dangling link is something that others made, too. */
		return !*r->path ? -ENOENT : lstat(r->path, &st) ? 0 : -EEXIST;
	}
	switch (st.st_mode & S_IFMT) {
	case S_IFDIR:
		return -EISDIR;
	case S_IFREG:
		ret = is_recording(r->path);
		if (ret < 0)
			return ret;
		if (ret && access(r->path, W_OK))
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
static int remove_stale(const char *partial)
{
	int fd = open(partial, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return errno == ELOOP ? -EEXIST : -errno;
	ret = recording_is_ours(fd);
	if (ret == 0)
		ret = -EEXIST;
	else if (ret > 0 && flock(fd, LOCK_EX | LOCK_NB))
		ret = errno == EWOULDBLOCK ? -EBUSY : -errno;
	else if (ret > 0)
		ret = unlink(partial) ? -errno : 0;
	close(fd);
	return ret;
}

/* Under sudo, the file is for the user who called it. */
static void give_to_invoker(int fd)
{
	const char *uid = getenv("SUDO_UID"), *gid = getenv("SUDO_GID");
	char *uid_end, *gid_end;
	unsigned long u, g;

	if (geteuid() || !uid || !gid)
		return;
	u = strtoul(uid, &uid_end, 10);
	g = strtoul(gid, &gid_end, 10);
	if (!*uid || *uid_end || !*gid || *gid_end || u >= UINT32_MAX || g >= UINT32_MAX)
		return;
	/* Some file systems have no owners; the recording is worth more than its owner. */
	if (fchown(fd, (uid_t)u, (gid_t)g))
		return;
}

static int open_partial(struct recording *r)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int err;

	/* Not for everybody's eyes: command lines and file names are in it. */
	r->fd = open(r->partial, flags, 0600);
	if (r->fd < 0 && errno == EEXIST) {
		err = remove_stale(r->partial);
		if (err) {
			r->culprit = r->partial;
			return err;
		}
		r->fd = open(r->partial, flags, 0600);
	}
	if (r->fd < 0)
		return -errno;
	/* Tells the next partrace that somebody is at work; of no use on some network disks. */
	flock(r->fd, LOCK_EX | LOCK_NB);
	give_to_invoker(r->fd);
	return 0;
}

static int open_special(struct recording *r)
{
	if (outfile_is_stdout(r->path))
		r->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	else
		r->fd = open(r->path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	return r->fd < 0 ? -errno : 0;
}

int recording_create(struct recording *r, const char *path)
{
	struct strbuf identity = { 0 };
	int err;

	*r = (struct recording){ .fd = -1 };
	r->path = xstrdup(path);
	r->partial = xasprintf("%s.partial", path);

	err = check_destination(r);
	if (!err)
		err = r->is_special ? open_special(r) : open_partial(r);
	if (err)
		return err;

	/* At once, so that the .partial is known as ours from its first moment. */
	format_identity(&identity);
	err = write_all(r->fd, identity.buf, identity.len);
	strbuf_release(&identity);
	if (!err)
		err = packer_start(&r->packer, r->fd);
	return err;
}

/* A recording that could not be created takes everything and keeps nothing. */
static int put(struct recording *r, enum chunk_kind kind, struct strbuf *sb)
{
	if (r->packer.is_running)
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

	recording_flush(r);	/* what the facts are about comes before them */
	strbuf_addstr(&sb, json);
	return put(r, kind, &sb);
}

int recording_put_facts(struct recording *r, const char *json, bool is_complete)
{
	if (!is_complete)
		return put_facts(r, CHUNK_FACTS, json);
	free(r->last_facts);
	r->last_facts = xstrdup(json);
	return 0;
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
		if (!renameat2(AT_FDCWD, r->partial, AT_FDCWD, r->path, RENAME_NOREPLACE))
			return 0;
		/* Some file systems don't know the flag. */
		if (errno != EEXIST && errno != EINVAL && errno != ENOSYS)
			return -errno;
	}
	ret = is_recording(r->path);
	if (ret < 0 && ret != -ENOENT)
		return ret;
	if (!ret)
		return -EEXIST;
	return rename(r->partial, r->path) ? -errno : 0;
}

static void release(struct recording *r)
{
	free(r->path);
	free(r->partial);
	free(r->last_facts);
	strbuf_release(&r->pending);
	*r = (struct recording){ .fd = -1 };
}

/* Returns the first failure of all. */
static int finish_writing(struct recording *r, enum chunk_kind facts_kind)
{
	int err = 0;

	r->culprit = r->is_special ? r->path : r->partial;
	if (r->packer.is_running) {
		recording_flush(r);
		if (r->last_facts)
			put_facts(r, facts_kind, r->last_facts);
		err = packer_stop(&r->packer);
	}
	if (r->fd >= 0 && close(r->fd) && !err)
		err = -errno;
	r->fd = -1;
	return err;
}

int recording_close(struct recording *r)
{
	int err = finish_writing(r, CHUNK_LAST_FACTS);

	if (!err && !r->is_special)
		err = rename_to_final(r);
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
		unlink(r->partial);
	release(r);
}
