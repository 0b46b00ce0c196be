/* SPDX-License-Identifier: MIT */
/*
 * Files that users name as a place for output. A regular file gets its contents whole or
 * not at all; standard output ("-"), a pipe or a device is written to directly.
 */
#ifndef BASE_OUTFILE_H
#define BASE_OUTFILE_H

#include <stdbool.h>
#include <stddef.h>

/* "-", "/dev/stdout", or whatever else leads to what standard output is. */
bool outfile_is_stdout(const char *path);

/*
 * Write @data to @path, or -errno. A regular file is replaced at once, also where @path is a
 * link to it, and stays as it was after a failure. Never to a disk: -EEXIST.
 */
int outfile_write(const char *path, const void *data, size_t len);

/* All of @data to @fd, or -errno. */
int outfile_put(int fd, const void *data, size_t len);

#endif
