// SPDX-License-Identifier: MIT
/* One table, by name, so that it holds on every architecture. */
#include "record/calls.h"

#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "event/sysno.h"

#define MS(n) PAR_CALL_TIMEOUT(PAR_UNIT_MS, n)
#define TIMESPEC(n) PAR_CALL_TIMEOUT(PAR_UNIT_TIMESPEC, n)
#define TIMEVAL(n) PAR_CALL_TIMEOUT(PAR_UNIT_TIMEVAL, n)

static const struct {
	const char *name;
	__u32 call;
} table[] = {
	{ "getdents64", PAR_CALL_FD },
	{ "accept", PAR_CALL_FD | PAR_CALL_OPENS | PAR_CALL_ACCEPTS },
	{ "accept4", PAR_CALL_FD | PAR_CALL_OPENS | PAR_CALL_ACCEPTS },
	{ "connect", PAR_CALL_FD },	{ "shutdown", PAR_CALL_FD },
	{ "close", PAR_CALL_FD },	{ "ioctl", PAR_CALL_FD },
	{ "fsync", PAR_CALL_FD },	{ "fdatasync", PAR_CALL_FD },
	{ "sync_file_range", PAR_CALL_FD }, { "syncfs", PAR_CALL_FD },
	{ "fadvise64", PAR_CALL_FD },	{ "readahead", PAR_CALL_FD },
	{ "fallocate", PAR_CALL_FD },	{ "ftruncate", PAR_CALL_FD },
	{ "flock", PAR_CALL_FD },	{ "fcntl", PAR_CALL_FD | PAR_CALL_OPENS },
	{ "io_uring_enter", PAR_CALL_FD | PAR_CALL_LOOP },
	{ "epoll_wait", PAR_CALL_FD | PAR_CALL_LOOP | MS(3) },
	{ "epoll_pwait", PAR_CALL_FD | PAR_CALL_LOOP | MS(3) },
	{ "epoll_pwait2", PAR_CALL_FD | PAR_CALL_LOOP | TIMESPEC(3) },
	{ "poll", PAR_CALL_POLL | PAR_CALL_LOOP | MS(2) },
	{ "ppoll", PAR_CALL_POLL | PAR_CALL_LOOP | TIMESPEC(2) },
	{ "select", PAR_CALL_SELECT | PAR_CALL_LOOP | TIMEVAL(4) },
	{ "pselect6", PAR_CALL_SELECT | PAR_CALL_LOOP | TIMESPEC(4) },
	{ "rt_sigtimedwait", TIMESPEC(2) },
	{ "clone", PAR_CALL_FORKS },	{ "clone3", PAR_CALL_FORKS },
	{ "fork", PAR_CALL_FORKS },	{ "vfork", PAR_CALL_FORKS },
	{ "futex", PAR_CALL_FUTEX | PAR_CALL_WAKES },
	{ "futex_wait", PAR_CALL_FUTEX | PAR_CALL_FUTEX2 },
	{ "futex_waitv", PAR_CALL_FUTEXV },
	{ "futex_wake", PAR_CALL_FUTEX | PAR_CALL_WAKES },
	{ "futex_requeue", PAR_CALL_WAKES },
	{ "open", PAR_CALL_OPENS },	{ "openat", PAR_CALL_OPENS },
	{ "openat2", PAR_CALL_OPENS },	{ "creat", PAR_CALL_OPENS },
	{ "socket", PAR_CALL_OPENS },	{ "socketpair", PAR_CALL_OPENS },
	{ "pipe", PAR_CALL_OPENS },	{ "pipe2", PAR_CALL_OPENS },
	{ "dup", PAR_CALL_OPENS },	{ "dup2", PAR_CALL_OPENS },
	{ "dup3", PAR_CALL_OPENS },	{ "eventfd", PAR_CALL_OPENS },
	{ "eventfd2", PAR_CALL_OPENS },	{ "epoll_create", PAR_CALL_OPENS },
	{ "epoll_create1", PAR_CALL_OPENS }, { "timerfd_create", PAR_CALL_OPENS },
	{ "signalfd", PAR_CALL_OPENS },	{ "signalfd4", PAR_CALL_OPENS },
	{ "inotify_init", PAR_CALL_OPENS }, { "inotify_init1", PAR_CALL_OPENS },
	{ "memfd_create", PAR_CALL_OPENS }, { "pidfd_open", PAR_CALL_OPENS },
	{ "pidfd_getfd", PAR_CALL_OPENS }, { "io_uring_setup", PAR_CALL_OPENS },
	{ "perf_event_open", PAR_CALL_OPENS },
};

/* Of all of these, but the last ones, args[0] is a descriptor. */
static const struct {
	const char *name;
	__u8 move;
} moves[] = {
	{ "read", PAR_MOVE_READ },		{ "write", PAR_MOVE_WRITE },
	{ "pread64", PAR_MOVE_READ },		{ "pwrite64", PAR_MOVE_WRITE },
	{ "readv", PAR_MOVE_READ },		{ "writev", PAR_MOVE_WRITE },
	{ "preadv", PAR_MOVE_READ },		{ "pwritev", PAR_MOVE_WRITE },
	{ "preadv2", PAR_MOVE_READ },		{ "pwritev2", PAR_MOVE_WRITE },
	{ "recvfrom", PAR_MOVE_RECVFROM },	{ "sendto", PAR_MOVE_SENDTO },
	{ "recvmsg", PAR_MOVE_RECVMSG },	{ "sendmsg", PAR_MOVE_SENDMSG },
	{ "recvmmsg", PAR_MOVE_RECVMMSG },	{ "sendmmsg", PAR_MOVE_SENDMMSG },
	{ "sendfile", PAR_MOVE_SENDFILE },	{ "vmsplice", PAR_MOVE_VMSPLICE },
	{ "splice", PAR_MOVE_SPLICE },		{ "tee", PAR_MOVE_TEE },
	{ "copy_file_range", PAR_MOVE_SPLICE },
	{ "mq_timedreceive", PAR_MOVE_READ },	{ "mq_timedsend", PAR_MOVE_MQ_SEND },
	{ "msgrcv", PAR_MOVE_MSGRCV },		{ "msgsnd", PAR_MOVE_MSGSND },
	{ "semop", PAR_MOVE_SEMOP },		{ "semtimedop", PAR_MOVE_SEMOP },
};

/* Those that have another name for 64-bit programs, whose types were wide from the start. */
static const struct {
	const char *compat, *native;
} renamed[] = {
	{ "_llseek", "lseek" },	  { "_newselect", "select" }, { "fcntl64", "fcntl" },
	{ "fstat64", "fstat" },	  { "fstatat64", "newfstatat" }, { "ftruncate64", "ftruncate" },
	{ "lstat64", "lstat" },	  { "mmap2", "mmap" },	      { "sendfile64", "sendfile" },
	{ "stat64", "stat" },	  { "truncate64", "truncate" }, { "waitpid", "wait4" },
};

static int native_of(const char *compat)
{
	size_t len = strlen(compat);
	char name[48];

	for (size_t i = 0; i < ARRAY_CNT(renamed); i++)
		if (!strcmp(renamed[i].compat, compat))
			return sysno_from_name(renamed[i].native);
	/* "futex_time64": with the times that 64-bit programs always had. */
	if (len > 7 && !strcmp(compat + len - 7, "_time64"))
		len -= 7;
	snprintf(name, sizeof(name), "%.*s", (int)len, compat);
	return sysno_from_name(name);
}

static void fill_compat(struct par_config *config)
{
	for (size_t i = 0; i < PAR_COMPAT_CNT; i++) {
		const char *name = sysno_compat_name((int)i);
		int native = name ? native_of(name) : -1;

		config->compat[i] = (__u16)(native >= 0 ? native : PAR_SYSNO_NONE);
	}
}

void calls_fill(struct par_config *config)
{
	fill_compat(config);
	memset(config->call, 0, sizeof(config->call));
	memset(config->move, 0, sizeof(config->move));
	for (size_t i = 0; i < ARRAY_CNT(table); i++) {
		int sysno = sysno_from_name(table[i].name);

		if (sysno >= 0 && sysno < PAR_SYSNO_CNT)
			config->call[sysno] = table[i].call;
	}
	for (size_t i = 0; i < ARRAY_CNT(moves); i++) {
		int sysno = sysno_from_name(moves[i].name);

		if (sysno < 0 || sysno >= PAR_SYSNO_CNT)
			continue;
		config->move[sysno] = moves[i].move;
		config->call[sysno] = PAR_CALL_MOVES;
		if (moves[i].move < PAR_MOVE_MSGSND)
			config->call[sysno] |= PAR_CALL_FD;
	}
}

void calls_fill_startup(struct par_startup_calls *calls)
{
	*calls = (struct par_startup_calls){
		.open = (__s16)sysno_from_name("open"),
		.openat = (__s16)sysno_from_name("openat"),
		.mmap = (__s16)sysno_from_name("mmap"),
		.read = (__s16)sysno_from_name("read"),
		.close = (__s16)sysno_from_name("close"),
		.pipe = (__s16)sysno_from_name("pipe"),
		.pipe2 = (__s16)sysno_from_name("pipe2"),
	};
}
