// SPDX-License-Identifier: MIT
/* One table, by name, so that it holds on every architecture. */
#include "record/calls.h"

#include <string.h>

#include "event/sysno.h"

#define IN  (PAR_CALL_FD | PAR_CALL_READS)
#define OUT (PAR_CALL_FD | PAR_CALL_WRITES)
#define MS(n) PAR_CALL_TIMEOUT(PAR_UNIT_MS, n)
#define TIMESPEC(n) PAR_CALL_TIMEOUT(PAR_UNIT_TIMESPEC, n)
#define TIMEVAL(n) PAR_CALL_TIMEOUT(PAR_UNIT_TIMEVAL, n)

static const struct {
	const char *name;
	__u16 call;
} table[] = {
	{ "read", IN },			{ "write", OUT },
	{ "pread64", IN },		{ "pwrite64", OUT },
	{ "readv", IN },		{ "writev", OUT },
	{ "preadv", IN },		{ "pwritev", OUT },
	{ "preadv2", IN },		{ "pwritev2", OUT },
	{ "recvfrom", IN },		{ "sendto", OUT },
	{ "recvmsg", IN },		{ "sendmsg", OUT },
	{ "sendfile", OUT },		{ "vmsplice", OUT },
	{ "splice", IN },		{ "tee", IN },
	{ "copy_file_range", IN },	{ "mq_timedreceive", IN },
	{ "mq_timedsend", PAR_CALL_FD },{ "getdents64", PAR_CALL_FD },
	{ "recvmmsg", PAR_CALL_FD },	{ "sendmmsg", PAR_CALL_FD },
	{ "accept", PAR_CALL_FD },	{ "accept4", PAR_CALL_FD },
	{ "connect", PAR_CALL_FD },	{ "shutdown", PAR_CALL_FD },
	{ "close", PAR_CALL_FD },	{ "ioctl", PAR_CALL_FD },
	{ "fsync", PAR_CALL_FD },	{ "fdatasync", PAR_CALL_FD },
	{ "sync_file_range", PAR_CALL_FD }, { "syncfs", PAR_CALL_FD },
	{ "fallocate", PAR_CALL_FD },	{ "ftruncate", PAR_CALL_FD },
	{ "flock", PAR_CALL_FD },	{ "fcntl", PAR_CALL_FD },
	{ "io_uring_enter", PAR_CALL_FD },
	{ "epoll_wait", PAR_CALL_FD | MS(3) },
	{ "epoll_pwait", PAR_CALL_FD | MS(3) },
	{ "epoll_pwait2", PAR_CALL_FD | TIMESPEC(3) },
	{ "poll", PAR_CALL_POLL | MS(2) },
	{ "ppoll", PAR_CALL_POLL | TIMESPEC(2) },
	{ "select", TIMEVAL(4) },	{ "pselect6", TIMESPEC(4) },
	{ "rt_sigtimedwait", TIMESPEC(2) },
	{ "clone", PAR_CALL_FORKS },	{ "clone3", PAR_CALL_FORKS },
	{ "fork", PAR_CALL_FORKS },	{ "vfork", PAR_CALL_FORKS },
	{ "futex", PAR_CALL_FUTEX | PAR_CALL_WAKES },
	{ "futex_wait", PAR_CALL_FUTEX }, { "futex_wake", PAR_CALL_FUTEX | PAR_CALL_WAKES },
	{ "futex_requeue", PAR_CALL_WAKES },
};

void calls_fill(__u16 call[PAR_SYSNO_CNT])
{
	memset(call, 0, PAR_SYSNO_CNT * sizeof(*call));
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		int sysno = sysno_from_name(table[i].name);

		if (sysno >= 0 && sysno < PAR_SYSNO_CNT)
			call[sysno] = table[i].call;
	}
}
