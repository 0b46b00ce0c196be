// SPDX-License-Identifier: MIT
/*
 * Owns nothing. The offsets of CPython's internals are in the process itself, in the
 * struct _Py_DebugOffsets at the start of _PyRuntime. That struct has grown: what is
 * read here is known of 3.13 and 3.14, and any other version says nothing.
 */
#include "symbol/python_memory.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "base/reach.h"

/* One that is broken must not keep us. */
#define INTERPRETERS_MAX 64

/* The first words of the struct, by number. */
enum { WORD_COOKIE, WORD_VERSION, WORD_FREE_THREADED, WORD_RUNTIME_SIZE, WORD_FINALIZING,
       WORD_INTERPRETERS, WORD_INTERPRETER_SIZE, WORD_ID, WORD_NEXT, WORD_THREADS, WORD_CNT = 20 };

/* Words further on; 3.14 (0x030e) put threads_main before them. */
#define WORD_GIL(minor)	    ((minor) >= 14 ? 15 : 14)
#define WORD_ENABLED(minor) ((minor) >= 14 ? 17 : 16)

static bool read_memory(uint32_t pid, uint64_t addr, void *buf, size_t len)
{
	return reach_memory(pid, addr, buf, len) == (ssize_t)len;
}

int python_gil_is_on(uint32_t pid, const struct python_info *python)
{
	uint64_t words[WORD_CNT], interp = 0, gil;
	unsigned int minor;
	int enabled;

	if (!read_memory(pid, python->lock_addr, words, sizeof(words)))
		return -EFAULT;
	minor = words[WORD_VERSION] >> 16 & 0xff;
	if (memcmp(&words[WORD_COOKIE], "xdebugpy", 8) || words[WORD_VERSION] >> 24 != 3 ||
	    minor < 13 || minor > 14 || !words[WORD_FREE_THREADED])
		return -ENOTSUP;
	if (!read_memory(pid, python->lock_addr + words[WORD_INTERPRETERS], &interp,
			 sizeof(interp)))
		return -EFAULT;
	for (int i = 0; interp && i < INTERPRETERS_MAX; i++) {
		if (!read_memory(pid, interp + words[WORD_GIL(minor)], &gil, sizeof(gil)))
			return -EFAULT;
		/* Not made yet, while the interpreter starts. */
		if (gil &&
		    !read_memory(pid, gil + words[WORD_ENABLED(minor)], &enabled, sizeof(enabled)))
			return -EFAULT;
		/* A number below it counts the imports under way that want it. */
		if (gil && enabled == INT_MAX)
			return 1;
		if (!read_memory(pid, interp + words[WORD_NEXT], &interp, sizeof(interp)))
			return -EFAULT;
	}
	return 0;
}
