/* SPDX-License-Identifier: MIT */
/*
 * What /proc says about processes. Nothing here is a snapshot: a process may end
 * between two calls, and then the second returns -ESRCH.
 *
 * All functions return 0 or -errno unless they say otherwise; -EBADMSG is a file
 * that does not look as proc(5) says. Process and thread ids are those of the
 * pid namespace that /proc was mounted in.
 */
#ifndef BASE_PROCFS_H
#define BASE_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "/dir": take /dir/proc and /dir/sys for /proc and /sys. For tests. @root is lent. */
void procfs_set_root(const char *root);

#define PROCFS_COMM_LEN 64 /* kernel workers' names are longer than TASK_COMM_LEN */

struct procfs_stat {
	uint32_t pid, ppid;
	char comm[PROCFS_COMM_LEN];
	char state; /* 'R', 'S', 'D', 'T', 't', 'Z', … */
	bool is_kthread;
	uint32_t thread_cnt;
	uint64_t min_flt, maj_flt;
	uint64_t utime_ns, stime_ns; /* in steps of a clock tick, mostly 10 ms */
	uint64_t start_ns; /* CLOCK_BOOTTIME, in the same steps */
};

/* A process: the times of all its threads, also of those that ended. */
int procfs_stat(uint32_t pid, struct procfs_stat *out);

struct procfs_status {
	uint32_t tgid, ppid;
	uint32_t uid, euid;
	uint32_t ns_pid; /* in its own, innermost pid namespace */
	uint32_t ns_depth; /* how many namespaces below /proc's own that is; 0: the same */
};

int procfs_status(uint32_t pid, struct procfs_status *out);

/*
 * Text fits @size, ends with 0 and is clean, see base/text.h. Arguments are
 * joined by blanks; kernel threads and zombies have none and give "".
 */
int procfs_comm(uint32_t pid, char *buf, size_t size);
int procfs_cmdline(uint32_t pid, char *buf, size_t size);

/* As the process sees the path. -ENOENT also for a kernel thread. */
int procfs_exe(uint32_t pid, char *buf, size_t size);

struct procfs_memory {
	uint64_t rss_bytes;
	uint64_t pss_bytes; /* 0: not known */
	uint64_t private_bytes;
};

/*
 * Exact, but the kernel walks the page tables for it and holds up the
 * process's own page faults meanwhile: not for a fast timer.
 */
int procfs_memory(uint32_t pid, struct procfs_memory *out);

/* Reads three counters. No pss; anonymous shared memory counts as shared. */
int procfs_memory_estimate(uint32_t pid, struct procfs_memory *out);

/* Called with each id; a value other than 0 stops the walk, which returns it. */
int procfs_each_pid(int (*fn)(void *ctx, uint32_t pid), void *ctx);

/* What each descriptor of @pid stands for: a path, "socket:[123]", "pipe:[124]". */
int procfs_each_link(uint32_t pid, int (*fn)(void *ctx, const char *target), void *ctx);

struct procfs_pids {
	uint32_t *ids;
	size_t cnt, cap;
};

/*
 * Add @pid and all that descend from it, parents before children, in one pass
 * over /proc. A child forked during the pass may be missed, and whoever lost its
 * parent belongs to init by now. Adds nothing if there is no such process.
 */
int procfs_descendants(uint32_t pid, struct procfs_pids *out);
void procfs_pids_release(struct procfs_pids *pids);

/*
 * TCP ports on which anybody in the network namespace of @pid listens, each once,
 * ascending. Stores up to @max of them and returns how many.
 */
int procfs_listen_ports(uint32_t pid, uint16_t *ports, size_t max);

/* How many CPUs the machine runs, and on how many of them @pid may. */
int procfs_cpus_online(void);
int procfs_cpus_allowed(uint32_t pid);

/*
 * What the kernel calls itself from one boot to the next, the same in all containers:
 * "b0a3…", of 36 characters. On failure "".
 */
#define PROCFS_BOOT_ID_LEN 40
int procfs_boot_id(char id[PROCFS_BOOT_ID_LEN]);

/* Time that the hypervisor gave to others, summed over all CPUs since boot. */
int procfs_steal_ns(uint64_t *ns);

/*
 * For modules that know files of their own, below the root: the first @size - 1
 * bytes, 0-terminated, and how many.
 */
int procfs_read(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Where a symbolic link leads, whole; 0 or -errno. */
int procfs_link(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * The same file, opened for reading. Never waits: a traced process may have put a FIFO where
 * it is.
 */
int procfs_open(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Each line without its end; stops like procfs_each_pid(). */
int procfs_each_line(int (*fn)(void *ctx, char *line), void *ctx, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
