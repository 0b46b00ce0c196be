/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Every difference between kernels and between architectures. */
#ifndef COMPAT_BPF_H
#define COMPAT_BPF_H

#include "core.bpf.h"

#define PF_IO_WORKER	0x00000010	/* include/linux/sched.h; 5.12 */
#define PF_USER_WORKER	0x00004000	/* likewise; 6.4 */
#define PF_KTHREAD	0x00200000

#define TASK_UNINTERRUPTIBLE 0x02
#define TASK_DEAD	0x80

/*
 * What perf's tracepoints pass. Programs are attached to these where threads may be preempted
 * within other tracepoints' (src/record/tracepoint.h): named on_perf_..., after those.
 */
struct trace_event_raw_sys_exit {
	long ret;
} __attribute__((preserve_access_index));

struct trace_event_raw_contention_begin {
	void *lock_addr;
	unsigned int flags;
} __attribute__((preserve_access_index));

struct trace_event_raw_contention_end {
	void *lock_addr;
} __attribute__((preserve_access_index));

struct trace_event_raw_sched_process_exec {
	u32 __data_loc_filename; /* its lower half: where the name is from here */
} __attribute__((preserve_access_index));

/*
 * Fields of the kernel's objects, by an address of whatever origin. From 6.2 on
 * (a35b9af4ec2c) such an address can be given its type, and is then read by a plain
 * load, which may fault and gives 0 then; before, by a helper, at twenty times the cost.
 */
void *kernel_cast(const void *addr, __u32 type) __hidden;

#define kernel_typed(ptr)                                                        \
	((typeof(ptr))kernel_cast((ptr), bpf_core_type_id_kernel(typeof(*(ptr)))))

#define kernel_read(ptr, field) ({                                               \
	typeof(ptr) __ptr = (ptr);                                               \
	typeof(__ptr->field) __value;                                            \
	if (config.has_cast)                                                     \
		__value = kernel_typed(__ptr)->field;                            \
	else                                                                     \
		bpf_core_read((void *)&__value, sizeof(__value), &__ptr->field); \
	__value; })

/* The 64 bits at @addr, as a number and not as a pointer. */
static __always_inline __u64 kernel_read_word(const void *addr)
{
	const struct timespec64 *word = addr; /* any type that begins with 64 bits */
	__u64 value = 0;

	if (config.has_cast)
		return kernel_typed(word)->tv_sec;
	bpf_probe_read_kernel(&value, sizeof(value), addr);
	return value;
}

/*
 * The task at hand. Before 5.11 (3ca1032ab7ab) the verifier does not know its type, and
 * only task_field() may look into what could be one.
 */
static __always_inline struct task_struct *current_task(void)
{
	if (config.has_task_type)
		return bpf_get_current_task_btf();
	return (struct task_struct *)bpf_get_current_task();
}

/* The copy is hidden, as clang would compute one address for both ways. */
#define task_field(task, field) ({                                          \
	typeof(task) __task = (task);                                       \
	typeof(__task->field) __field;                                      \
	if (config.has_task_type) {                                         \
		__field = __task->field;                                    \
	} else {                                                            \
		barrier_var(__task);                                        \
		bpf_core_read((void *)&__field, sizeof(__field), &__task->field);\
	}                                                                   \
	__field; })

/*
 * A pointer in a task. Of each that is loaded through a pointer it trusts, the verifier asks
 * whether this one is to be trusted as well, which takes it four searches through the names
 * of all the kernel's types, a millisecond in all, on each way that leads there. Of what was
 * cast it does not ask.
 */
#define task_pointer(task, field) \
	(config.has_cast ? kernel_typed(task)->field : task_field(task, field))

/* task->state became task->__state in 5.14 (2f064a59a11f). */
struct task_struct___before_5_14 {
	long state;
} __attribute__((preserve_access_index));

static __always_inline __u32 task_state(struct task_struct *task)
{
	if (bpf_core_field_exists(task->__state))
		return task->__state;
	return ((struct task_struct___before_5_14 *)task)->state;
}

/*
 * The state in which prev leaves. From 5.18 on (fa2c3254d7cf) the tracepoint
 * passes it, because a waker on another CPU may already have changed the task's.
 */
static __always_inline __u32 switch_prev_state(unsigned long long *ctx, struct task_struct *prev)
{
	if (config.switch_has_state)
		return (__u32)ctx[3];
	return task_state(prev);
}

/* x86 moved the CPU from task_struct to thread_info in 5.16 (bcf9033e5449). */
struct task_struct___before_5_16 {
	unsigned int cpu;
} __attribute__((preserve_access_index));

static __always_inline __u32 task_cpu(struct task_struct *task)
{
	if (bpf_core_field_exists(task->thread_info.cpu))
		return task->thread_info.cpu;
	return ((struct task_struct___before_5_16 *)task)->cpu;
}

/*
 * Throttling. 5.19 renamed what 5.15 has (64eaf50731ac); 6.6 added a clock that
 * tells real time (677ea015f231), where the older ones run with the CPU's speed.
 */
struct cfs_rq___before_5_19 {
	u64 throttled_clock_task, throttled_clock_task_time;
} __attribute__((preserve_access_index));

struct cfs_rq___from_5_19 {
	u64 throttled_clock_pelt, throttled_clock_pelt_time;
} __attribute__((preserve_access_index));

struct cfs_rq___from_6_6 {
	u64 throttled_clock_self, throttled_clock_self_time;
} __attribute__((preserve_access_index));

struct task_struct___from_6_18 {
	bool throttled;
} __attribute__((preserve_access_index));

/* A kernel without CONFIG_CFS_BANDWIDTH has no quotas, and none of this. */
static __always_inline bool quotas_exist(void)
{
	struct cfs_rq *cfs_rq = NULL;
	struct task_struct *task = NULL;

	return bpf_core_field_exists(cfs_rq->throttle_count) &&
	       bpf_core_field_exists(task->se.cfs_rq);
}

static __always_inline bool throttles_tasks(void)
{
	struct task_struct___from_6_18 *task = NULL;

	return bpf_core_field_exists(task->throttled);
}

/* Can it be held back before it runs again? */
static __always_inline bool may_be_throttled(struct task_struct *task)
{
	if (!throttles_tasks())
		return true;
	return BPF_CORE_READ((struct task_struct___from_6_18 *)task, throttled);
}

/* How long a group's clock has stood: in all earlier throttlings, and in this one. */
struct stopped_clock {
	__u64 stood_ns, standing_ns;
};

static __always_inline void stopped_clock_read(struct cfs_rq *cfs_rq, struct stopped_clock *out)
{
	struct cfs_rq___from_6_6 *c66 = (void *)cfs_rq;
	struct cfs_rq___from_5_19 *c519 = (void *)cfs_rq;
	struct cfs_rq___before_5_19 *c515 = (void *)cfs_rq;
	__u64 since_ns, now_ns;

	if (bpf_core_field_exists(c66->throttled_clock_self)) {
		out->stood_ns = BPF_CORE_READ(c66, throttled_clock_self_time);
		since_ns = BPF_CORE_READ(c66, throttled_clock_self);
		now_ns = BPF_CORE_READ(cfs_rq, rq, clock);
	} else if (bpf_core_field_exists(c519->throttled_clock_pelt)) {
		out->stood_ns = BPF_CORE_READ(c519, throttled_clock_pelt_time);
		since_ns = BPF_CORE_READ(c519, throttled_clock_pelt);
		now_ns = BPF_CORE_READ(cfs_rq, rq, clock_pelt);
	} else {
		out->stood_ns = BPF_CORE_READ(c515, throttled_clock_task_time);
		since_ns = BPF_CORE_READ(c515, throttled_clock_task);
		now_ns = BPF_CORE_READ(cfs_rq, rq, clock_task);
	}
	out->standing_ns = 0;
	if (BPF_CORE_READ(cfs_rq, throttle_count) && since_ns && now_ns > since_ns)
		out->standing_ns = now_ns - since_ns;
}

/* The disk of a request is its queue's from 5.16 on (f3fa33acca9f). */
struct request___before_5_16 {
	struct gendisk *rq_disk;
} __attribute__((preserve_access_index));

static __always_inline struct gendisk *request_disk(struct request *rq)
{
	struct request_queue *q = NULL;

	if (bpf_core_field_exists(q->disk))
		return BPF_CORE_READ(rq, q, disk);
	return BPF_CORE_READ((struct request___before_5_16 *)rq, rq_disk);
}

/* That of a bio is its block device's from 5.12 on (309dca309fc3). */
struct bio___before_5_12 {
	struct gendisk *bi_disk;
} __attribute__((preserve_access_index));

static __always_inline struct gendisk *bio_disk(struct bio *bio)
{
	if (bpf_core_field_exists(bio->bi_bdev))
		return BPF_CORE_READ(bio, bi_bdev, bd_disk);
	return BPF_CORE_READ((struct bio___before_5_12 *)bio, bi_disk);
}

/* Never in user space: nothing to learn from its registers. */
static __always_inline bool is_kernel_thread(struct task_struct *task)
{
	return task_field(task, flags) & (PF_KTHREAD | PF_IO_WORKER);
}

/* THREAD_SIZE, without a sanitizer in the kernel. */
#if defined(__TARGET_ARCH_x86)
#define KERNEL_STACK_BYTES 16384
#else
#define KERNEL_STACK_BYTES (config.page_bytes > 16384 ? config.page_bytes : 16384)
#endif

/*
 * With what @task entered the kernel. Before 5.15 (dd6e10fbd9fb) nobody tells where that
 * is: at the end of its stack, and it is read with regs_field() only.
 */
static __always_inline struct pt_regs *task_regs(struct task_struct *task)
{
	__u64 stack;

	if (config.has_task_regs)
		return (struct pt_regs *)bpf_task_pt_regs(task);
	stack = (__u64)BPF_CORE_READ(task, stack);
	return (struct pt_regs *)(stack + KERNEL_STACK_BYTES - bpf_core_type_size(struct pt_regs));
}

#define regs_field(regs, field) ({                                                  \
	typeof(regs) __regs = (regs);                                               \
	typeof(__regs->field) __reg;                                                \
	if (config.has_task_regs) {                                                 \
		__reg = __regs->field;                                              \
	} else {                                                                    \
		barrier_var(__regs);                                                \
		bpf_core_read((void *)&__reg, sizeof(__reg), &__regs->field);       \
	}                                                                           \
	__reg; })

#if defined(__TARGET_ARCH_x86)
#define USER32_CS 0x23

static __always_inline bool regs_are_compat(struct pt_regs *regs)
{
	return (regs_field(regs, cs) & 0xffff) == USER32_CS;
}

/*
 * The number that the call has for 64-bit programs, or PAR_SYSNO_NONE. Only a value >= 0
 * is a system call: exceptions leave -1, interrupts a negative number.
 */
static __always_inline long regs_sysno(struct pt_regs *regs)
{
	long sysno = (long)regs_field(regs, orig_ax);

	if (sysno < 0 || !regs_are_compat(regs))
		return sysno;
	return sysno < PAR_COMPAT_CNT ? config.compat[sysno & (PAR_COMPAT_CNT - 1)]
				      : PAR_SYSNO_NONE;
}

static __always_inline long regs_compat_sysno(struct pt_regs *regs)
{
	return (long)regs_field(regs, orig_ax);
}

static __always_inline __u64 regs_arg0(struct pt_regs *regs)
{
	return regs_are_compat(regs) ? regs_field(regs, bx) : regs_field(regs, di);
}

static __always_inline __u64 regs_sp(struct pt_regs *regs)
{
	return regs_field(regs, sp);
}

static __always_inline __u64 regs_ip(struct pt_regs *regs)
{
	return regs_field(regs, ip);
}

/* Of a uprobe's own context, which the verifier wants read directly. */
static __always_inline __u64 regs_probe_sp(struct pt_regs *regs)
{
	return regs->sp;
}

/* The first argument of a function at its entry, of such a context. */
static __always_inline __u64 regs_param0(struct pt_regs *regs)
{
	return regs->di;
}

/* Has the function returned that was entered with @sp? The return address is off the stack. */
static __always_inline bool regs_returned(struct pt_regs *regs, __u64 sp)
{
	return regs->sp > sp;
}

static __always_inline void regs_args(struct pt_regs *regs, __u64 args[5])
{
	bool is_compat = regs_are_compat(regs);

	args[0] = is_compat ? regs_field(regs, bx) : regs_field(regs, di);
	args[1] = is_compat ? regs_field(regs, cx) : regs_field(regs, si);
	args[2] = regs_field(regs, dx);
	args[3] = is_compat ? regs_field(regs, si) : regs_field(regs, r10);
	args[4] = is_compat ? regs_field(regs, di) : regs_field(regs, r8);
}

static __always_inline __u64 regs_arg5(struct pt_regs *regs)
{
	return regs_field(regs, r9);
}
#else
#define PSR_MODE32_BIT 0x10

static __always_inline bool regs_are_compat(struct pt_regs *regs)
{
	return regs_field(regs, pstate) & PSR_MODE32_BIT;
}

static __always_inline long regs_sysno(struct pt_regs *regs)
{
	if (regs_field(regs, syscallno) >= 0 && regs_are_compat(regs))
		return PAR_SYSNO_NONE;
	return regs_field(regs, syscallno);
}

static __always_inline long regs_compat_sysno(struct pt_regs *regs)
{
	return regs_field(regs, syscallno);
}

static __always_inline __u64 regs_arg0(struct pt_regs *regs)
{
	return regs_field(regs, orig_x0);	/* regs[0] is overwritten with the result */
}

static __always_inline __u64 regs_sp(struct pt_regs *regs)
{
	return regs_field(regs, sp);
}

static __always_inline __u64 regs_ip(struct pt_regs *regs)
{
	return regs_field(regs, pc);
}

static __always_inline __u64 regs_probe_sp(struct pt_regs *regs)
{
	return regs->sp;
}

static __always_inline __u64 regs_param0(struct pt_regs *regs)
{
	return regs->regs[0];
}

static __always_inline bool regs_returned(struct pt_regs *regs, __u64 sp)
{
	return regs->sp >= sp;
}

static __always_inline void regs_args(struct pt_regs *regs, __u64 args[5])
{
	args[0] = regs_field(regs, orig_x0);
	args[1] = regs_field(regs, regs[1]);
	args[2] = regs_field(regs, regs[2]);
	args[3] = regs_field(regs, regs[3]);
	args[4] = regs_field(regs, regs[4]);
}

static __always_inline __u64 regs_arg5(struct pt_regs *regs)
{
	return regs_field(regs, regs[5]);
}
#endif

#endif
