/* SPDX-License-Identifier: MIT */
/* Whole files in one go, for tests of what is written and read back. */
#ifndef TESTS_FILES_H
#define TESTS_FILES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/strbuf.h"

static inline void write_file(const char *name, const void *data, size_t len)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static inline struct strbuf read_file(const char *name)
{
	struct strbuf sb = { 0 };
	FILE *f = fopen(name, "r");
	int c;

	assert_non_null(f);
	while ((c = fgetc(f)) != EOF)
		strbuf_addch(&sb, (char)c);
	fclose(f);
	return sb;
}

#endif
