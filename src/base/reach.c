// SPDX-License-Identifier: MIT
/* Owns nothing: the rights are in rights.c. */
#include "base/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/rights.h"

static bool is_refused(bool failed)
{
	return failed && (errno == EACCES || errno == EPERM);
}

/* Evaluate @call, which sets @ret, and once more with the rights to look if it is refused. */
#define REACH(ret, call)                                                     \
	do {                                                                 \
		(ret) = (call);                                              \
		if (is_refused((ret) < 0) && rights_raise(RIGHTS_TO_LOOK)) { \
			int reach_err;                                       \
                                                                             \
			(ret) = (call);                                      \
			reach_err = errno;                                   \
			rights_lower();                                      \
			errno = reach_err;                                   \
		}                                                            \
	} while (0)

int reach_open(const char *path, int flags)
{
	int fd;

	REACH(fd, open(path, flags | O_CLOEXEC));
	return fd;
}

DIR *reach_opendir(const char *path)
{
	int fd = reach_open(path, O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

ssize_t reach_readlink(const char *path, char *buf, size_t size)
{
	ssize_t len;

	REACH(len, readlink(path, buf, size));
	return len;
}

int reach_stat(const char *path, struct stat *st)
{
	int ret;

	REACH(ret, stat(path, st));
	return ret;
}

ssize_t reach_memory(uint32_t pid, uint64_t addr, void *buf, size_t len)
{
	struct iovec here = { buf, len }, there = { (void *)(uintptr_t)addr, len };
	ssize_t got;

	REACH(got, process_vm_readv((pid_t)pid, &here, 1, &there, 1, 0));
	return got;
}

static int read_all(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	size_t len = 0;

	if (fd < 0)
		return -1;
	while (len < size - 1) {
		ssize_t got = read(fd, buf + len, size - 1 - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			err = errno;
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	close(fd);
	buf[len] = 0;
	errno = err;
	return err ? -1 : (int)len;
}

int reach_read(const char *path, char *buf, size_t size)
{
	int len;

	REACH(len, read_all(path, buf, size));
	return len < 0 ? -errno : len;
}
