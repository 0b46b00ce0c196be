/* SPDX-License-Identifier: MIT */
/*
 * The capabilities of this thread, see capabilities(7). Sets of them are bits, as in
 * /proc/PID/status.
 *
 * Before rights_keep() all is as partrace was started. After it none is in effect;
 * those kept are raised for single calls, see reach.h. They are the calling thread's:
 * threads that it starts call rights_drop() first.
 */
#ifndef BASE_RIGHTS_H
#define BASE_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

/* include/uapi/linux/capability.h; older headers lack the last three. */
enum right {
	RIGHT_DAC_OVERRIDE = 1,
	RIGHT_DAC_READ_SEARCH = 2,
	RIGHT_FOWNER = 3,
	RIGHT_KILL = 5,
	RIGHT_SETGID = 6,
	RIGHT_SETUID = 7,
	RIGHT_SYS_PTRACE = 19,
	RIGHT_SYS_ADMIN = 21,
	RIGHT_SYS_NICE = 23,
	RIGHT_PERFMON = 38,
	RIGHT_BPF = 39,
	RIGHT_CHECKPOINT_RESTORE = 40,
};

#define RIGHT(name) (1ULL << RIGHT_##name)

/*
 * What kinds of calls need. Processes that are born later have names, mappings and
 * runtimes, too; who waits for a lock is looked at when it waits; and at the end, who
 * holds what.
 */
#define RIGHTS_TO_LOOK (RIGHT(SYS_PTRACE) | RIGHT(DAC_READ_SEARCH) | RIGHT(CHECKPOINT_RESTORE))

/* To give a file its name in a directory that is not our own, and to remove it there. */
#define RIGHTS_TO_RENAME (RIGHT(DAC_OVERRIDE) | RIGHT(FOWNER))

/* Uprobes. Where the rights are given one by one, the old one may be all there is. */
#define RIGHTS_TO_PROBE (RIGHT(PERFMON) | RIGHT(SYS_ADMIN))

/* In effect now; could be. */
uint64_t rights_effective(void);
uint64_t rights_permitted(void);

/* Give up all but @set, and have only @always of these in effect. -errno. */
int rights_keep(uint64_t set, uint64_t always);

/* Give up all but @set, which is in effect; all. For threads that never raise any. */
void rights_only(uint64_t set);
void rights_drop(void);

/* Those kept of @wanted are in effect between the two. False: there are none, and nothing to lower. */
bool rights_raise(uint64_t wanted);
void rights_lower(void);

#endif
