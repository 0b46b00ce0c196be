// SPDX-License-Identifier: MIT
/*
 * Owns the table of system calls by the way they wait, and the rules behind
 * each. A call that is not in the table is named and goes to `other`.
 */
#include "model/wait_class.h"

#include <string.h>

#include "event/sysno.h"
#include "model/futex_class.h"

/* task->__state; include/linux/sched.h */
#define STATE_UNINTERRUPTIBLE	0x0002
#define STATE_STOPPED		0x0004
#define STATE_TRACED		0x0008
#define STATE_NOLOAD		0x0400

#define IORING_ENTER_GETEVENTS	1	/* include/uapi/linux/io_uring.h */

#define F_SETLKW		7
#define F_OFD_SETLKW		38

enum how {
	HOW_UNKNOWN,
	HOW_FUTEX,		/* futex(2) */
	HOW_FUTEX2,		/* futex_wait(2) */
	HOW_FUTEXV,		/* futex_waitv(2) */
	HOW_SLEEP,
	HOW_CHILD,
	HOW_STORAGE,		/* fsync and kin */
	HOW_ACCEPT,
	HOW_CONNECT,
	HOW_POLL,
	HOW_SELECT,
	HOW_EPOLL,
	HOW_READ,
	HOW_WRITE,
	HOW_FLOCK,
	HOW_FCNTL,
	HOW_OPEN,
	HOW_PATH,		/* looks up or changes a directory */
	HOW_QUEUE_IN,		/* message queues, SysV and POSIX */
	HOW_QUEUE_OUT,
	HOW_SEMOP,
	HOW_MM,			/* takes mmap_lock */
	HOW_CACHE,		/* asks for pages, or gives them back; what it reads in is disk */
	HOW_FORK,
	HOW_EXEC,
	HOW_SIGNAL,
	HOW_URING,
	HOW_AIO,
	HOW_RESTART,
};

static const struct {
	const char *name;
	enum how how;
} calls_by_name[] = {
	{ "futex", HOW_FUTEX }, { "futex_wait", HOW_FUTEX2 }, { "futex_waitv", HOW_FUTEXV },
	{ "nanosleep", HOW_SLEEP }, { "clock_nanosleep", HOW_SLEEP },
	{ "wait4", HOW_CHILD }, { "waitid", HOW_CHILD }, { "waitpid", HOW_CHILD },
	{ "fsync", HOW_STORAGE }, { "fdatasync", HOW_STORAGE }, { "sync", HOW_STORAGE },
	{ "syncfs", HOW_STORAGE }, { "msync", HOW_STORAGE }, { "sync_file_range", HOW_STORAGE },
	{ "fallocate", HOW_STORAGE }, { "ftruncate", HOW_STORAGE },
	{ "fadvise64", HOW_CACHE }, { "readahead", HOW_CACHE },
	{ "getdents64", HOW_STORAGE }, { "getdents", HOW_STORAGE },
	{ "copy_file_range", HOW_STORAGE },
	{ "accept", HOW_ACCEPT }, { "accept4", HOW_ACCEPT }, { "connect", HOW_CONNECT },
	{ "poll", HOW_POLL }, { "ppoll", HOW_POLL }, { "select", HOW_SELECT },
	{ "pselect6", HOW_SELECT }, { "epoll_wait", HOW_EPOLL }, { "epoll_pwait", HOW_EPOLL },
	{ "epoll_pwait2", HOW_EPOLL },
	{ "read", HOW_READ }, { "pread64", HOW_READ }, { "readv", HOW_READ },
	{ "preadv", HOW_READ }, { "preadv2", HOW_READ }, { "recvfrom", HOW_READ },
	{ "recvmsg", HOW_READ }, { "recvmmsg", HOW_READ }, { "splice", HOW_READ },
	{ "tee", HOW_READ }, { "ioctl", HOW_READ },
	{ "write", HOW_WRITE }, { "pwrite64", HOW_WRITE }, { "writev", HOW_WRITE },
	{ "pwritev", HOW_WRITE }, { "pwritev2", HOW_WRITE }, { "sendto", HOW_WRITE },
	{ "sendmsg", HOW_WRITE }, { "sendmmsg", HOW_WRITE }, { "sendfile", HOW_WRITE },
	{ "vmsplice", HOW_WRITE }, { "close", HOW_WRITE }, { "shutdown", HOW_WRITE },
	{ "flock", HOW_FLOCK }, { "fcntl", HOW_FCNTL },
	{ "open", HOW_OPEN }, { "openat", HOW_OPEN }, { "openat2", HOW_OPEN },
	{ "creat", HOW_OPEN },
	{ "stat", HOW_PATH }, { "lstat", HOW_PATH }, { "newfstatat", HOW_PATH },
	{ "fstat", HOW_PATH }, { "statx", HOW_PATH }, { "access", HOW_PATH },
	{ "faccessat", HOW_PATH }, { "faccessat2", HOW_PATH }, { "readlink", HOW_PATH },
	{ "readlinkat", HOW_PATH }, { "unlink", HOW_PATH }, { "unlinkat", HOW_PATH },
	{ "rename", HOW_PATH }, { "renameat", HOW_PATH }, { "renameat2", HOW_PATH },
	{ "mkdir", HOW_PATH }, { "mkdirat", HOW_PATH }, { "rmdir", HOW_PATH },
	{ "link", HOW_PATH }, { "linkat", HOW_PATH }, { "symlink", HOW_PATH },
	{ "symlinkat", HOW_PATH }, { "chmod", HOW_PATH }, { "fchmodat", HOW_PATH },
	{ "chown", HOW_PATH }, { "fchownat", HOW_PATH }, { "utimensat", HOW_PATH },
	{ "truncate", HOW_PATH }, { "chdir", HOW_PATH }, { "mount", HOW_PATH },
	{ "umount2", HOW_PATH }, { "statfs", HOW_PATH }, { "getxattr", HOW_PATH },
	{ "lgetxattr", HOW_PATH }, { "setxattr", HOW_PATH }, { "listxattr", HOW_PATH },
	{ "io_submit", HOW_STORAGE },
	{ "msgrcv", HOW_QUEUE_IN }, { "mq_timedreceive", HOW_QUEUE_IN },
	{ "msgsnd", HOW_QUEUE_OUT }, { "mq_timedsend", HOW_QUEUE_OUT },
	{ "semop", HOW_SEMOP }, { "semtimedop", HOW_SEMOP },
	{ "mmap", HOW_MM }, { "munmap", HOW_MM }, { "mprotect", HOW_MM }, { "madvise", HOW_MM },
	{ "brk", HOW_MM }, { "mremap", HOW_MM }, { "mlock", HOW_MM }, { "munlock", HOW_MM },
	{ "pkey_mprotect", HOW_MM }, { "mlock2", HOW_MM }, { "mlockall", HOW_MM },
	{ "munlockall", HOW_MM }, { "mbind", HOW_MM }, { "migrate_pages", HOW_MM },
	{ "move_pages", HOW_MM }, { "process_madvise", HOW_MM },
	{ "process_vm_readv", HOW_MM }, { "process_vm_writev", HOW_MM },
	{ "clone", HOW_FORK }, { "clone3", HOW_FORK }, { "fork", HOW_FORK },
	{ "vfork", HOW_FORK }, { "execve", HOW_EXEC }, { "execveat", HOW_EXEC },
	{ "pause", HOW_SIGNAL }, { "rt_sigsuspend", HOW_SIGNAL },
	{ "rt_sigtimedwait", HOW_SIGNAL },
	{ "io_uring_enter", HOW_URING }, { "io_getevents", HOW_AIO },
	{ "io_pgetevents", HOW_AIO }, { "restart_syscall", HOW_RESTART },
};

static const char *const lock_kinds[LOCK_KIND_CNT] = {
	[LOCK_GIL] = "gil", [LOCK_GVL] = "gvl", [LOCK_MUTEX] = "mutex",
	[LOCK_RWLOCK] = "rwlock", [LOCK_SEMAPHORE] = "semaphore", [LOCK_CONDVAR] = "condvar",
	[LOCK_BARRIER] = "barrier", [LOCK_JOIN] = "join", [LOCK_PI] = "pi",
	[LOCK_KERNEL] = "kernel", [LOCK_FILE] = "file", [LOCK_FUTEX] = "futex",
};

const char *lock_kind_name(enum lock_kind k)
{
	return lock_kinds[k];
}

int lock_kind_from_name(const char *name)
{
	for (int k = 0; k < LOCK_KIND_CNT; k++)
		if (!strcmp(lock_kinds[k], name))
			return k;
	return -1;
}

void wait_calls_init(struct wait_calls *calls)
{
	memset(calls, 0, sizeof(*calls));
	for (size_t i = 0; i < sizeof(calls_by_name) / sizeof(calls_by_name[0]); i++) {
		int sysno = sysno_from_name(calls_by_name[i].name);

		if (sysno >= 0 && sysno < PAR_SYSNO_CNT)
			calls->how[sysno] = (uint8_t)calls_by_name[i].how;
	}
}

static enum how how_of(const struct wait_calls *calls, const struct par_cause *cause)
{
	if (cause->sysno < 0 || cause->sysno >= PAR_SYSNO_CNT || (cause->flags & PAR_CAUSE_COMPAT))
		return HOW_UNKNOWN;
	return calls->how[cause->sysno];
}

bool wait_is_gil_request(const struct wait_context *ctx, const struct par_cause *cause)
{
	return how_of(ctx->calls, cause) == HOW_FUTEX && futex_is_gil_request(ctx, cause);
}

static void set_lock(struct wait_what *what, enum bucket bucket, enum lock_kind kind,
		     uint64_t addr)
{
	what->bucket = bucket;
	what->lock = kind;
	what->lock_addr = addr;
}

static void set_file_lock(const struct par_cause *cause, struct wait_what *what)
{
	set_lock(what, BUCKET_LOCK, LOCK_FILE, cause->file.id);
	if (cause->file.kind == PAR_FILE_REGULAR || cause->file.kind == PAR_FILE_DIRECTORY)
		what->lock_dev = cause->file.dev;
	what->on_file = true;
}

/* What somebody else brings: a thread of the same process, or another process. */
static enum bucket exchange_bucket(const struct wait_context *ctx)
{
	return ctx->sibling_woke ? BUCKET_SYNC : BUCKET_IPC;
}

static enum bucket socket_bucket(const struct wait_context *ctx, const struct par_file_ref *file,
				 bool is_read)
{
	if (file->flags & PAR_FILE_LISTENS)
		return BUCKET_IDLE;
	if (is_read && (file->flags & PAR_FILE_SERVED))
		return BUCKET_IDLE;
	switch (file->kind) {
	case PAR_FILE_UNIX:
		return exchange_bucket(ctx);
	case PAR_FILE_TCP:
		if (is_read && ctx->served_port)
			return BUCKET_IDLE;
		break;
	case PAR_FILE_UDP:
		break;
	default:
		return BUCKET_IDLE; /* netlink, packet: the kernel's news */
	}
	return file->flags & PAR_FILE_LOOPBACK ? BUCKET_IPC : BUCKET_NETWORK;
}

static enum bucket file_bucket(const struct wait_context *ctx, const struct par_cause *cause,
			       bool is_read)
{
	switch (cause->file.kind) {
	case PAR_FILE_REGULAR:
	case PAR_FILE_DIRECTORY:
	case PAR_FILE_BLOCK:
		return BUCKET_DISK;
	case PAR_FILE_PIPE:
	case PAR_FILE_FIFO:
	case PAR_FILE_EVENTFD:
	case PAR_FILE_MQUEUE:
		return exchange_bucket(ctx);
	case PAR_FILE_TTY:
		return is_read ? BUCKET_IDLE : BUCKET_IPC;
	case PAR_FILE_UNIX:
	case PAR_FILE_TCP:
	case PAR_FILE_UDP:
	case PAR_FILE_SOCKET:
		return socket_bucket(ctx, &cause->file, is_read);
	case PAR_FILE_TIMERFD:
		return BUCKET_SLEEP;
	case PAR_FILE_PIDFD:
		return BUCKET_CHILD;
	case PAR_FILE_SIGNALFD:
	case PAR_FILE_INOTIFY:
	case PAR_FILE_EPOLL:
	case PAR_FILE_IO_URING:
	case PAR_FILE_CHAR:
		return BUCKET_IDLE;
	default:
		return BUCKET_OTHER;
	}
}

static void classify_file(const struct wait_context *ctx, const struct par_cause *cause,
			  bool is_read, struct wait_what *what)
{
	what->bucket = file_bucket(ctx, cause, is_read);
	what->on_file = cause->file.kind != PAR_FILE_NONE;
	what->is_read = is_read;
}

/*
 * Like a read of what was ready; without that, if it was not the time-out, of what
 * comes first in the order of the buckets. An epoll instance that nothing was ready
 * in is the loop's own idling.
 */
static void classify_poll(const struct wait_context *ctx, const struct par_cause *cause,
			  struct wait_what *what)
{
	if (ctx->timed_out && !(cause->flags & PAR_CAUSE_READY))
		what->bucket = BUCKET_SLEEP;
	else if (cause->file.kind == PAR_FILE_NONE)
		what->bucket = BUCKET_IDLE;
	else
		classify_file(ctx, cause, true, what);
	what->is_poll = true;
}

/* Like a read of what the request was about, if it is known. */
static void classify_uring(const struct wait_context *ctx, const struct par_cause *cause,
			   struct wait_what *what)
{
	what->bucket = BUCKET_IDLE;
	if (cause->block_dev)
		what->bucket = BUCKET_DISK;
	else if (cause->flags & PAR_CAUSE_READY)
		classify_file(ctx, cause, true, what);
	else if (ctx->timed_out)
		what->bucket = BUCKET_SLEEP;
	what->is_poll = true;
}

static void classify_fcntl(const struct wait_context *ctx, const struct par_cause *cause,
			   struct wait_what *what)
{
	if (cause->args[1] == F_SETLKW || cause->args[1] == F_OFD_SETLKW) {
		set_file_lock(cause, what);
	} else {
		classify_file(ctx, cause, false, what);
	}
}

/*
 * In D state, and no lock that the kernel told of: it reclaims memory, or reads
 * pages in. Where the kernel tells of no locks, mmap_lock is the likely cause.
 */
static void classify_mm(const struct par_cause *cause, struct wait_what *what)
{
	if (cause->flags & (PAR_CAUSE_KLOCK | PAR_CAUSE_IOWAIT)) {
		what->bucket = BUCKET_MEMORY;
	} else {
		what->bucket = BUCKET_KERNEL_LOCK;
		what->name = "mmap_lock";
	}
}

static void classify_call(const struct wait_context *ctx, const struct par_cause *cause,
			  uint32_t state, struct wait_what *what)
{
	bool deep = state & STATE_UNINTERRUPTIBLE;

	switch (how_of(ctx->calls, cause)) {
	case HOW_FUTEX:
		futex_classify(ctx, cause, what);
		break;
	case HOW_FUTEX2:
		futex2_classify(ctx, cause, what);
		break;
	case HOW_FUTEXV:
		futexv_classify(cause, what);
		break;
	case HOW_SLEEP:
		what->bucket = BUCKET_SLEEP;
		break;
	case HOW_CHILD:
	case HOW_FORK: /* vfork(2): until the child has its own program */
		what->bucket = BUCKET_CHILD;
		break;
	case HOW_STORAGE:
	case HOW_PATH:
	case HOW_EXEC:
	case HOW_AIO:
		what->bucket = BUCKET_DISK;
		what->on_file = cause->file.kind != PAR_FILE_NONE;
		break;
	case HOW_OPEN: /* S: the other end of a FIFO */
		what->bucket = deep ? BUCKET_DISK : exchange_bucket(ctx);
		break;
	case HOW_ACCEPT:
		classify_file(ctx, cause, true, what);
		what->bucket = BUCKET_IDLE;
		break;
	case HOW_CONNECT:
		classify_file(ctx, cause, false, what);
		break;
	case HOW_POLL:
	case HOW_SELECT:
	case HOW_EPOLL:
		classify_poll(ctx, cause, what);
		break;
	case HOW_READ:
		classify_file(ctx, cause, true, what);
		break;
	case HOW_WRITE:
		classify_file(ctx, cause, false, what);
		break;
	case HOW_FLOCK:
		set_file_lock(cause, what);
		break;
	case HOW_FCNTL:
		classify_fcntl(ctx, cause, what);
		break;
	case HOW_QUEUE_IN:
	case HOW_QUEUE_OUT:
	case HOW_SEMOP:
		what->bucket = exchange_bucket(ctx);
		what->on_file = cause->file.kind != PAR_FILE_NONE;
		what->is_read = how_of(ctx->calls, cause) != HOW_QUEUE_OUT;
		break;
	case HOW_CACHE:
		what->bucket = BUCKET_MEMORY;
		what->on_file = cause->file.kind != PAR_FILE_NONE;
		break;
	case HOW_MM:
		if (deep) {
			classify_mm(cause, what);
		}
		break;
	case HOW_SIGNAL:
		what->bucket = ctx->timed_out ? BUCKET_SLEEP : BUCKET_IDLE;
		break;
	case HOW_URING:
		classify_uring(ctx, cause, what);
		break;
	case HOW_RESTART:
		what->carry_on = true;
		break;
	case HOW_UNKNOWN:
		break;
	}
}

static void classify_kthread(const struct par_cause *cause, uint32_t state,
			     struct wait_what *what)
{
	bool sleeps = (state & STATE_NOLOAD) || !(state & STATE_UNINTERRUPTIBLE);

	if (cause->flags & PAR_CAUSE_IOWAIT) {
		what->bucket = BUCKET_DISK;
		what->name = "block I/O";
	} else if (sleeps) {
		what->bucket = BUCKET_IDLE;
		what->name = "kernel thread without work";
	} else {
		what->name = "kernel thread in D state";
	}
}

/* Came through an exception: a page fault, or a signal on its way to user space. */
static void classify_fault(uint32_t state, struct wait_what *what)
{
	if (state & STATE_UNINTERRUPTIBLE) {
		what->bucket = BUCKET_MEMORY;
		what->name = "page fault";
	} else {
		what->name = "exception";
	}
}

/*
 * The kernel sets in_iowait for block I/O. Not so in io_uring_enter(2), which has it
 * while any request is under way, be it a socket's; and what a call about memory
 * reads in is memory.
 */
static bool waits_for_disk(const struct wait_context *ctx, const struct par_cause *cause,
			   uint32_t state)
{
	enum how how = how_of(ctx->calls, cause);

	if (!(cause->flags & PAR_CAUSE_IOWAIT) || how == HOW_MM)
		return false;
	return how != HOW_URING || (state & STATE_UNINTERRUPTIBLE);
}

/* As bpf/loop.bpf.c sees it: a poll of one descriptor is some library's own. */
static enum wait_poll poll_of(const struct wait_context *ctx, const struct par_cause *cause)
{
	bool is_set;

	switch (how_of(ctx->calls, cause)) {
	case HOW_POLL:
		is_set = (uint32_t)cause->args[1] > 1;
		break;
	case HOW_SELECT: /* args[0] is the highest one */
		is_set = (int32_t)cause->args[0] > 1 && cause->polled != 1;
		break;
	case HOW_EPOLL:
		return WAIT_POLL_EPOLL;
	case HOW_URING:
		return cause->args[3] & IORING_ENTER_GETEVENTS ? WAIT_POLL_EPOLL : WAIT_POLL_NONE;
	default:
		return WAIT_POLL_NONE;
	}
	return is_set ? WAIT_POLL_SET : WAIT_POLL_NONE;
}

void wait_classify(const struct wait_context *ctx, const struct par_cause *cause,
		   uint32_t out_state, struct wait_what *what)
{
	*what = (struct wait_what){ .bucket = BUCKET_OTHER, .lock = LOCK_NONE };
	what->poll = poll_of(ctx, cause);

	if (out_state & (STATE_STOPPED | STATE_TRACED)) {
		what->bucket = BUCKET_STOPPED;
		what->name = out_state & STATE_TRACED ? "stopped by a debugger"
						      : "stopped by a signal";
	} else if (cause->klock) {
		set_lock(what, BUCKET_KERNEL_LOCK, LOCK_KERNEL, cause->lock_addr);
	} else if (cause->flags & PAR_CAUSE_KTHREAD) {
		classify_kthread(cause, out_state, what);
	} else if (cause->sysno < 0) {
		classify_fault(out_state, what);
	} else if (waits_for_disk(ctx, cause, out_state)) {
		what->bucket = BUCKET_DISK;
		what->on_file = cause->file.kind != PAR_FILE_NONE;
		what->is_read = how_of(ctx->calls, cause) == HOW_READ;
	} else {
		classify_call(ctx, cause, out_state, what);
	}
}
