// SPDX-License-Identifier: MIT
/*
 * replay SECONDS FILE: an hour in a minute. Feeds the collector's way from ring
 * records to the trace (merge, decode, model, facts, writer) with a made-up load of
 * 20,000 scheduling cycles a second on two CPUs, and says from time to time what that
 * takes: "seconds N cycles N cpu_ns N rss_kib N bytes N".
 *
 * On each CPU four threads hand over to one another: through pipes, a mutex, and after
 * a sleep; what they do is always the same, but for some jitter, so memory must be, too.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "event/sysno.h"
#include "facts/facts_build.h"
#include "facts/facts_json.h"
#include "output/trace_writer.h"
#include "record/merge.h"
#include "verdict/verdict.h"

#define CPUS	    2
#define THREADS	    4		/* on each CPU */
#define CYCLE_NS    100000	/* on each CPU */
#define STEP_NS	    (5 * NS_PER_MS)
#define SETTLE_NS   (10 * NS_PER_MS)
#define INTERIM_NS  (60 * NS_PER_S)
#define TELL_NS	    (60 * NS_PER_S)
#define BEGIN_NS    NS_PER_S
#define FIRST_TID   100
#define WAKE_NS	    3000	/* from the wake-up to the switch */

struct replay {
	struct merge merge;
	struct model model;
	struct facts_build build;
	struct recording file;
	struct trace_writer *writer;
	uint64_t out_ns[CPUS][THREADS];	/* when each one left its CPU */
	uint64_t cycles;
	uint32_t random;
};

/* Without it the trace would shrink as no real one does. Below @limit, up to 65536. */
static uint32_t jitter(struct replay *r, uint32_t limit)
{
	r->random = r->random * 1664525 + 1013904223;
	return (r->random >> 16) % limit;
}

static uint32_t tid_of(uint32_t cpu, uint64_t turn)
{
	return FIRST_TID + cpu * THREADS + (uint32_t)(turn % THREADS);
}

static void fill_cause(struct par_cause *cause, uint32_t tid)
{
	cause->sysno = SYS_read;
	switch (tid % THREADS) {
	case 0:
	case 1:
		cause->sysno = tid % THREADS ? SYS_write : SYS_read;
		cause->args[0] = 3;
		cause->file.kind = PAR_FILE_PIPE;
		cause->file.id = 1000 + tid / THREADS;
		break;
	case 2:
		cause->sysno = SYS_futex;
		cause->args[0] = 0x7f0000001000 + 64 * (uint64_t)tid;
		cause->args[1] = 0x80; /* FUTEX_WAIT_PRIVATE */
		cause->args[2] = 2;
		cause->shape = PAR_SHAPE_MUTEX;
		cause->owner_tid = tid - 1;
		break;
	default:
		cause->sysno = SYS_clock_nanosleep;
	}
}

static void push_cycle(struct replay *r, uint32_t cpu, uint64_t turn, uint64_t now_ns)
{
	uint32_t tid = tid_of(cpu, turn), before = tid_of(cpu, turn + THREADS - 1);
	struct par_cycle rec = {
		.hdr = { .ts_ns = now_ns, .tid = tid, .cpu = (uint16_t)cpu, .kind = PAR_CYCLE },
		.off = { .out_ns = r->out_ns[cpu][turn % THREADS],
			 .wake_ns = now_ns - WAKE_NS - jitter(r, WAKE_NS),
			 .waker_tid = before,
			 .out_cpu = (uint16_t)cpu,
			 .waker_cpu = (uint16_t)cpu,
			 .out_state = 1,
			 .ran_ns = CYCLE_NS },
		.gap = { .out_ns = now_ns,
			 .out_tid = before,
			 .next_tid = tid,
			 .out_state = 1,
			 .prev_state = 1,
			 .prev_tid = before },
		.tgid = FIRST_TID + cpu * THREADS,
	};

	fill_cause(&rec.cause, tid);
	r->out_ns[cpu][(turn + THREADS - 1) % THREADS] = now_ns;
	merge_push(&r->merge, cpu, &rec, sizeof(rec));
	r->cycles++;
}

/* In a real hour the compressor is never so far behind that chunks go out as they are. */
static void wait_for_packer(struct replay *r)
{
	struct packer *p = &r->file.packer;
	size_t waiting;

	do {
		pthread_mutex_lock(&p->mutex);
		waiting = p->chunk_cnt;
		pthread_mutex_unlock(&p->mutex);
		if (waiting > 1)
			clock_sleep_ns(NS_PER_MS / 10);
	} while (waiting > 1);
}

static void feed(struct replay *r, uint64_t horizon_ns)
{
	const void *rec;
	struct event ev;
	size_t len;

	while ((rec = merge_pop(&r->merge, horizon_ns, &len))) {
		if (!event_decode(&ev, rec, len))
			model_feed(&r->model, &ev);
	}
}

static void feed_mark(struct replay *r, uint8_t kind, uint64_t ts_ns)
{
	struct event ev = { 0 };

	ev.hdr.kind = kind;
	ev.hdr.ts_ns = ts_ns;
	model_feed(&r->model, &ev);
}

/* Who is there when it begins: all blocked but the one that runs on each CPU. */
static void feed_threads(struct replay *r)
{
	for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
		for (uint32_t i = 0; i < THREADS; i++) {
			struct event ev = { 0 };
			struct par_task *t = &ev.task;

			t->hdr.ts_ns = BEGIN_NS;
			t->hdr.kind = PAR_TASK;
			t->hdr.tid = tid_of(cpu, i);
			t->hdr.flags = i == THREADS - 1 ? PAR_OUT_RUNNING : PAR_OUT_SNAPSHOT;
			t->off.out_ns = BEGIN_NS;
			t->off.out_cpu = (uint16_t)cpu;
			t->off.out_state = t->hdr.flags == PAR_OUT_RUNNING ? 0 : 1;
			t->tgid = FIRST_TID + cpu * THREADS;
			t->ppid = 1;
			snprintf(t->comm, sizeof(t->comm), "replay-%u", i);
			fill_cause(&t->cause, t->hdr.tid);
			r->out_ns[cpu][i] = BEGIN_NS;
			model_feed(&r->model, &ev);
		}
	}
}

static int put_facts(struct replay *r, bool is_complete)
{
	struct facts facts = { 0 };
	struct strbuf json = { 0 };
	int err;

	facts_build_take(&r->build, &r->model, &facts);
	if (is_complete)
		facts_build_replay(&r->build, &r->model, &facts);
	verdict_judge(&facts, &facts.verdict);
	facts_json_format(&facts, &json, false);
	err = recording_put_facts(&r->file, strbuf_str(&json), is_complete);
	strbuf_release(&json);
	facts_release(&facts);
	return err;
}

static uint64_t rss_kib(void)
{
	unsigned long size, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%lu %lu", &size, &resident) != 2)
		log_err(0, "cannot read '/proc/self/statm'");
	if (f)
		fclose(f);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

static void tell(const struct replay *r, uint64_t now_ns)
{
	struct stat st = { 0 };

	fstat(r->file.fd, &st);
	printf("seconds %llu cycles %llu cpu_ns %llu rss_kib %llu bytes %llu\n",
	       (unsigned long long)((now_ns - BEGIN_NS) / NS_PER_S), (unsigned long long)r->cycles,
	       (unsigned long long)clock_process_cpu_ns(), (unsigned long long)rss_kib(),
	       (unsigned long long)st.st_size);
	fflush(stdout);
}

static int run(struct replay *r, uint64_t seconds)
{
	uint64_t end_ns = BEGIN_NS + seconds * NS_PER_S, tell_ns = BEGIN_NS + TELL_NS;
	int err = 0;

	feed_mark(r, EVENT_BEGIN, BEGIN_NS);
	feed_threads(r);
	for (uint64_t turn = 0, now_ns = BEGIN_NS; now_ns < end_ns && !err; turn++) {
		now_ns += CYCLE_NS;
		for (uint32_t cpu = 0; cpu < CPUS; cpu++)
			push_cycle(r, cpu, turn, now_ns + jitter(r, CYCLE_NS / 2));
		if (now_ns % STEP_NS == 0) {
			feed(r, now_ns - SETTLE_NS);
			wait_for_packer(r);
		}
		if (now_ns % INTERIM_NS == 0) {
			err = put_facts(r, false);
			if (!err)
				err = trace_writer_flush(r->writer);
		}
		if (now_ns >= tell_ns) {
			tell(r, now_ns);
			tell_ns += TELL_NS;
		}
	}
	feed(r, UINT64_MAX);
	feed_mark(r, EVENT_END, end_ns + CYCLE_NS);
	return err;
}

int main(int argc, char **argv)
{
	const struct trace_writer_options writer = { .cpu_cnt = CPUS };
	const struct facts_build_options build = { .sysno_name = sysno_name };
	struct replay r = { 0 };
	int err;

	if (argc != 3) {
		fprintf(stderr, "usage: replay SECONDS FILE\n");
		return 2;
	}
	err = recording_create(&r.file, argv[2]);
	if (err)
		return log_err(err, "cannot write '%s'", argv[2]) != 0;
	merge_init(&r.merge, NULL, 0, CPUS);
	model_init(&r.model);
	facts_build_init(&r.build, &build);
	r.writer = trace_writer_new(&r.file, &writer);
	model_observe(&r.model, facts_build_observer(&r.build));
	model_observe(&r.model, trace_writer_observer(r.writer));
	err = run(&r, strtoull(argv[1], NULL, 10));
	trace_writer_free(r.writer);
	if (!err)
		err = put_facts(&r, true);
	if (!err)
		err = recording_close(&r.file);
	if (err)
		log_err(err, "cannot write '%s'", argv[2]);
	facts_build_release(&r.build);
	model_release(&r.model);
	merge_release(&r.merge);
	return err != 0;
}
