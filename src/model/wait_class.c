// SPDX-License-Identifier: MIT
/*
 * Owns the table of system calls by the way they wait, and the rules behind
 * each. A call that is not in the table is named and goes to `other`.
 */
#include "model/wait_class.h"

#include <string.h>

#include "event/sysno.h"

/* task->__state; include/linux/sched.h */
#define STATE_UNINTERRUPTIBLE	0x0002
#define STATE_STOPPED		0x0004
#define STATE_TRACED		0x0008
#define STATE_NOLOAD		0x0400

/* include/uapi/linux/futex.h */
#define FUTEX_WAIT		0
#define FUTEX_LOCK_PI		6
#define FUTEX_WAIT_BITSET	9
#define FUTEX_WAIT_REQUEUE_PI	11
#define FUTEX_LOCK_PI2		13
#define FUTEX_PRIVATE_FLAG	128
#define FUTEX_CMD_MASK		0x7f
#define FUTEX2_PRIVATE		128	/* flags of futex_wait(2) */

/* What glibc's locks wait for their word to change from (nptl/lowlevellock.h, 2.36). */
#define MUTEX_CONTENDED		2
#define RWLOCK_CONTENDED	3	/* PTHREAD_RWLOCK_FUTEX_USED | 1 */

#define F_SETLKW		7
#define F_OFD_SETLKW		38

/*
 * The GIL's condition variables and mutexes lie within this many bytes of each
 * other: +128 … +136 and 48 more were seen from 3.7 to 3.13.
 */
#define GIL_SPAN 256

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
	{ "getdents64", HOW_STORAGE }, { "getdents", HOW_STORAGE },
	{ "copy_file_range", HOW_STORAGE },
	{ "accept", HOW_ACCEPT }, { "accept4", HOW_ACCEPT }, { "connect", HOW_CONNECT },
	{ "poll", HOW_POLL }, { "ppoll", HOW_POLL }, { "select", HOW_POLL },
	{ "pselect6", HOW_POLL }, { "epoll_wait", HOW_POLL }, { "epoll_pwait", HOW_POLL },
	{ "epoll_pwait2", HOW_POLL },
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
	{ "umount2", HOW_PATH },
	{ "msgrcv", HOW_QUEUE_IN }, { "mq_timedreceive", HOW_QUEUE_IN },
	{ "msgsnd", HOW_QUEUE_OUT }, { "mq_timedsend", HOW_QUEUE_OUT },
	{ "semop", HOW_SEMOP }, { "semtimedop", HOW_SEMOP },
	{ "mmap", HOW_MM }, { "munmap", HOW_MM }, { "mprotect", HOW_MM }, { "madvise", HOW_MM },
	{ "brk", HOW_MM }, { "mremap", HOW_MM }, { "mlock", HOW_MM }, { "munlock", HOW_MM },
	{ "pkey_mprotect", HOW_MM },
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

static bool in_gil_range(const struct wait_context *ctx, uint64_t uaddr)
{
	return uaddr >= ctx->gil_addr && uaddr - ctx->gil_addr < ctx->gil_size;
}

bool wait_is_gil_request(const struct wait_context *ctx, const struct par_cause *cause)
{
	return how_of(ctx->calls, cause) == HOW_FUTEX &&
	       (cause->args[1] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET && cause->args[3] &&
	       in_gil_range(ctx, cause->args[0]);
}

static bool is_gil(const struct wait_context *ctx, uint64_t uaddr)
{
	if (!ctx->gil_word || !in_gil_range(ctx, uaddr))
		return false;
	return uaddr - ctx->gil_word + GIL_SPAN <= 2 * GIL_SPAN;
}

static void set_lock(struct wait_what *what, enum bucket bucket, enum lock_kind kind,
		     uint64_t addr)
{
	what->bucket = bucket;
	what->lock = kind;
	what->lock_addr = addr;
}

/*
 * A futex by its shape: operation, expected value, private or shared. See
 * docs/architecture.md for the table.
 */
static void classify_futex_word(const struct wait_context *ctx, uint64_t uaddr, uint64_t val,
				bool shared, struct wait_what *what)
{
	if (is_gil(ctx, uaddr))
		set_lock(what, BUCKET_GIL, LOCK_GIL, ctx->gil_addr);
	else if (shared && ctx->known_tid)
		set_lock(what, BUCKET_SYNC, LOCK_JOIN, uaddr);
	else if (shared)
		set_lock(what, BUCKET_IPC, LOCK_FUTEX, uaddr);
	else if (val == MUTEX_CONTENDED)
		set_lock(what, BUCKET_LOCK, LOCK_MUTEX, uaddr);
	else if (val == RWLOCK_CONTENDED)
		set_lock(what, BUCKET_LOCK, LOCK_RWLOCK, uaddr);
	else
		set_lock(what, BUCKET_SYNC, LOCK_CONDVAR, uaddr);
}

static void classify_futex(const struct wait_context *ctx, const struct par_cause *cause,
			   struct wait_what *what)
{
	uint64_t op = cause->args[1];

	switch (op & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		classify_futex_word(ctx, cause->args[0], (uint32_t)cause->args[2],
				    !(op & FUTEX_PRIVATE_FLAG), what);
		break;
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
		set_lock(what, BUCKET_LOCK, LOCK_PI, cause->args[0]);
		break;
	case FUTEX_WAIT_REQUEUE_PI:
		set_lock(what, BUCKET_SYNC, LOCK_CONDVAR, cause->args[0]);
		break;
	default:
		/* A waker that itself sleeps: in a fault, or on the hash bucket's lock. */
		what->bucket = BUCKET_OTHER;
	}
}

static enum bucket socket_bucket(const struct wait_context *ctx, const struct par_file_ref *file,
				 bool is_read)
{
	if (file->flags & PAR_FILE_LISTENS)
		return BUCKET_IDLE;
	switch (file->kind) {
	case PAR_FILE_UNIX:
		return is_read && (file->flags & PAR_FILE_SERVED) ? BUCKET_IDLE : BUCKET_IPC;
	case PAR_FILE_TCP:
		if (is_read && ctx->served_port)
			return BUCKET_IDLE;
		break;
	case PAR_FILE_UDP:
		if (is_read && !file->rport)
			return BUCKET_IDLE; /* not connected: whoever may come */
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
		return BUCKET_IPC;
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
 * Like a read of what was ready; without that, of the first descriptor, if there
 * are few. Otherwise it is the loop's own idling.
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
}

static void classify_fcntl(const struct wait_context *ctx, const struct par_cause *cause,
			   struct wait_what *what)
{
	if (cause->args[1] == F_SETLKW || cause->args[1] == F_OFD_SETLKW) {
		set_lock(what, BUCKET_LOCK, LOCK_FILE, cause->file.id);
		what->on_file = true;
	} else {
		classify_file(ctx, cause, false, what);
	}
}

static void classify_call(const struct wait_context *ctx, const struct par_cause *cause,
			  uint32_t state, struct wait_what *what)
{
	bool deep = state & STATE_UNINTERRUPTIBLE;

	switch (how_of(ctx->calls, cause)) {
	case HOW_FUTEX:
		classify_futex(ctx, cause, what);
		break;
	case HOW_FUTEX2:
		classify_futex_word(ctx, cause->args[0], cause->args[1],
				    !(cause->args[3] & FUTEX2_PRIVATE), what);
		break;
	case HOW_FUTEXV:
		what->bucket = BUCKET_SYNC;
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
		what->bucket = deep ? BUCKET_DISK : BUCKET_IPC;
		break;
	case HOW_ACCEPT:
		classify_file(ctx, cause, true, what);
		what->bucket = BUCKET_IDLE;
		break;
	case HOW_CONNECT:
		classify_file(ctx, cause, false, what);
		break;
	case HOW_POLL:
		classify_poll(ctx, cause, what);
		break;
	case HOW_READ:
		classify_file(ctx, cause, true, what);
		break;
	case HOW_WRITE:
		classify_file(ctx, cause, false, what);
		break;
	case HOW_FLOCK:
		set_lock(what, BUCKET_LOCK, LOCK_FILE, cause->file.id);
		what->on_file = true;
		break;
	case HOW_FCNTL:
		classify_fcntl(ctx, cause, what);
		break;
	case HOW_QUEUE_IN:
	case HOW_QUEUE_OUT:
	case HOW_SEMOP:
		what->bucket = BUCKET_IPC;
		what->on_file = cause->file.kind != PAR_FILE_NONE;
		break;
	case HOW_MM:
		if (deep) {
			what->bucket = BUCKET_KERNEL_LOCK;
			what->name = "mmap_lock";
		}
		break;
	case HOW_SIGNAL:
		what->bucket = ctx->timed_out ? BUCKET_SLEEP : BUCKET_IDLE;
		break;
	case HOW_URING:
		what->bucket = BUCKET_IDLE;
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

void wait_classify(const struct wait_context *ctx, const struct par_cause *cause,
		   uint32_t out_state, struct wait_what *what)
{
	*what = (struct wait_what){ .bucket = BUCKET_OTHER, .lock = LOCK_NONE };

	if (out_state & (STATE_STOPPED | STATE_TRACED)) {
		what->bucket = BUCKET_STOPPED;
		what->name = out_state & STATE_TRACED ? "stopped by a debugger"
						      : "stopped by a signal";
	} else if (cause->flags & PAR_CAUSE_KTHREAD) {
		classify_kthread(cause, out_state, what);
	} else if (cause->sysno < 0) {
		classify_fault(out_state, what);
	} else if (cause->flags & PAR_CAUSE_IOWAIT) {
		what->bucket = BUCKET_DISK;
		what->on_file = cause->file.kind != PAR_FILE_NONE;
		what->is_read = how_of(ctx->calls, cause) == HOW_READ;
	} else {
		classify_call(ctx, cause, out_state, what);
	}
}
