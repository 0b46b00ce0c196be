/* SPDX-License-Identifier: MIT */
/*
 * Names for addresses of data in a running process: the variable that lies there,
 * in the program or in one of its libraries, or else what kind of memory it is.
 *
 *	queue_lock		a variable of the program
 *	cache+0x40 in libapp.so	inside one of a library
 *	/dev/shm/ring+0x80	shared memory that has a name
 *	heap+0x2a0		in the heap that brk(2) makes, from its start
 *	stack of worker-1
 *
 * C++ names are left as the compiler made them.
 */
#ifndef SYMBOL_USER_SYMBOL_H
#define SYMBOL_USER_SYMBOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/htab.h"

/*
 * What was read of each file, so that a thousand processes of one program cost
 * one reading. Zeroed is empty.
 */
struct user_symbols {
	struct htab files;	/* (device, inode) -> struct symbol_file, owned */
	uint64_t parse_cnt;	/* how often a file was opened and parsed */
};

/*
 * Returns 1 and fills @name; 0 if nothing tells what lies at @addr; -EAGAIN if a
 * symbol table was not read to its end by @until_ns (CLOCK_MONOTONIC): ask again,
 * and the reading goes on; or -errno: -ESRCH if the process is gone, -EACCES or
 * -EPERM if it may not be looked at. @tid is the thread that waits there, which
 * may be the one whose stack it is.
 */
int user_symbol_find(struct user_symbols *us, uint32_t pid, uint32_t tid, uint64_t addr,
		     uint64_t until_ns, char *name, size_t size);
void user_symbols_release(struct user_symbols *us);

#endif
