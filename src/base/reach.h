/* SPDX-License-Identifier: MIT */
/*
 * Reading what belongs to other users' processes. Each call is tried without any
 * privilege first; where that is refused, those that rights.h has kept are in effect
 * for this one call. Results and errno are those of the calls they are named after.
 */
#ifndef BASE_REACH_H
#define BASE_REACH_H

#include <dirent.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

int reach_open(const char *path, int flags);
DIR *reach_opendir(const char *path);
ssize_t reach_readlink(const char *path, char *buf, size_t size);
int reach_stat(const char *path, struct stat *st);

/* Of @pid's memory; less than @len, or -1: some of it is not there. */
ssize_t reach_memory(uint32_t pid, uint64_t addr, void *buf, size_t len);

/* A small file of /proc: some check who reads, not who has opened. Bytes, or -errno. */
int reach_read(const char *path, char *buf, size_t size);

#endif
