// SPDX-License-Identifier: MIT
/*
 * Owns what was asked. A descriptor is looked at some milliseconds after the wait,
 * when its number may stand for another file already: so the inode has to match.
 */
#include "cmd/ask_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/reach.h"
#include "base/text.h"

/* Names and paths are decoration: enough is enough. */
#define FILES_MAX 16384
#define TRIES_MAX 3
#define LOOK_MAX  512	/* descriptors of one process */

/* args[0] is not the file's descriptor */
#define POLLS (PAR_CAUSE_READY | PAR_CAUSE_POLLED)

#define OVERLAYFS_MAGIC 0x794c7630 /* include/uapi/linux/magic.h */

static mode_t type_of(uint8_t kind)
{
	switch (kind) {
	case PAR_FILE_REGULAR:
		return S_IFREG;
	case PAR_FILE_DIRECTORY:
		return S_IFDIR;
	case PAR_FILE_FIFO:
		return S_IFIFO;
	case PAR_FILE_BLOCK:
		return S_IFBLK;
	case PAR_FILE_CHAR:
	case PAR_FILE_TTY:
		return S_IFCHR;
	default:
		return 0; /* has no path */
	}
}

/* An overlay shows numbers of its own to those who ask for them. */
static bool is_overlay(const char *link)
{
	int fd = reach_open(link, O_PATH);
	struct statfs fs;
	bool is_one;

	if (fd < 0)
		return false;
	is_one = !fstatfs(fd, &fs) && fs.f_type == OVERLAYFS_MAGIC;
	close(fd);
	return is_one;
}

/* Is the descriptor that file? Then its path goes to @name. */
static bool name_of(uint32_t tid, const char *fd, const struct par_file_ref *file, bool is_named,
		    char *name, size_t size)
{
	char link[64 + NAME_MAX];
	struct stat st;
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/%u/fd/%s", tid, fd);
	if (reach_stat(link, &st) || (st.st_mode & S_IFMT) != type_of(file->kind))
		return false;
	if (st.st_ino != file->id && !(is_named && is_overlay(link)))
		return false;
	len = reach_readlink(link, name, size - 1);
	if (len <= 0)
		return false;
	name[len] = 0;
	text_clean(name, (size_t)len);
	return true;
}

/* A poll tells the file, but not by which descriptor. */
static bool look_for(uint32_t tid, const struct par_file_ref *file, char *name, size_t size)
{
	const struct dirent *entry;
	bool found = false;
	char path[32];
	int cnt = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%u/fd", tid);
	dir = reach_opendir(path);
	if (!dir)
		return false;
	while (!found && cnt++ < LOOK_MAX && (entry = readdir(dir)))
		found = entry->d_name[0] != '.' &&
			name_of(tid, entry->d_name, file, false, name, size);
	closedir(dir);
	return found;
}

/* For the name of the file that it waits for. */
static void look(struct ask_files *af, uint32_t tid, const struct par_cause *cause, uintptr_t tries,
		 void (*feed)(void *ctx, const struct event *ev), void *ctx)
{
	const struct par_file_ref *file = &cause->file;
	struct event ev = { .hdr = { .kind = EVENT_FILE } };
	bool found = false;
	char fd[16];

	if (cause->args[0] <= INT_MAX) {
		snprintf(fd, sizeof(fd), "%d", (int)cause->args[0]);
		found = name_of(tid, fd, file, !(cause->flags & POLLS), ev.file.name,
				sizeof(ev.file.name));
	}
	if (!found)
		found = look_for(tid, file, ev.file.name, sizeof(ev.file.name));
	htab_put(&af->asked, file->id, file->dev, (void *)(found ? TRIES_MAX : tries + 1));
	if (!found)
		return;
	ev.hdr.ts_ns = clock_mono_ns();
	ev.file.id = file->id;
	ev.file.dev = file->dev;
	feed(ctx, &ev);
}

void ask_file(struct ask_files *af, uint32_t tid, const struct par_cause *cause,
	      void (*feed)(void *ctx, const struct event *ev), void *ctx)
{
	const struct par_file_ref *file = &cause->file;
	uintptr_t tries;

	if (!type_of(file->kind))
		return;
	tries = (uintptr_t)htab_find(&af->asked, file->id, file->dev);
	if (tries < TRIES_MAX && (tries || af->asked.cnt < FILES_MAX))
		look(af, tid, cause, tries, feed, ctx);
}

void ask_files_release(struct ask_files *af)
{
	htab_release(&af->asked);
}
