/* SPDX-License-Identifier: MIT */
/*
 * Finds CPython in a running process, and where its global lock is: every word
 * of the GIL lies inside the object `_PyRuntime` from 3.7 on, and somewhere among
 * the interpreter's static data before.
 *
 * Right after exec the libraries are not mapped yet, so a "no" about a process
 * that is a few milliseconds old is worth asking again.
 */
#ifndef SYMBOL_PYTHON_DETECT_H
#define SYMBOL_PYTHON_DETECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/htab.h"
#include "par_shared.h"

struct python_info {
	char version[16];	/* "3.11"; "" if nothing tells */
	bool global_lock;	/* false for a free-threaded build; see python_memory.h */
	bool free_threaded;
	/*
	 * `_PyRuntime` in the process; of 3.6 and older, all of their static
	 * data. Also set for a free-threaded build, where an extension can switch
	 * the lock back on.
	 */
	uint64_t lock_addr, lock_size;
	/* The bytecode interpreter, which only runs with the lock. 0: not found. */
	uint64_t eval_addr, eval_size;
	/*
	 * The file with the code, as long as the process lives, and where in it
	 * each function is that the recorder may watch; 0: nowhere.
	 */
	char path[64];
	uint64_t functions[PAR_PYTHON_FUNCTION_CNT];
};

/*
 * What was learnt from each executable and library, so that a thousand short
 * processes cost one look at the file each and not a parse. Zeroed is empty.
 */
struct python_cache {
	struct htab files;	/* (device, inode) -> struct python_file, owned */
	uint64_t parse_cnt;	/* how often a file was parsed */
};

/*
 * Returns 1 and fills @out, 0 if the process is not Python, or -errno: -ESRCH if
 * it is gone, -EACCES or -EPERM if it may not be looked at, -ENOENT if a file of
 * its is out of reach.
 */
int python_detect(struct python_cache *cache, uint32_t pid, struct python_info *out);
void python_cache_release(struct python_cache *cache);

#endif
