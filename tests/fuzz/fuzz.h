/* SPDX-License-Identifier: MIT */
/*
 * What the fuzzers share. Each FUZZ_*.c defines LLVMFuzzerTestOneInput() for the parsers of
 * one kind of bytes; libFuzzer calls it with inputs of its own making, and
 * replay.c with those in seeds/, where there is no libFuzzer.
 *
 * A fuzzer fails by a sanitizer's report, by FUZZ_CHECK(), by time or by memory.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Unlike assert(3) there in every build. */
#define FUZZ_CHECK(claim)                                                               \
	do {                                                                            \
		if (!(claim)) {                                                         \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #claim); \
			abort();                                                        \
		}                                                                       \
	} while (0)

/* A regular file that contains @data, until the next call. Lent. */
const char *fuzz_file(const void *data, size_t size);

/* An empty directory, removed at the end. Lent. */
const char *fuzz_dir(void);

/* The next piece of an input that is a list of them: up to a byte 0xff, or the end. */
struct fuzz_piece {
	const uint8_t *data;
	size_t size;
};
struct fuzz_piece fuzz_take_piece(const uint8_t **data, size_t *size);

/* The same as a string, malloc'ed; a zero byte ends it early. */
char *fuzz_take_string(const uint8_t **data, size_t *size);

/* Fails if there is a control character, but for line ends and tabs, or a byte that is not UTF-8. */
void fuzz_check_clean(const struct strbuf *text);

#endif
