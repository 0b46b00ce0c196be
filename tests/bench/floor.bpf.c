// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What tracing the scheduler costs at least, to measure tracers by. The empty
 * programs are the price of being called at all; the others do the least that any
 * tracer must: keep when a task left, when and by whom it was woken, and tell once
 * per switch-in. floor.c chooses which are loaded.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct state {
	__u64 out_ns;
	__u64 wake_ns;
	__u32 waker_tid;
	__u32 pad;
};

struct record {
	__u64 in_ns;
	struct state off;
	__u32 tid, tgid;
	__u32 prev_tid;
	__u32 cpu;
	__u64 pad[2];
};

_Static_assert(sizeof(struct record) == 64, "the record that the targets speak of");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct state);
} states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} ring SEC(".maps");

__u64 lost_cnt;

SEC("tp_btf/sched_switch")
int BPF_PROG(empty_switch)
{
	return 0;
}

SEC("tp_btf/sched_waking")
int BPF_PROG(empty_waking)
{
	return 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(empty_enter)
{
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(empty_exit)
{
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(least_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	__u64 now = bpf_ktime_get_ns();
	struct record *rec;
	struct state *t;

	t = bpf_task_storage_get(&states, prev, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (t)
		t->out_ns = now;
	t = bpf_task_storage_get(&states, next, NULL, 0);
	if (!t)
		return 0;
	rec = bpf_ringbuf_reserve(&ring, sizeof(*rec), 0);
	if (!rec) {
		__sync_fetch_and_add(&lost_cnt, 1);
		return 0;
	}
	rec->in_ns = now;
	rec->off = *t;
	rec->tid = next->pid;
	rec->tgid = next->tgid;
	rec->prev_tid = prev->pid;
	rec->cpu = bpf_get_smp_processor_id();
	rec->pad[0] = rec->pad[1] = 0;
	t->wake_ns = 0;
	bpf_ringbuf_submit(rec, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tp_btf/sched_waking")
int BPF_PROG(least_waking, struct task_struct *wakee)
{
	struct state *t = bpf_task_storage_get(&states, wakee, NULL, 0);

	if (!t)
		return 0;
	t->wake_ns = bpf_ktime_get_ns();
	t->waker_tid = (__u32)bpf_get_current_pid_tgid();
	return 0;
}
