// SPDX-License-Identifier: MIT
/* Owns the choice between writing to a file and putting a new one in its place. */
#include "base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/invoker.h"
#include "base/safe_dir.h"
#include "base/xalloc.h"

bool outfile_is_stdout(const char *path)
{
	struct stat own, other;

	if (!strcmp(path, "-"))
		return true;
	/* By the file, since /dev/stdout leads through links to a file that has another name. */
	return !fstat(STDOUT_FILENO, &own) && !stat(path, &other) && own.st_dev == other.st_dev &&
	       own.st_ino == other.st_ino;
}

int outfile_put(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Closes @fd, as far as there is one. */
static int write_and_close(int fd, const void *data, size_t len)
{
	int err;

	if (fd < 0)
		return -errno;
	err = outfile_put(fd, data, len);
	if (close(fd) && !err)
		err = -errno;
	return err;
}

/* Under a name that nobody has, so that it is nobody's file that is written over. */
static int replace(const char *path, const void *data, size_t len)
{
	struct invoker who = invoker_find();
	char *partial = xasprintf("%s.XXXXXX", path);
	mode_t mask = umask(0);
	int fd = mkostemp(partial, O_CLOEXEC);
	int err;

	umask(mask);
	if (fd < 0) {
		err = -errno;
		goto out;
	}
	/* As others would make it, not for its owner alone. */
	err = fchmod(fd, 0666 & ~mask) ? -errno : 0;
	/* Theirs already, unless only root may write here. */
	if (!err)
		err = invoker_give(&who, fd);
	if (err)
		close(fd);
	else
		err = write_and_close(fd, data, len);
	if (!err && rename(partial, path))
		err = -errno;
	if (err)
		unlink(partial);
out:
	free(partial);
	return err;
}

/* -ELOOP: the way leads through a link, or to a FIFO, that others put where all may. */
static int check_way(const char *path)
{
	struct stat st;
	const char *name;
	int dir = safe_dir_open(path, &name), err = 0;

	if (dir < 0)
		return dir;
	if (!fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) && !S_ISREG(st.st_mode) &&
	    safe_dir_is_foreign(dir, &st))
		err = -ELOOP;
	close(dir);
	return err;
}

struct output {
	const char *path;
	const void *data;
	size_t len;
};

static int write_to(void *arg)
{
	const struct output *o = arg;
	struct stat st;
	char *real;
	int err;

	err = check_way(o->path);
	if (err)
		return err;
	if (stat(o->path, &st))
		return errno == ENOENT ? replace(o->path, o->data, o->len) : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (S_ISBLK(st.st_mode))
		return -EEXIST;
	if (!S_ISREG(st.st_mode))
		return write_and_close(open(o->path, O_WRONLY | O_NOCTTY | O_CLOEXEC), o->data,
				       o->len);
	if (faccessat(AT_FDCWD, o->path, W_OK, AT_EACCESS))
		return -errno;
	real = realpath(o->path, NULL);
	if (!real)
		return -errno;
	err = replace(real, o->data, o->len);
	free(real);
	return err;
}

int outfile_write(const char *path, const void *data, size_t len)
{
	struct invoker who = invoker_find();

	if (outfile_is_stdout(path))
		return write_and_close(dup(STDOUT_FILENO), data, len);
	return invoker_do(&who, write_to, &(struct output){ path, data, len });
}
