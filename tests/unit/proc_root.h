/* SPDX-License-Identifier: MIT */
/* A directory of the test's own that base/ takes for the root of the file system. */
#ifndef TESTS_UNIT_PROC_ROOT_H
#define TESTS_UNIT_PROC_ROOT_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/procfs.h"

#define FIXTURE_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

/* The first line of /proc/PID/net/tcp, and of udp. */
#define TCP_HEAD                                                                           \
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid " \
	" timeout inode\n"

static char root[64];

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int setup(void **state)
{
	(void)state;
	strcpy(root, "/tmp/partrace-root-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	procfs_set_root(root);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	procfs_set_root("");
	return nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* The full name of @path below the root, whose directories now exist. */
static inline const char *below_root(const char *path)
{
	static char full[256];

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *p = full + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		mkdir(full, 0700);
		*p = '/';
	}
	return full;
}

static inline void put_bytes(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(below_root(path), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
}

static inline void put(const char *path, const char *text)
{
	put_bytes(path, text, strlen(text));
}

static inline void put_link(const char *path, const char *target)
{
	assert_int_equal(symlink(target, below_root(path)), 0);
}

#endif
