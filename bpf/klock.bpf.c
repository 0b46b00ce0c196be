// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Locks inside the kernel that a traced thread sleeps for: mutexes, rwsems,
 * semaphores. The kernel tells of them itself, by lock:contention_begin and _end,
 * from 5.19 on. Spinning is CPU time, and left alone.
 *
 * Between the two a thread sleeps for nothing but that lock. A mutex begins once
 * more before each sleep, spinlocks are taken in between, and the end does not say
 * of what kind the lock was: so its address decides.
 */
#include "klock.bpf.h"

#include "compat.bpf.h"
#include "file.bpf.h"
#include "pidns.bpf.h"

/* include/trace/events/lock.h */
#define LCB_F_SPIN	0x01
#define LCB_F_READ	0x02
#define LCB_F_WRITE	0x04
#define LCB_F_RT	0x08
#define LCB_F_PERCPU	0x10
#define LCB_F_MUTEX	0x20

/*
 * mutex.owner and rw_semaphore.owner: a task's address, with flags in its lowest
 * bits. That of a reader is whichever came last, and may be gone.
 */
#define OWNER_FLAGS	0x07
#define RWSEM_READER	0x01

/* User space sets it, once the programs are loaded. */
struct par_lock_text lock_text;

/* The programs' own frames, the tracepoint's, those of the lock, and who wants it. */
#define STACK_DEPTH 12

static __always_inline bool in_lock_text(__u64 ip)
{
	return ip - lock_text.sched < lock_text.sched_bytes ||
	       ip - lock_text.lock < lock_text.lock_bytes;
}

/* The first return address beyond the functions that do the locking. */
static __always_inline __u64 who_wants_it(void *ctx)
{
	__u64 ips[STACK_DEPTH] = {};
	bool inside = false;

	if (!lock_text.sched_bytes || bpf_get_stack(ctx, ips, sizeof(ips), 0) < 0)
		return 0;
	for (int i = 0; i < STACK_DEPTH; i++) {
		if (in_lock_text(ips[i]))
			inside = true;
		else if (inside)
			return ips[i];
	}
	return 0;
}

static __always_inline int contention_begins(void *ctx, __u64 lock, __u32 flags)
{
	struct thread *t;

	if (flags & LCB_F_SPIN)
		return 0;
	t = thread_find(current_task());
	if (!t || t->klock.lock == lock)
		return 0;
	t->klock.lock = lock;
	t->klock.flags = flags;
	t->klock.ip = who_wants_it(ctx);
	return 0;
}

static __always_inline int contention_ends(__u64 lock)
{
	struct thread *t = thread_find(current_task());

	if (t && t->klock.lock == lock)
		t->klock.lock = 0;
	return 0;
}

SEC("tp_btf/contention_begin")
int BPF_PROG(on_contention_begin, void *lock, unsigned int flags)
{
	return contention_begins(ctx, (__u64)lock, flags);
}

SEC("tp/lock/contention_begin")
int on_perf_contention_begin(struct trace_event_raw_contention_begin *ctx)
{
	return contention_begins(ctx, (__u64)ctx->lock_addr, ctx->flags);
}

SEC("tp_btf/contention_end")
int BPF_PROG(on_contention_end, void *lock)
{
	return contention_ends((__u64)lock);
}

SEC("tp/lock/contention_end")
int on_perf_contention_end(struct trace_event_raw_contention_end *ctx)
{
	return contention_ends((__u64)ctx->lock_addr);
}

/* Is the lock inside the inode, or the pipe, of the call's descriptor? */
static __always_inline bool is_of_file(struct task_struct *task, const struct par_cause *cause,
				       __u64 lock)
{
	struct inode *inode;
	struct file *file;
	__u64 pipe;

	if (cause->sysno < 0 || cause->file.kind == PAR_FILE_NONE ||
	    (cause->flags & PAR_CAUSE_COMPAT) || !(call_of(cause->sysno) & PAR_CALL_FD))
		return false;
	file = file_at(task, cause->args[0]);
	if (!file)
		return false;
	inode = BPF_CORE_READ(file, f_inode);
	if (lock - (__u64)inode < bpf_core_type_size(struct inode))
		return true;
	if (cause->file.kind != PAR_FILE_PIPE && cause->file.kind != PAR_FILE_FIFO)
		return false;
	pipe = (__u64)BPF_CORE_READ(inode, i_pipe);
	return pipe && lock - pipe < bpf_core_type_size(struct pipe_inode_info);
}

static __always_inline __u8 kind_of(struct task_struct *task, const struct par_cause *cause,
				    __u64 lock, __u32 flags)
{
	__u64 mm = (__u64)task_pointer(task, mm);

	if (mm && lock == mm + bpf_core_field_offset(struct mm_struct, mmap_lock))
		return PAR_KLOCK_MMAP;
	if (is_of_file(task, cause, lock))
		return PAR_KLOCK_FILE;
	if (flags & LCB_F_MUTEX)
		return PAR_KLOCK_MUTEX;
	if (flags & LCB_F_READ)
		return PAR_KLOCK_READ;
	return flags & LCB_F_WRITE ? PAR_KLOCK_WRITE : PAR_KLOCK_OTHER;
}

static __always_inline __u32 owner_of(__u64 lock, __u32 flags)
{
	struct task_struct *task;
	__u64 owner;

	if (flags & (LCB_F_RT | LCB_F_PERCPU))
		return 0;
	if (flags & LCB_F_MUTEX)
		owner = BPF_CORE_READ((struct mutex *)lock, owner.counter);
	else if (flags & (LCB_F_READ | LCB_F_WRITE))
		owner = BPF_CORE_READ((struct rw_semaphore *)lock, owner.counter);
	else
		return 0;
	if (!(flags & LCB_F_MUTEX) && (owner & RWSEM_READER))
		return 0;
	task = (struct task_struct *)(owner & ~(__u64)OWNER_FLAGS);
	if (!task)
		return 0;
	if (config.in_pidns)
		return pidns_number(BPF_CORE_READ(task, thread_pid));
	return BPF_CORE_READ(task, pid);
}

void klock_fill(struct task_struct *task, struct thread *t, struct par_cause *cause)
{
	__u64 lock = t->klock.lock;
	__u32 flags = t->klock.flags;

	cause->klock = kind_of(task, cause, lock, flags);
	cause->lock_addr = lock;
	cause->lock_ip = t->klock.ip;
	cause->owner_tid = owner_of(lock, flags);
}

/*
 * Threads share their table of descriptors. Whoever makes it grow waits until nobody
 * can be looking at the old one, and whoever needs a new descriptor meanwhile waits
 * for that (fs/file.c, expand_files()). Neither is a lock that the kernel tells of.
 */
void klock_fill_table(struct task_struct *task, struct par_cause *cause)
{
	struct files_struct *files;

	if (cause->klock || cause->sysno < 0 ||
	    (cause->flags & (PAR_CAUSE_COMPAT | PAR_CAUSE_IOWAIT)) ||
	    !(call_of(cause->sysno) & PAR_CALL_OPENS))
		return;
	files = BPF_CORE_READ(task, files);
	if (!BPF_CORE_READ(files, resize_in_progress))
		return;
	cause->klock = PAR_KLOCK_TABLE;
	cause->lock_addr = (__u64)files;
}
