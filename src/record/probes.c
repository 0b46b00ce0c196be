// SPDX-License-Identifier: MIT
/* Owns the skeleton, the ring buffers and the links. Analyses nothing. */
#include "record/probes.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/array.h"
#include "base/log.h"
#include "base/pidns.h"
#include "base/procfs.h"
#include "base/xalloc.h"
#include "par_config.h"
#include "record/btf_file.h"
#include "record/calls.h"
#include "record/kernel_btf.h"
#include "record/lockdown.h"
#include "record/privilege.h"
#include "record/stats.h"
#include "record/tracepoint.h"
#include "record/uprobe.h"

#include "partrace.skel.h"	/* needs the types above */

_Static_assert(offsetof(struct partrace__bss, shared) % PAR_CACHE_LINE == 0,
	       "no CPU writes to a cache line of another's");

#define RING_CNT_MAX 64		/* as bpf/core.bpf.c */
#define RING_BYTES (8u << 20)	/* each: 50,000 cycles, or seconds of a busy CPU */
#define RING_BESIDE_BYTES (4u << 20)	/* each, where the cycles are in lanes */
#define LANE_BYTES_MAX (8u << 20)	/* each, where maps have values that large; */
#define LANE_BYTES_ANY (2u << 20)	/* where they are 4 MB at most, as in 5.10; */
#define LANE_BYTES_MIN (128u << 10)	/* those of many CPUs are smaller, */
#define LANES_BYTES (32u << 20)		/* ... so that they come to no more together */

/* Of a program that is attached as perf does. */
struct perf_link {
	struct bpf_program *prog;
	int fd;			/* -1: not attached */
};

#define PERF_LINK_CNT 4

struct probes {
	struct partrace *skel;
	struct perf_link perf_links[PERF_LINK_CNT];	/* [perf_link_cnt] */
	size_t perf_link_cnt;
	struct probes_opts opts;
	int *ring_fds;		/* [ring_cnt] */
	size_t ring_cnt, ring_bytes;
	size_t lane_cnt, lane_bytes;	/* 0: cycles are told in rings */
	int cpu_cnt;
	bool storage_fails;	/* the kernel knows of it, and makes none */
};

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

/*
 * Before 5.12 (e5069b9c23b3) a function that is verified by itself can take numbers
 * only. There, the others are verified with each of their callers.
 */
static bool takes_pointer(const struct btf *btf, const struct btf_type *func)
{
	const struct btf_type *proto = btf__type_by_id(btf, func->type);
	const struct btf_param *params = btf_params(proto);

	for (int i = 0; i < btf_vlen(proto); i++)
		if (btf_is_ptr(btf__type_by_id(btf, params[i].type)))
			return true;
	return false;
}

static void make_functions_static(struct probes *p)
{
	const struct btf *btf = bpf_object__btf(p->skel->obj);

	for (__u32 id = 1; id < btf__type_cnt(btf); id++) {
		/* What libbpf itself does to those that are hidden. */
		struct btf_type *t = (struct btf_type *)btf__type_by_id(btf, id);

		if (btf_is_func(t) && btf_vlen(t) == BTF_FUNC_GLOBAL && takes_pointer(btf, t))
			t->info = BTF_KIND_FUNC << 24 | BTF_FUNC_STATIC;
	}
}

/*
 * Where a thread may be preempted within a program, what matters most is attached as perf does,
 * and births are told with the first wake-up. Of its names each thread's last one is told anyway.
 */
static void choose_attachments(struct probes *p)
{
	struct par_config *c = &p->skel->rodata->config;
	const struct {
		struct bpf_program *own, *perf;
		bool wanted;
	} programs[PERF_LINK_CNT] = {
		{ p->skel->progs.on_sys_exit, p->skel->progs.on_perf_sys_exit, c->calls },
		{ p->skel->progs.on_sched_process_exec, p->skel->progs.on_perf_sched_process_exec,
		  true },
		{ p->skel->progs.on_contention_begin, p->skel->progs.on_perf_contention_begin,
		  c->klocks },
		{ p->skel->progs.on_contention_end, p->skel->progs.on_perf_contention_end,
		  c->klocks },
	};
	bool by_perf;

	c->is_preemptible = tracepoint_is_preemptible();
	bpf_program__set_autoload(p->skel->progs.on_sched_process_fork, !c->is_preemptible);
	p->perf_link_cnt = 0;
	by_perf = c->is_preemptible && tracepoint_is_perf_usable();
	for (size_t i = 0; i < ARRAY_CNT(programs); i++) {
		bpf_program__set_autoload(programs[i].own, programs[i].wanted && !by_perf);
		bpf_program__set_autoload(programs[i].perf, programs[i].wanted && by_perf);
		bpf_program__set_autoattach(programs[i].perf, false);
		if (programs[i].wanted && by_perf)
			p->perf_links[p->perf_link_cnt++] =
				(struct perf_link){ .prog = programs[i].perf, .fd = -1 };
	}
}

/*
 * What differs between kernels, and between what the user wants. A tracepoint that
 * this kernel lacks costs its program, not the recording.
 */
static void choose_programs(struct probes *p, const struct btf *btf)
{
	struct par_config *c = &p->skel->rodata->config;
	bool full = !p->opts.light;

	/* sched_switch got a fourth argument in 5.18, */
	c->switch_has_state = kernel_btf_tracepoint_args(btf, "sched_switch") >= 5;
	/* both came in 5.11, */
	c->has_task_type = kernel_btf_has_value(btf, "bpf_func_id", "BPF_FUNC_task_storage_get");
	c->has_storage = c->has_task_type && !p->storage_fails;
	c->has_task_regs = kernel_btf_has_value(btf, "bpf_func_id", "BPF_FUNC_task_pt_regs");
	bpf_map__set_autocreate(p->skel->maps.threads, c->has_storage);
	bpf_map__set_autocreate(p->skel->maps.threads_by_address, !c->has_storage);
	/* Before 6.1 a kernel warns if what uprobes use is not allocated beforehand. */
	if (!kernel_btf_has_member(btf, "bpf_mem_alloc", "cache")) {
		bpf_map__set_map_flags(p->skel->maps.threads_by_address, 0);
		bpf_map__set_map_flags(p->skel->maps.released, 0);
	}
	/* Before 5.12 those take no pointers; 5.13's types are the first that can be told from 5.11's. */
	if (!kernel_btf_has_value(btf, "bpf_func_id", "BPF_FUNC_for_each_map_elem"))
		make_functions_static(p);
	c->block_args = kernel_btf_tracepoint_args(btf, "block_getrq") > 2;
	c->has_cast = kernel_btf_has_function(btf, "bpf_rdonly_cast");
	/* these came in 5.19, */
	c->klocks = full && kernel_btf_tracepoint_args(btf, "contention_begin");
	/* and without block devices there is none of those. */
	c->blocks = full && kernel_btf_tracepoint_args(btf, "block_rq_complete");

	c->calls = full;
	c->requests = full && !p->opts.request_function;
	bpf_program__set_autoload(p->skel->progs.on_sk_data_ready,
				  c->requests && kernel_btf_tracepoint_args(btf, "sk_data_ready"));

	choose_attachments(p);
	bpf_program__set_autoload(p->skel->progs.on_block_rq_complete, c->blocks);
	bpf_program__set_autoload(p->skel->progs.on_block_getrq, c->blocks);
	bpf_program__set_autoload(p->skel->progs.on_block_bio_backmerge, c->blocks);
	bpf_program__set_autoload(p->skel->progs.on_block_bio_frontmerge, c->blocks);
	bpf_program__set_autoload(p->skel->progs.on_block_io_done,
				  c->blocks && kernel_btf_tracepoint_args(btf, "block_io_done"));
}

static size_t ring_cnt_for(int cpu_cnt)
{
	size_t cnt = 1;

	while (cnt < RING_CNT_MAX && cnt < (size_t)cpu_cnt && cnt < 8)
		cnt *= 2;
	return cnt;
}

/* Other CPUs show stores in another order, and would have to be asked not to. */
static bool has_lanes(void)
{
#ifdef __x86_64__
	return true;
#else
	return false;
#endif
}

/* One more than the highest number of a CPU: "0-3,8-11" has holes. */
static size_t cpu_numbers(const struct probes *p)
{
	size_t last = 0;
	char text[1024];

	if (procfs_read(text, sizeof(text), "/sys/devices/system/cpu/possible") <= 0)
		return (size_t)p->cpu_cnt;
	for (size_t i = 0; text[i]; i++)
		if (text[i] == '-' || text[i] == ',')
			last = i + 1;
	return strtoul(text + last, NULL, 10) + 1;
}

/* Not all kernels make values of more than 4 MB. */
static bool makes_lanes(size_t bytes)
{
	int fd;

	if (bytes <= LANE_BYTES_ANY)
		return true;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "partrace_lane", sizeof(__u32),
			    (__u32)PAR_LANE_BYTES(bytes), 1, NULL);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void choose_rings(struct probes *p)
{
	p->ring_cnt = ring_cnt_for(p->cpu_cnt);
	p->ring_bytes = RING_BYTES;
	if (!has_lanes())
		return;
	p->ring_bytes = RING_BESIDE_BYTES;
	p->lane_cnt = cpu_numbers(p);
	p->lane_bytes = LANE_BYTES_MAX;
	while (p->lane_bytes * p->lane_cnt > LANES_BYTES && p->lane_bytes > LANE_BYTES_MIN)
		p->lane_bytes /= 2;
	while (!makes_lanes(p->lane_bytes))
		p->lane_bytes /= 2;
}

/* Attached where there is a CPython. */
static void prepare_python(struct probes *p, const struct btf *btf)
{
	struct bpf_program *progs[] = {
		p->skel->progs.on_python_release,
		p->skel->progs.on_python_gilstate_release,
		p->skel->progs.on_python_acquire,
		p->skel->progs.on_python_park,
	};

	for (size_t i = 0; i < sizeof(progs) / sizeof(progs[0]); i++) {
		bpf_program__set_autoload(progs[i], !p->opts.light);
		bpf_program__set_autoattach(progs[i], false);
		uprobe_prepare(progs[i], btf);
	}
}

/* Attached to the function that --request names. */
static void prepare_request(struct probes *p, const struct btf *btf)
{
	struct bpf_program *progs[] = {
		p->skel->progs.on_request_call,
		p->skel->progs.on_request_return,
	};

	for (size_t i = 0; i < sizeof(progs) / sizeof(progs[0]); i++) {
		bpf_program__set_autoload(progs[i], p->opts.request_function);
		bpf_program__set_autoattach(progs[i], false);
		uprobe_prepare(progs[i], btf);
	}
}

static void configure_lanes(struct probes *p)
{
	struct par_config *c = &p->skel->rodata->config;
	struct bpf_map *lanes = p->skel->maps.lanes;

	c->has_lanes = p->lane_cnt > 0;
	bpf_map__set_autocreate(lanes, c->has_lanes);
	if (!c->has_lanes)
		return;
	c->lane_mask = (__u32)p->lane_bytes - 1;
	bpf_map__set_max_entries(lanes, (__u32)p->lane_cnt);
	bpf_map__set_value_size(lanes, (__u32)PAR_LANE_BYTES(p->lane_bytes));
}

static void configure(struct probes *p, const struct btf *btf)
{
	struct par_config *c = &p->skel->rodata->config;

	calls_fill(c);
	calls_fill_startup(&c->startup);
	c->ring_mask = (__u32)p->ring_cnt - 1;
	configure_lanes(p);
	c->self_tgid = (__u32)getpid();
	c->in_pidns = pidns_inode() != 0;
	bpf_program__set_autoload(p->skel->progs.on_self, c->in_pidns);
	bpf_program__set_autoattach(p->skel->progs.on_self, false);
	c->page_bytes = (__u32)sysconf(_SC_PAGESIZE);
	c->follow_children = p->opts.follow_children;
	c->trace_all = p->opts.trace_all;
	choose_programs(p, btf);
	prepare_python(p, btf);
	prepare_request(p, btf);

	p->skel->bss->shared.end_ns = UINT64_MAX;
	/* The walks are attached when they are walked. */
	bpf_program__set_autoattach(p->skel->progs.on_mark, false);
	bpf_program__set_autoattach(p->skel->progs.on_tell, false);
}

/*
 * The kernel waits for an RCU grace period, some milliseconds, after each change of a map of
 * maps: so all are put into it at once, where it can (from 5.6 on).
 */
static int put_rings(struct probes *p, int outer)
{
	__u32 keys[RING_CNT_MAX], cnt = (__u32)p->ring_cnt;

	for (__u32 i = 0; i < cnt; i++)
		keys[i] = i;
	if (!bpf_map_update_batch(outer, keys, p->ring_fds, &cnt, NULL))
		return 0;
	for (size_t i = 0; i < p->ring_cnt; i++)
		if (bpf_map_update_elem(outer, &keys[i], &p->ring_fds[i], BPF_ANY))
			return log_err(errno, "cannot use ring buffer %zu", i);
	return 0;
}

static int make_rings(struct probes *p)
{
	p->ring_fds = xcalloc(p->ring_cnt, sizeof(*p->ring_fds));
	for (size_t i = 0; i < p->ring_cnt; i++)
		p->ring_fds[i] = -1;
	for (size_t i = 0; i < p->ring_cnt; i++) {
		p->ring_fds[i] = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "partrace_ring", 0, 0,
						(__u32)p->ring_bytes, NULL);
		if (p->ring_fds[i] < 0)
			return log_err(errno, "cannot create ring buffer %zu", i);
	}
	return put_rings(p, bpf_map__fd(p->skel->maps.rings));
}

static void say_missing(void)
{
	const char *missing = privilege_missing();

	if (missing)
		log_hint("%s missing: run it as root (sudo partrace …), or give it CAP_BPF, "
			 "CAP_PERFMON and CAP_SYS_PTRACE",
			 missing);
	else
		log_hint(
			"something else than capabilities forbids it: partrace doctor looks for it");
}

static int say_load_error(int err)
{
	if (lockdown_is_confidentiality()) {
		log_err(0,
			"the kernel is locked down (confidentiality): no program may read its memory");
		log_hint("boot with lockdown=integrity, or without lockdown");
		return err;
	}
	log_err(err, "cannot load the BPF programs");
	if (err == -EPERM || (err == -EACCES && privilege_missing()))
		say_missing();
	else
		log_hint("-v shows what the kernel says");
	return err;
}

/*
 * Does the kernel make storage for a task? From 6.19 (f484f4a3e058) on it refuses on CPUs
 * without cmpxchg16b or the like. Tried on ourselves, before anything is attached.
 */
static bool makes_storage(const struct probes *p)
{
	const struct bpf_map *map = p->skel->maps.threads;
	int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	void *value;
	bool made;

	if (self < 0)
		return true;
	value = xcalloc(1, bpf_map__value_size(map));
	made = !bpf_map_update_elem(bpf_map__fd(map), &self, value, BPF_NOEXIST) || errno != ENOMEM;
	bpf_map_delete_elem(bpf_map__fd(map), &self);
	free(value);
	close(self);
	return made;
}

static int load_programs(struct probes *p)
{
	struct btf *btf;
	int err = btf_file_load(&btf);

	if (err)
		return err;
	p->skel = partrace__open();
	if (!p->skel) {
		err = say_load_error(-errno);
		btf__free(btf);
		return err;
	}
	configure(p, btf);
	btf_file_offer(btf);
	err = partrace__load(p->skel);
	btf_file_offer(NULL);
	return err ? say_load_error(err) : 0;
}

/* In which namespace? Only the kernel knows. */
static int learn_namespace(struct probes *p)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int err;

	if (!p->skel->rodata->config.in_pidns)
		return 0;
	err = bpf_prog_test_run_opts(bpf_program__fd(p->skel->progs.on_self), &opts);
	return err ? log_err(err, "cannot tell in which pid namespace this is") : 0;
}

int probes_open(struct probes **out, const struct probes_opts *opts)
{
	struct probes *p = xcalloc(1, sizeof(*p));
	int err;

	p->opts = *opts;
	p->cpu_cnt = libbpf_num_possible_cpus();
	if (log_level() < LOG_VERBOSE)
		libbpf_set_print(quiet);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	choose_rings(p);

	err = load_programs(p);
	if (!err && p->skel->rodata->config.has_storage && !makes_storage(p)) {
		log_info("the kernel makes no storage in tasks: threads are looked up in a table");
		partrace__destroy(p->skel);
		p->storage_fails = true;
		err = load_programs(p);
	}
	if (!err)
		err = learn_namespace(p);
	if (!err)
		err = make_rings(p);
	if (err)
		probes_close(p);
	else
		*out = p;
	return err;
}

static void perf_detach(struct perf_link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
}

void probes_close(struct probes *p)
{
	if (!p)
		return;
	stats_close();
	for (size_t i = 0; i < p->perf_link_cnt; i++)
		perf_detach(&p->perf_links[i]);
	for (size_t i = 0; p->ring_fds && i < p->ring_cnt; i++)
		if (p->ring_fds[i] >= 0)
			close(p->ring_fds[i]);
	free(p->ring_fds);
	partrace__destroy(p->skel);
	free(p);
}

int probes_attach(struct probes *p)
{
	int err = partrace__attach(p->skel);

	for (size_t i = 0; i < p->perf_link_cnt && !err; i++) {
		p->perf_links[i].fd = tracepoint_attach(p->perf_links[i].prog);
		err = p->perf_links[i].fd < 0 ? p->perf_links[i].fd : 0;
	}
	if (err)
		return log_err(err, "cannot attach the BPF programs");
	return 0;
}

bool probes_lack_storage(const struct probes *p)
{
	return p->storage_fails;
}

bool probes_tell_klocks(const struct probes *p)
{
	return p->skel->rodata->config.klocks;
}

void probes_lock_text(struct probes *p, const struct par_lock_text *text)
{
	p->skel->bss->lock_text = *text;
}

size_t probes_ring_cnt(const struct probes *p)
{
	return p->ring_cnt + p->lane_cnt;
}

struct ring_place probes_ring(const struct probes *p, size_t ring)
{
	if (ring < p->ring_cnt)
		return (struct ring_place){ .fd = p->ring_fds[ring], .bytes = p->ring_bytes };
	return (struct ring_place){
		.fd = bpf_map__fd(p->skel->maps.lanes),
		.offset = (ring - p->ring_cnt) * PAR_LANE_BYTES(p->lane_bytes),
		.bytes = p->lane_bytes,
		.spare_bytes = PAR_LANE_SPARE,
	};
}

int probes_add_target(struct probes *p, pid_t pid)
{
	__u32 key = (__u32)pid;
	__u8 one = 1;

	if (!bpf_map_update_elem(bpf_map__fd(p->skel->maps.targets), &key, &one, BPF_NOEXIST))
		return 1;
	if (errno == EEXIST)
		return 0;
	return log_err(errno, "cannot add process %d to the targets", (int)pid);
}

/* Run one walk to its end, handing over what it writes in whole records. */
static int walk(struct bpf_program *prog, probes_task_fn fn, void *ctx)
{
	struct par_task recs[64];
	struct bpf_link *link;
	size_t have = 0;
	ssize_t got;
	int fd, err = 0;

	link = bpf_program__attach_iter(prog, NULL);
	if (!link)
		return log_err(errno, "cannot walk over the threads");
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0) {
		err = log_err(errno, "cannot walk over the threads");
		goto out;
	}
	while ((got = read(fd, (char *)recs + have, sizeof(recs) - have)) != 0) {
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got < 0) {
			err = log_err(errno, "cannot walk over the threads");
			break;
		}
		have += (size_t)got;
		for (size_t i = 0; i < have / sizeof(*recs); i++)
			fn(ctx, &recs[i]);
		memmove(recs, (char *)recs + have / sizeof(*recs) * sizeof(*recs),
			have % sizeof(*recs));
		have %= sizeof(*recs);
	}
	close(fd);
out:
	bpf_link__destroy(link);
	return err;
}

int probes_mark(struct probes *p)
{
	return walk(p->skel->progs.on_mark, NULL, NULL);
}

int probes_tell(struct probes *p, probes_task_fn fn, void *ctx)
{
	return walk(p->skel->progs.on_tell, fn, ctx);
}

void probes_end(struct probes *p, uint64_t end_ns)
{
	__atomic_store_n(&p->skel->bss->shared.end_ns, end_ns, __ATOMIC_RELEASE);
}

void probes_end_counts(struct probes *p)
{
	__atomic_store_n(&p->skel->bss->shared.counts_over, 1, __ATOMIC_RELEASE);
}

void probes_leave_calls(struct probes *p)
{
	bpf_link__destroy(p->skel->links.on_sys_exit);
	p->skel->links.on_sys_exit = NULL;
	for (size_t i = 0; i < p->perf_link_cnt; i++)
		if (p->perf_links[i].prog == p->skel->progs.on_perf_sys_exit)
			perf_detach(&p->perf_links[i]);
}

const struct par_shared *probes_shared(const struct probes *p)
{
	return &p->skel->bss->shared;
}

static struct par_syscall_count sum_of(const struct par_syscall_counts *per_cpu, int cpu_cnt,
				       int32_t sysno)
{
	struct par_syscall_count sum = { 0 };

	for (int i = 0; i < cpu_cnt; i++) {
		sum.calls += per_cpu[i].of[sysno].calls;
		sum.errors += per_cpu[i].of[sysno].errors;
		sum.bytes += per_cpu[i].of[sysno].bytes;
		sum.wakes += per_cpu[i].of[sysno].wakes;
	}
	return sum;
}

void probes_each_syscall(struct probes *p, probes_syscall_fn fn, void *ctx)
{
	struct par_syscall_counts *per_cpu = xcalloc((size_t)p->cpu_cnt, sizeof(*per_cpu));
	int fd = bpf_map__fd(p->skel->maps.syscalls);
	bool has = !p->opts.light && !bpf_map_lookup_elem(fd, &(__u32){ 0 }, per_cpu);

	for (int32_t sysno = 0; has && sysno < PAR_SYSNO_CNT; sysno++) {
		struct par_syscall_count sum = sum_of(per_cpu, p->cpu_cnt, sysno);

		if (sum.calls)
			fn(ctx, sysno, &sum);
	}
	free(per_cpu);
}

/* Of what the CPUs have seen the one that knows the other end. */
static void take_file(struct par_file_ref *file, const struct par_file_ref *other)
{
	bool inet = file->kind == PAR_FILE_TCP || file->kind == PAR_FILE_UDP;

	if (other->kind && (!file->kind || (inet ? !file->rport : !file->peer_id)))
		*file = *other;
}

static void each_traffic(const struct probes *p, int fd, probes_traffic_fn fn, void *ctx)
{
	struct par_traffic_count *per_cpu = xcalloc((size_t)p->cpu_cnt, sizeof(*per_cpu));
	struct par_traffic_key key, *prev = NULL;

	while (!p->opts.light && !bpf_map_get_next_key(fd, prev, &key)) {
		struct par_traffic_count sum = { 0 };

		prev = &key;
		if (bpf_map_lookup_elem(fd, &key, per_cpu))
			continue;
		for (int i = 0; i < p->cpu_cnt; i++) {
			sum.messages += per_cpu[i].messages;
			sum.bytes += per_cpu[i].bytes;
			sum.main_messages += per_cpu[i].main_messages;
			take_file(&sum.file, &per_cpu[i].file);
		}
		fn(ctx, &key, &sum);
	}
	free(per_cpu);
}

void probes_each_traffic(struct probes *p, probes_traffic_fn fn, void *ctx)
{
	each_traffic(p, bpf_map__fd(p->skel->maps.traffic), fn, ctx);
	each_traffic(p, bpf_map__fd(p->skel->maps.traffic_rest), fn, ctx);
}

void probes_each_disk(struct probes *p, probes_disk_fn fn, void *ctx)
{
	struct par_disk_count *per_cpu = xcalloc((size_t)p->cpu_cnt, sizeof(*per_cpu));
	struct par_disk_key key, *prev = NULL;
	int fd = bpf_map__fd(p->skel->maps.disk_counts);

	while (!p->opts.light && !bpf_map_get_next_key(fd, prev, &key)) {
		struct par_disk_count sum = { 0 };

		prev = &key;
		if (bpf_map_lookup_elem(fd, &key, per_cpu))
			continue;
		for (int i = 0; i < p->cpu_cnt; i++) {
			sum.reads += per_cpu[i].reads;
			sum.writes += per_cpu[i].writes;
			sum.read_bytes += per_cpu[i].read_bytes;
			sum.write_bytes += per_cpu[i].write_bytes;
		}
		fn(ctx, &key, &sum);
	}
	free(per_cpu);
}

void probes_forget_traffic(struct probes *p, const struct par_traffic_key *key)
{
	const struct bpf_map *map = key->file_id ? p->skel->maps.traffic
						 : p->skel->maps.traffic_rest;

	bpf_map_delete_elem(bpf_map__fd(map), key);
}

struct probes_python probes_python(const struct probes *p)
{
	if (p->opts.light)
		return (struct probes_python){ 0 };
	return (struct probes_python){
		.release = p->skel->progs.on_python_release,
		.gilstate_release = p->skel->progs.on_python_gilstate_release,
		.acquire = p->skel->progs.on_python_acquire,
		.park = p->skel->progs.on_python_park,
		.pythons_fd = bpf_map__fd(p->skel->maps.pythons),
		.released_fd = bpf_map__fd(p->skel->maps.released),
		.watch = &p->skel->bss->watch,
	};
}

struct probes_requests probes_requests(const struct probes *p)
{
	struct probes_requests r = { .served_fd = -1, .listeners_fd = -1 };

	r.counts = &p->skel->bss->request_counts;
	if (p->opts.request_function) {
		r.call = p->skel->progs.on_request_call;
		r.ret = p->skel->progs.on_request_return;
	}
	if (p->skel->rodata->config.requests) {
		r.served_fd = bpf_map__fd(p->skel->maps.served);
		r.served_max = bpf_map__max_entries(p->skel->maps.served);
		r.listeners_fd = bpf_map__fd(p->skel->maps.listeners);
	}
	return r;
}

static struct bpf_prog_info info_of(const struct bpf_program *prog)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	if (bpf_program__fd(prog) >= 0)
		bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len);
	return info;
}

uint64_t probes_run_ns(const struct probes *p)
{
	struct bpf_program *prog;
	uint64_t sum = 0;

	bpf_object__for_each_program(prog, p->skel->obj)
		sum += info_of(prog).run_time_ns;
	return sum;
}

/*
 * Is nothing missed without it? Of names the last one is told all the same; and the locks'
 * programs are met twice at a time in interrupts, which only spin.
 */
static bool can_be_spared(const struct probes *p, const struct bpf_program *prog)
{
	return prog == p->skel->progs.on_task_rename ||
	       prog == p->skel->progs.on_contention_begin ||
	       prog == p->skel->progs.on_contention_end ||
	       prog == p->skel->progs.on_perf_contention_begin ||
	       prog == p->skel->progs.on_perf_contention_end;
}

uint64_t probes_passed_over(const struct probes *p)
{
	struct bpf_program *prog;
	uint64_t sum = 0;

	bpf_object__for_each_program(prog, p->skel->obj)
		if (!can_be_spared(p, prog))
			sum += info_of(prog).recursion_misses;
	return sum;
}
