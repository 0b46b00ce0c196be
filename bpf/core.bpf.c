// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Owns the maps that all programs use: the rings, the threads' states and the
 * memory shared with user space. The programs reach them through the functions
 * of core.bpf.h.
 */
#include "core.bpf.h"
#include "pidns.bpf.h"

#define RING_CNT_MAX 64
#define RING_BYTES_MIN 4096

struct par_shared shared __attribute__((aligned(PAR_CACHE_LINE)));
struct par_pidns pidns;

/* What is in @rings: user space makes them, with room for as much as it takes. */
struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES_MIN);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, RING_CNT_MAX);
	__type(key, __u32);
	__array(values, struct ring);
} rings SEC(".maps");

/* One for each CPU. User space decides how many, and how large. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, PAR_LANE_BYTES(RING_BYTES_MIN));
} lanes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread);
} threads SEC(".maps");

/* Before 5.11 (4cf1bc1f1045) tasks have no storage: by their addresses. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 32768);
	__type(key, __u64);
	__type(value, struct thread);
} threads_by_address SEC(".maps");

static struct thread untouched;

__hot struct thread *thread_find(struct task_struct *task)
{
	__u64 address = (__u64)task;

	if (config.has_storage)
		return bpf_task_storage_get(&threads, task, 0, 0);
	return bpf_map_lookup_elem(&threads_by_address, &address);
}

struct thread *thread_get(struct task_struct *task)
{
	__u64 address = (__u64)task;
	struct thread *t;

	if (config.has_storage) {
		t = bpf_task_storage_get(&threads, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	} else {
		bpf_map_update_elem(&threads_by_address, &address, &untouched, BPF_NOEXIST);
		t = bpf_map_lookup_elem(&threads_by_address, &address);
	}
	if (!t) {
		drop(PAR_DROP_STATE);
		return NULL;
	}
	t->tid = task_tid(task);
	t->tgid = task_tgid(task);
	return t;
}

void thread_forget(struct task_struct *task)
{
	__u64 address = (__u64)task;

	if (!config.has_storage)
		bpf_map_delete_elem(&threads_by_address, &address);
}

__hot void *ring_here(void)
{
	__u32 i = bpf_get_smp_processor_id() & config.ring_mask;

	return bpf_map_lookup_elem(&rings, &i);
}

__hot struct par_lane *lane_here(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&lanes, &cpu);
}

void drop(enum par_drop why)
{
	if (why < PAR_DROP_CNT)
		__sync_fetch_and_add(&shared.drops[why], 1);
}

/* Run once, by partrace itself, before anything is attached. */
SEC("raw_tp")
int on_self(void *ctx)
{
	struct pid *pid = BPF_CORE_READ(current_task(), thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);
	struct upid *upid = pidns_upid(pid, level);

	pidns.level = level;
	pidns.ns = (__u64)BPF_CORE_READ(upid, ns);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
