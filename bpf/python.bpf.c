// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Uprobes in CPython. Owns the sums of CPU time with and without the GIL, and
 * the places of CPython in its processes. User space attaches the programs when
 * it has found one, and takes them off when they are hit too often.
 *
 * The GIL is taken and dropped by static functions, so what is watched is the
 * way in and out: who calls PyEval_SaveThread has released it, who calls
 * PyEval_RestoreThread is about to have it, and does not run until then. Between
 * bytecodes a thread drops it without any call, but only to wait for it at once.
 */
#include "python.bpf.h"

#include "compat.bpf.h"
#include "par_futex.h"

/* Within one call of _PyParkingLot_Park: 3.13's and 3.14's frame has less than 200. */
#define PARK_FRAME_BYTES 512

/*
 * struct wait_entry of Python/parking_lot.c, 3.13 and 3.14, around the semaphore in
 * it: the lock's address before it, a node of a ring of waiters behind its 32 bytes.
 */
#define ENTRY_LOCK_BEFORE 8
#define ENTRY_NODE	  32
#define NODE_PREV	  8

/*
 * Where the words are that threads wait on, in glibc's pthread_cond_t: the one with
 * the higher address is 4 bytes on.
 */
#define COND_SIGNALS	  40
#define COND_SIGNALS_2_41 32	/* from 2.41 on */

/*
 * struct _gil_runtime_state, from 3.7 to 3.14: the switch interval in microseconds,
 * last holder, locked, number of switches, and the condition variable.
 */
#define GIL_INTERVAL_BEFORE 32
#define GIL_INTERVAL_MAX_US 10000000

/*
 * The frame of glibc's pthread_cond_wait() keeps condition variable and mutex next to
 * each other, for who is cancelled there: 152 or 168 bytes up in 2.36. Ruby's waits are
 * told apart by that mutex, as they share a condition variable with all else that a
 * thread may wait for.
 */
#define COND_FRAME_FIRST 96
#define COND_FRAME_STEPS 24

#define GILSTATE_UNLOCKED 1	/* enum PyGILState_STATE, from 2.3 on */

struct par_python_watch watch;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, struct par_python_place);
} pythons SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, struct par_released_count);
} released SEC(".maps");

static __always_inline void add(__u32 tid, __u64 ran_ns, bool without)
{
	struct par_released_count zero = {};
	struct par_released_count *sum = bpf_map_lookup_elem(&released, &tid);

	if (!sum) {
		bpf_map_update_elem(&released, &tid, &zero, BPF_NOEXIST);
		sum = bpf_map_lookup_elem(&released, &tid);
	}
	if (!sum)
		return; /* beyond that many threads: not watched */
	sum->cpu_ns += ran_ns;
	if (without)
		sum->released_ns += ran_ns;
}

/* What the thread ran since the last time. It may be interrupted by python_leave(). */
static __always_inline void account(struct thread *t, __u64 now)
{
	struct gil_state *gil = &t->gil;
	__u64 begin = *(volatile __u64 *)&watch.begin_ns;
	__u64 end = *(volatile __u64 *)&watch.end_ns;
	__u64 from, ran_ns;

	if (gil->begin_ns != begin) {
		gil->begin_ns = begin;
		gil->since_ns = begin;
		gil->unknown_ns = 0;
		gil->known = false;
	}
	if (now > end)
		now = end;
	if (t->phase == PHASE_OFF) {
		gil->since_ns = now; /* it came unseen: since when it runs is not known */
		return;
	}
	from = t->in_ns > gil->since_ns ? t->in_ns : gil->since_ns;
	if (now <= from)
		return;
	ran_ns = now - from;
	gil->since_ns = now;
	if (gil->known)
		add(t->tid, ran_ns, gil->released);
	else
		gil->unknown_ns += ran_ns;
}

/* It turns out what the thread had until now: the GIL, or not. */
static __always_inline void learn(struct thread *t, bool without)
{
	struct gil_state *gil = &t->gil;

	if (gil->known)
		return;
	gil->known = true;
	gil->released = without;
	if (gil->unknown_ns)
		add(t->tid, gil->unknown_ns, without);
	gil->unknown_ns = 0;
}

static __always_inline int changes_to(bool without)
{
	struct thread *t;

	__sync_fetch_and_add(&watch.hits, 1);
	t = thread_find(current_task());
	if (!t || !watch.begin_ns)
		return 0;
	account(t, bpf_ktime_get_ns());
	learn(t, !without);
	t->gil.released = without;
	return 0;
}

SEC("uprobe")
int on_python_release(struct pt_regs *ctx)
{
	return changes_to(true);
}

SEC("uprobe")
int on_python_acquire(struct pt_regs *ctx)
{
	return changes_to(false);
}

/* Only if it did not have the GIL when it called PyGILState_Ensure: else it keeps it. */
SEC("uprobe")
int on_python_gilstate_release(struct pt_regs *ctx)
{
	if ((__u32)regs_param0(ctx) == GILSTATE_UNLOCKED)
		return changes_to(true);
	__sync_fetch_and_add(&watch.hits, 1);
	return 0;
}

/* _PyParkingLot_Park(addr, …): the caller blocks, on a semaphore in that call's frame. */
SEC("uprobe")
int on_python_park(struct pt_regs *ctx)
{
	struct thread *t;

	__sync_fetch_and_add(&watch.park_hits, 1);
	t = thread_find(current_task());
	if (!t)
		return 0;
	t->park.addr = regs_param0(ctx);
	t->park.sp = regs_probe_sp(ctx);
	return 0;
}

static __always_inline bool is_parked(struct thread *t, const struct par_cause *cause, __u64 sp)
{
	if (!t->park.sp)
		return false;
	if (sp >= t->park.sp) {
		t->park.sp = 0; /* that call has returned */
		return false;
	}
	return cause->args[0] < t->park.sp && t->park.sp - cause->args[0] <= PARK_FRAME_BYTES;
}

/*
 * The lock that a waiter's own entry in the parking lot names; 0: it is none. Where
 * the compiler has copied Park into its callers, no uprobe tells. The ring is the
 * proof: the next node's way back leads here.
 */
static __always_inline __u64 parked_for(const struct par_cause *cause, __u64 sp)
{
	__u64 sema = cause->args[0], node = sema + ENTRY_NODE, next, prev, lock;

	if (sema < sp || sema - sp > PAR_FUTEX_STACK)
		return 0;
	if (bpf_probe_read_user(&next, sizeof(next), (void *)node) || next == node)
		return 0;
	if (bpf_probe_read_user(&prev, sizeof(prev), (void *)(next + NODE_PREV)) || prev != node)
		return 0;
	if (bpf_probe_read_user(&lock, sizeof(lock), (void *)(sema - ENTRY_LOCK_BEFORE)))
		return 0;
	return lock;
}

/* Is that a GIL's condition variable, with @left_ns left to wait? */
static __always_inline bool has_interval(__u64 cond, __u64 left_ns)
{
	__u64 us;

	if (bpf_probe_read_user(&us, sizeof(us), (void *)(cond - GIL_INTERVAL_BEFORE)))
		return false;
	if (!us || us > GIL_INTERVAL_MAX_US)
		return false;
	/* The deadline was set a moment ago: what is left of it is nearly all. */
	return left_ns <= us * 1000 && left_ns >= us * 750;
}

/*
 * The wait for a GIL, wherever that is: until a deadline one switch interval from
 * now, where that interval stands in front of the condition variable.
 */
static __always_inline __u64 gil_of(const struct par_cause *cause)
{
	__u64 cond = (cause->args[0] & ~7ULL) - COND_SIGNALS;
	__s64 t[2]; /* struct timespec */
	__u64 left_ns;

	if (cause->args[1] != (PAR_FUTEX_WAIT_BITSET | PAR_FUTEX_PRIVATE) || !cause->args[3])
		return 0;
	if (bpf_probe_read_user(t, sizeof(t), (void *)cause->args[3]))
		return 0;
	left_ns = t[0] * 1000000000ULL + t[1] - bpf_ktime_get_ns();
	if (has_interval(cond, left_ns))
		return cond;
	cond += COND_SIGNALS - COND_SIGNALS_2_41;
	return has_interval(cond, left_ns) ? cond : 0;
}

static __always_inline bool has_gvl(const struct thread *t)
{
	__u32 tgid = t->tgid;
	struct par_python_place *place;

	if (!*(volatile __u64 *)&watch.has_gvl)
		return false;
	place = bpf_map_lookup_elem(&pythons, &tgid);
	return place && place->has_gvl;
}

/* The mutex with which the current thread waits on a condition variable; 0: not found. */
static __always_inline __u64 mutex_of(const struct par_cause *cause, __u64 sp)
{
	__u64 word = cause->args[0] & ~7ULL;
	__u64 pair[2];

	/* One of the waiter's own making: Ruby's threads that are kept to be used again. */
	if (word - sp < PAR_FUTEX_STACK)
		return 0;
	for (int i = 0; i < COND_FRAME_STEPS; i++) {
		if (bpf_probe_read_user(pair, sizeof(pair),
					(void *)(sp + COND_FRAME_FIRST + i * 8)))
			return 0;
		if (pair[0] != word - COND_SIGNALS && pair[0] != word - COND_SIGNALS_2_41)
			continue;
		if (pair[1] > PAR_FUTEX_STACK && pair[1] != pair[0] && !(pair[1] & 7))
			return pair[1];
	}
	return 0;
}

void python_futex_fill(struct thread *t, struct par_cause *cause, __u64 sp)
{
	__u64 gil, lock;

	if (cause->shape == PAR_SHAPE_CONDVAR && t && has_gvl(t)) {
		lock = mutex_of(cause, sp);
		if (!lock)
			return;
		cause->shape = PAR_SHAPE_GVL;
		cause->lock_addr = lock;
		return;
	}
	lock = t && is_parked(t, cause, sp) ? t->park.addr : parked_for(cause, sp);

	if (lock) {
		cause->shape = PAR_SHAPE_PARKED;
		cause->lock_addr = lock;
		return;
	}
	gil = gil_of(cause);
	if (gil) {
		cause->shape = PAR_SHAPE_GIL;
		cause->lock_addr = gil;
	}
}

static __always_inline bool is_futex_call(const struct par_cause *cause)
{
	return cause->sysno >= 0 && call_of(cause->sysno) & PAR_CALL_FUTEX;
}

/* A wait on a word of the GIL, or code that only runs with it: the thread has it. */
static __always_inline bool shows_gil(struct task_struct *task, const struct thread *t)
{
	bool blocks = !t->off.out_flags;
	__u32 tgid = t->tgid;
	struct par_python_place *place = bpf_map_lookup_elem(&pythons, &tgid);
	__u64 at_lock, at_eval;

	if (!place)
		return false;
	at_lock = t->cause.args[0] - place->lock_addr;
	at_eval = regs_ip(task_regs(task)) - place->eval_addr;
	/* All is read by now: clang would fold two reads into one, of either pointer. */
	barrier_var(at_lock);
	barrier_var(at_eval);
	if (blocks)
		return at_lock < place->lock_size && is_futex_call(&t->cause);
	return at_eval < place->eval_size;
}

/* Without a result, what is left in its register may be what none may return. */
static __noinline int leave_watched(struct task_struct *task, struct thread *t, __u64 now_ns)
{
	account(t, now_ns);
	if (!t->gil.known && shows_gil(task, t))
		learn(t, false);
	return 0;
}

__hot void python_leave(struct task_struct *task, struct thread *t, __u64 now_ns)
{
	if (*(volatile __u64 *)&watch.begin_ns)
		leave_watched(task, t, now_ns);
}
