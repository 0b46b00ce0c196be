// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * System calls as they return: how many, how many failed, what they moved and
 * through what, whom they woke. What blocks is told by sched.bpf.c; --light
 * leaves this object's programs out.
 */
#include "core.bpf.h"
#include "compat.bpf.h"
#include "file.bpf.h"

#define ERRNO_MAX 4095

#define FUTEX_CMD_MASK		0x7f
#define FUTEX_WAKE		1
#define FUTEX_REQUEUE		3
#define FUTEX_CMP_REQUEUE	4
#define FUTEX_WAKE_OP		5
#define FUTEX_WAKE_BITSET	10

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PAR_SYSNO_CNT);
	__type(key, __u32);
	__type(value, struct par_syscall_count);
} syscalls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct par_traffic_key);
	__type(value, struct par_traffic_count);
} traffic SEC(".maps");

/*
 * What finds no room there, with file id 0: a server meets connections without
 * end. Allocated beforehand: the allocator may be what had no room.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct par_traffic_key);
	__type(value, struct par_traffic_count);
} traffic_rest SEC(".maps");

static __always_inline bool is_futex_wake(__u64 op)
{
	op &= FUTEX_CMD_MASK;
	return op == FUTEX_WAKE || op == FUTEX_REQUEUE || op == FUTEX_CMP_REQUEUE ||
	       op == FUTEX_WAKE_OP || op == FUTEX_WAKE_BITSET;
}

static __always_inline bool is_channel(__u8 kind)
{
	return kind == PAR_FILE_PIPE || kind == PAR_FILE_FIFO || kind == PAR_FILE_UNIX ||
	       kind == PAR_FILE_TCP || kind == PAR_FILE_UDP || kind == PAR_FILE_EVENTFD;
}

static __always_inline struct par_traffic_count *count_of(void *map,
							  const struct par_traffic_key *key,
							  const struct par_traffic_count *zero)
{
	struct par_traffic_count *count = bpf_map_lookup_elem(map, key);

	if (count)
		return count;
	bpf_map_update_elem(map, key, zero, BPF_NOEXIST);
	return bpf_map_lookup_elem(map, key);
}

static __always_inline void count_traffic(struct task_struct *task, struct thread *t, __u64 fd,
					  long bytes, bool is_write)
{
	struct par_traffic_key key = {};
	struct par_traffic_count zero = {};
	struct par_traffic_count *count;

	file_ref_fill(task, t, fd, &zero.file);
	if (!is_channel(zero.file.kind))
		return;
	key.file_id = zero.file.id;
	key.tgid = task->tgid;
	key.kind = zero.file.kind;
	key.is_write = is_write;
	count = count_of(&traffic, &key, &zero);
	if (!count) {
		key.file_id = 0;
		__builtin_memset(&zero.file, 0, sizeof(zero.file));
		zero.file.kind = key.kind;
		count = count_of(&traffic_rest, &key, &zero);
	}
	if (!count) {
		drop(PAR_DROP_TRAFFIC);
		return;
	}
	count->file = zero.file;
	count->messages++;
	count->bytes += bytes;
}

static __always_inline void count_result(struct task_struct *task, struct thread *t,
					 struct pt_regs *regs, long sysno, long ret,
					 struct par_syscall_count *count)
{
	__u16 call = config.call[sysno & (PAR_SYSNO_CNT - 1)];
	__u64 args[5];

	if (ret <= 0 || !(call & (PAR_CALL_READS | PAR_CALL_WRITES | PAR_CALL_WAKES)))
		return;
	regs_args(regs, args);
	if (call & PAR_CALL_WAKES) {
		if (!(call & PAR_CALL_FUTEX) || is_futex_wake(args[1]))
			count->wakes += ret;
		return;
	}
	count->bytes += ret;
	if (call & PAR_CALL_FD)
		count_traffic(task, t, args[0], ret, call & PAR_CALL_WRITES);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *t = thread_find(task);
	struct par_syscall_count *count;
	long sysno;
	__u32 i;

	if (!t)
		return 0;
	sysno = regs_sysno(regs);
	if (sysno < 0 || sysno >= PAR_SYSNO_CNT || regs_are_compat(regs))
		return 0;
	i = sysno;
	if (!ret && (config.call[i & (PAR_SYSNO_CNT - 1)] & PAR_CALL_FORKS))
		return 0;
	count = bpf_map_lookup_elem(&syscalls, &i);
	if (!count)
		return 0;
	count->calls++;
	if (ret < 0 && ret >= -ERRNO_MAX)
		count->errors++;
	count_result(task, t, regs, sysno, ret, count);
	return 0;
}
