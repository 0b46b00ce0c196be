/* SPDX-License-Identifier: MIT */
/*
 * Finds the language runtime of a process that is not CPython (see python_detect.h): by
 * the libraries it has mapped, by its executable's name, and by what compilers leave in
 * an executable. C and C++ leave nothing that tells.
 */
#ifndef SYMBOL_RUNTIME_DETECT_H
#define SYMBOL_RUNTIME_DETECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/htab.h"

struct runtime_info {
	const char *name;	/* "ruby", "node", "java", "go", "rust", "pypy"; NULL: none known */
	char version[16];	/* "3.1"; "" if nothing tells */
	bool global_lock;	/* one thread at a time */
};

/* What was learnt from each executable. Zeroed is empty. */
struct runtime_cache {
	struct htab files;	/* (device, inode) -> struct runtime_file, owned */
};

/*
 * @with_maps: look at the mapped libraries too, which are not there yet right after exec.
 * Returns whether @out was filled.
 */
bool runtime_detect(struct runtime_cache *cache, uint32_t pid, bool with_maps,
		    struct runtime_info *out);
void runtime_cache_release(struct runtime_cache *cache);

#endif
