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
	/* Theirs already, unless only root may write here; some file systems have no owners. */
	if (who.is_known && fchown(fd, who.uid, who.gid))
		err = errno == EPERM ? err : -errno;
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

static int write_to(const char *path, const void *data, size_t len)
{
	struct stat st;
	char *real;
	int err;

	err = check_way(path);
	if (err)
		return err;
	if (stat(path, &st))
		return errno == ENOENT ? replace(path, data, len) : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (S_ISBLK(st.st_mode))
		return -EEXIST;
	if (!S_ISREG(st.st_mode))
		return write_and_close(open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC), data, len);
	if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS))
		return -errno;
	real = realpath(path, NULL);
	if (!real)
		return -errno;
	err = replace(real, data, len);
	free(real);
	return err;
}

int outfile_write(const char *path, const void *data, size_t len)
{
	struct invoker who = invoker_find();
	int err;

	if (outfile_is_stdout(path))
		return write_and_close(dup(STDOUT_FILENO), data, len);
	err = invoker_enter(&who);
	if (!err)
		err = write_to(path, data, len);
	invoker_leave(&who);
	/* Where only root may write, root does. */
	if (who.is_known && (err == -EACCES || err == -EPERM))
		err = write_to(path, data, len);
	return err;
}
