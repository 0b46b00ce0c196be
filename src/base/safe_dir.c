// SPDX-License-Identifier: MIT
/* Owns nothing. Walks by descriptors, so that nobody can swap what was checked. */
#include "base/safe_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/invoker.h"
#include "base/xalloc.h"

#define LINKS_MAX 40 /* as the kernel's MAXSYMLINKS */

#define OPEN_FLAGS (O_PATH | O_CLOEXEC)

bool safe_dir_is_foreign(int dir, const struct stat *st)
{
	struct invoker who = invoker_find();
	struct stat parent;

	if (fstat(dir, &parent))
		return true;
	if (!(parent.st_mode & S_IWOTH))
		return false;
	/* The rule of fs.protected_symlinks, and whoever called sudo is one of us. */
	return st->st_uid != geteuid() && st->st_uid != parent.st_uid &&
	       !(who.is_known && st->st_uid == who.uid);
}

/* /proc's links stand for what no text can name. */
static bool is_magic(int link)
{
	struct statfs fs;

	return !fstatfs(link, &fs) && fs.f_type == PROC_SUPER_MAGIC;
}

/*
 * @rest, which begins with the name of the link @link in @dir, becomes the path that
 * it stands for: one with a slash in front starts at the root.
 */
static int follow(int dir, int link, const char *tail, char **rest)
{
	char target[PATH_MAX];
	struct stat st;
	ssize_t len;
	char *next;

	if (fstat(link, &st))
		return -errno;
	if (safe_dir_is_foreign(dir, &st))
		return -ELOOP;
	len = readlinkat(link, "", target, sizeof(target) - 1);
	if (len < 0)
		return -errno;
	target[len] = 0;
	next = xasprintf("%s/%s", target, tail);
	free(*rest);
	*rest = next;
	return 0;
}

static void skip_slashes(char *path)
{
	const char *rest = path + strspn(path, "/");

	memmove(path, rest, strlen(rest) + 1);
}

/* One step: *@dir becomes what the first part of *@rest names, or *@rest another path. */
static int step(int *dir, char **rest, int *links)
{
	size_t len = strcspn(*rest, "/"), skip = strspn(*rest + len, "/");
	char *part = xstrndup(*rest, len);
	const char *tail = *rest + len + skip;
	struct stat st = { 0 };
	int err = 0, next;

	next = openat(*dir, part, OPEN_FLAGS | O_NOFOLLOW);
	if (next < 0 || fstat(next, &st))
		err = -errno;
	if (!err && S_ISLNK(st.st_mode) && is_magic(next)) {
		close(next);
		next = openat(*dir, part, OPEN_FLAGS);
		if (next < 0 || fstat(next, &st))
			err = -errno;
	}
	if (!err && S_ISLNK(st.st_mode)) {
		err = ++*links > LINKS_MAX ? -ELOOP : follow(*dir, next, tail, rest);
		close(next);
		next = !err && **rest == '/' ? open("/", OPEN_FLAGS) : -1;
	} else if (!err && !S_ISDIR(st.st_mode)) {
		err = -ENOTDIR;
	} else if (!err) {
		memmove(*rest, tail, strlen(tail) + 1);
	}
	free(part);
	if (err && next >= 0)
		close(next);
	if (!err && next >= 0) {
		close(*dir);
		*dir = next;
	}
	skip_slashes(*rest);
	return err;
}

int safe_dir_open(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	int dir = open(*path == '/' ? "/" : ".", OPEN_FLAGS), err = 0, links = 0;
	char *rest;

	*name = slash ? slash + 1 : path;
	if (dir < 0)
		return -errno;
	rest = xstrndup(path, (size_t)(*name - path));
	skip_slashes(rest);
	while (!err && *rest)
		err = step(&dir, &rest, &links);
	free(rest);
	if (!err)
		return dir;
	close(dir);
	return err;
}
