// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Block requests. Counted when they are made, as then the thread they are made
 * for runs: a read, a direct write, what fsync(2) writes out. What the kernel's
 * own threads write later (write-back, journal) is theirs. Only devices with a
 * queue count, so that a volume on a disk does not count twice.
 *
 * The end of a request wakes who waits for it, out of the interrupt. There is no
 * mark on the waiter, but the CPU knows: the waking follows within microseconds,
 * on the same CPU, while the same task is interrupted.
 */
#include "block.bpf.h"

#include "compat.bpf.h"

#define MINOR_BITS 20	/* of a dev_t inside the kernel */

/* include/linux/blk_types.h */
#define REQ_OP_MASK		0xff
#define REQ_OP_READ		0
#define REQ_OP_WRITE		1
#define REQ_OP_ZONE_APPEND	7

/* A request of a megabyte wakes the readers of some hundred pages, one after the other. */
#define COMPLETION_NS 200000

struct completion {
	__u64 ts_ns;
	__u64 interrupted;	/* struct task_struct * */
	__u32 dev;		/* 0: over */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct completion);
} completions SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct par_disk_key);
	__type(value, struct par_disk_count);
} disk_counts SEC(".maps");

static __always_inline struct completion *completion_here(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&completions, &zero);
}

static __always_inline __u32 disk_dev(struct gendisk *disk)
{
	if (!disk)
		return 0;
	return BPF_CORE_READ(disk, major) << MINOR_BITS | BPF_CORE_READ(disk, first_minor);
}

SEC("tp_btf/block_rq_complete")
int BPF_PROG(on_block_rq_complete, struct request *rq)
{
	struct completion *c = completion_here();

	if (!c)
		return 0;
	c->ts_ns = bpf_ktime_get_ns();
	c->interrupted = bpf_get_current_task();
	c->dev = disk_dev(request_disk(rq));
	return 0;
}

/* From 6.5 on (5a80bd075f3b): all waiters of the request have been woken. */
SEC("tp_btf/block_io_done")
int BPF_PROG(on_block_io_done)
{
	struct completion *c = completion_here();

	if (c)
		c->dev = 0;
	return 0;
}

__hot __u32 block_completing(__u64 now_ns)
{
	struct completion *c = completion_here();

	if (!c || !c->dev || c->interrupted != bpf_get_current_task() ||
	    now_ns - c->ts_ns > COMPLETION_NS)
		return 0;
	return c->dev;
}

/* @requests: 1 for a new one, 0 for what is added to it. */
static __always_inline int count(struct bio *bio, __u32 requests)
{
	struct par_disk_count zero = {}, *c;
	struct par_disk_key key = {};
	struct thread *t;
	__u32 bytes, op;

	if (!bio)
		return 0;
	t = thread_find(current_task());
	if (!t)
		return 0;
	bytes = BPF_CORE_READ(bio, bi_iter.bi_size);
	op = BPF_CORE_READ(bio, bi_opf) & REQ_OP_MASK;
	/* Neither flushes, which have no bytes, nor discards, which move none. */
	if (!bytes || (op != REQ_OP_READ && op != REQ_OP_WRITE && op != REQ_OP_ZONE_APPEND))
		return 0;
	key.tgid = t->tgid;
	key.dev = disk_dev(bio_disk(bio));
	c = bpf_map_lookup_elem(&disk_counts, &key);
	if (!c) {
		bpf_map_update_elem(&disk_counts, &key, &zero, BPF_NOEXIST);
		c = bpf_map_lookup_elem(&disk_counts, &key);
	}
	if (!c) {
		drop(PAR_DROP_TRAFFIC);
		return 0;
	}
	if (op == REQ_OP_READ) {
		c->reads += requests;
		c->read_bytes += bytes;
	} else {
		c->writes += requests;
		c->write_bytes += bytes;
	}
	return 0;
}

/*
 * Which of a tracepoint's arguments is the bio: @before 5.11 (e8a676d61c07), or the first.
 * Clang would choose an address and then load; the verifier wants each load of its own.
 */
#define BIO_ARG(ctx, before) ({                                                     \
	struct bio *__bio;                                                          \
	if (config.block_args)                                                      \
		asm volatile("%0 = *(u64 *)(%1 + %2)"                               \
			     : "=r"(__bio)                                          \
			     : "r"(ctx), "i"((before) * 8));                        \
	else                                                                        \
		__bio = (struct bio *)(ctx)[0];                                     \
	__bio; })

SEC("tp_btf/block_getrq")
int on_block_getrq(unsigned long long *ctx)
{
	return count(BIO_ARG(ctx, 1), 1);
}

SEC("tp_btf/block_bio_backmerge")
int on_block_bio_backmerge(unsigned long long *ctx)
{
	return count(BIO_ARG(ctx, 2), 0);
}

SEC("tp_btf/block_bio_frontmerge")
int on_block_bio_frontmerge(unsigned long long *ctx)
{
	return count(BIO_ARG(ctx, 2), 0);
}
