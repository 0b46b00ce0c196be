// SPDX-License-Identifier: MIT
/*
 * Random machines: threads run, block, are woken, fork and die, and the records
 * are written as the BPF programs would. The model must tell exactly what
 * happened; and whatever it is fed, its promises hold.
 */
#include "story.h"

#define CPUS        3
#define TASKS_MAX   40
#define BEGIN_NS    1000000
#define FOREIGN_TID 900 /* not traced */
#define NO_CPU      (-1)

enum doing { RUNS, QUEUES, BLOCKS, DEAD };

struct thread {
	uint32_t tid, pid;
	enum doing doing;
	bool known; /* has switched since the attach */
	int cpu, last_cpu; /* cpu: NO_CPU unless it runs */
	struct par_off off;
	struct par_cause cause;
	uint64_t since_ns, born_ns;
	uint64_t in_ns; /* when it came to its CPU; 0: before the attach */
	uint64_t time_ns[DEAD]; /* the truth, by what it was doing */
};

struct cpu {
	uint32_t tid; /* who runs: 0 idle, FOREIGN_TID */
	struct par_cpu_gap gap;
};

struct machine {
	struct thread threads[TASKS_MAX];
	size_t thread_cnt;
	struct cpu cpus[CPUS];
	uint64_t now_ns;
	struct event *log;
	size_t log_cnt, log_cap;
};

static uint64_t seed;

/* xorshift64 (Marsaglia 2003): the same numbers on every machine. */
static uint64_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static size_t below(size_t limit)
{
	return (size_t)(next_random() >> 11) % limit;
}

static uint64_t between(uint64_t low, uint64_t high)
{
	return low + below(high - low + 1);
}

static struct event *record(struct machine *w, uint8_t kind, uint32_t tid, int cpu)
{
	struct event *ev;

	XGROW(w->log, w->log_cnt, w->log_cap);
	ev = &w->log[w->log_cnt++];
	memset(ev, 0, sizeof(*ev));
	ev->hdr.ts_ns = w->now_ns;
	ev->hdr.kind = kind;
	ev->hdr.tid = tid;
	ev->hdr.cpu = (uint16_t)cpu;
	return ev;
}

static struct thread *find(struct machine *w, uint32_t tid)
{
	for (size_t i = 0; i < w->thread_cnt; i++)
		if (w->threads[i].tid == tid)
			return &w->threads[i];
	return NULL;
}

static void becomes(struct machine *w, struct thread *t, enum doing doing)
{
	t->time_ns[t->doing] += w->now_ns - t->since_ns;
	t->since_ns = w->now_ns;
	t->doing = doing;
}

static void any_cause(struct par_cause *cause)
{
	static const char *const waits[] = {
		"1 cycle sys=futex(0x1000,0x80,2) shape=mutex owner=10",
		"1 cycle sys=futex(0x2000,0x189,0) shape=semaphore",
		"1 cycle sys=futex(0x5040,0x89,0,0x7f00)",
		"1 cycle sys=read(3) file=pipe:7",
		"1 cycle sys=recvfrom(3) file=tcp:4000>10.0.0.1:80",
		"1 cycle sys=nanosleep",
		"1 cycle sys=restart_syscall",
		"1 cycle sys=epoll_wait(4) file=epoll:9 timeout=20us",
		"1 cycle fault",
		"1 cycle sys=#999",
	};
	struct event ev;

	assert_int_equal(
		event_text_parse(waits[below(sizeof(waits) / sizeof(waits[0]))], &ev, NULL), 0);
	*cause = ev.cycle.cause;
}

static void put_cycle(struct machine *w, struct thread *t, int cpu, uint32_t prev_tid)
{
	struct par_cycle *c = &record(w, PAR_CYCLE, t->tid, cpu)->cycle;

	c->tgid = t->pid;
	c->off = t->off;
	c->gap = w->cpus[cpu].gap;
	c->gap.prev_tid = prev_tid;
	w->cpus[cpu].gap.out_ns = 0; /* the rest stays, as in the kernel */
	c->cause.sysno = PAR_NO_SYSCALL;
	if (event_cycle_has_cause(c))
		c->cause = t->cause;
}

static void put_exit(struct machine *w, struct thread *t, int cpu)
{
	struct par_exit *e = &record(w, PAR_EXIT, t->tid, cpu)->exit;
	bool is_last = true;

	for (size_t i = 0; i < w->thread_cnt; i++)
		if (w->threads[i].pid == t->pid && &w->threads[i] != t &&
		    w->threads[i].doing != DEAD)
			is_last = false;
	e->tgid = t->pid;
	e->hdr.flags = is_last ? PAR_EXIT_PROCESS : 0;
	record(w, PAR_FREE, t->tid, cpu)->free.tgid = t->pid;
}

/* sched_switch: @t leaves @cpu to do what @doing says. */
static void leave(struct machine *w, struct thread *t, int cpu, uint32_t next_tid, enum doing doing)
{
	static const uint16_t states[] = { [RUNS] = 0, [QUEUES] = 0, [BLOCKS] = 1, [DEAD] = 0x80 };

	w->cpus[cpu].gap = (struct par_cpu_gap){
		.out_ns = w->now_ns,
		.out_tid = t->tid,
		.next_tid = next_tid,
		.out_state = states[doing],
		.out_flags = doing == QUEUES ? PAR_OUT_PREEMPT : 0,
	};
	becomes(w, t, doing);
	t->cpu = NO_CPU;
	t->known = true;
	if (doing == DEAD) {
		put_exit(w, t, cpu);
		return;
	}
	t->off = (struct par_off){
		.out_ns = w->now_ns,
		.ran_ns = t->in_ns ? (uint32_t)(w->now_ns - t->in_ns) : 0,
		.out_cpu = (uint16_t)cpu,
		.out_state = states[doing],
		.out_flags = doing == QUEUES ? PAR_OUT_PREEMPT : 0,
	};
	if (doing == BLOCKS)
		any_cause(&t->cause);
}

static void come(struct machine *w, struct thread *t, int cpu, uint32_t prev_tid)
{
	if (!t->known) {
		t->off.out_ns = 0;
		t->off.out_flags = PAR_OUT_SNAPSHOT;
		t->cause = (struct par_cause){ .sysno = PAR_NO_SYSCALL };
	}
	put_cycle(w, t, cpu, prev_tid);
	becomes(w, t, RUNS);
	t->known = true;
	t->cpu = t->last_cpu = cpu;
	t->in_ns = w->now_ns;
}

static void step_switch(struct machine *w)
{
	static const enum doing ways[] = { QUEUES, BLOCKS, BLOCKS, BLOCKS };
	int cpu = (int)below(CPUS);
	uint32_t prev_tid = w->cpus[cpu].tid, next_tid = below(2) ? FOREIGN_TID : 0;
	struct thread *prev = find(w, prev_tid), *next = NULL;
	size_t first = below(w->thread_cnt);

	for (size_t i = 0; i < w->thread_cnt && !next && below(4); i++) {
		next = &w->threads[(first + i) % w->thread_cnt];
		if (next->doing != QUEUES)
			next = NULL;
	}
	if (next)
		next_tid = next->tid;
	if (next_tid == prev_tid)
		return;
	w->cpus[cpu].tid = next_tid;
	if (prev)
		leave(w, prev, cpu, next_tid, below(40) ? ways[below(4)] : DEAD);
	if (next)
		come(w, next, cpu, prev_tid);
}

static void step_wake(struct machine *w)
{
	struct thread *t = &w->threads[below(w->thread_cnt)];
	int cpu = (int)below(CPUS);

	if (t->doing != BLOCKS)
		return;
	becomes(w, t, QUEUES);
	t->off.wake_ns = w->now_ns;
	t->off.waker_tid = w->cpus[cpu].tid;
	t->off.waker_cpu = (uint16_t)cpu;
	t->off.wake_flags = (uint8_t)below(2);
}

static void step_fork(struct machine *w)
{
	struct thread *parent = find(w, w->cpus[below(CPUS)].tid), *child;
	struct par_fork *f;

	if (!parent || w->thread_cnt == TASKS_MAX)
		return;
	child = &w->threads[w->thread_cnt++];
	*child = (struct thread){
		.tid = 10 + (uint32_t)w->thread_cnt,
		.pid = parent->pid,
		.doing = QUEUES,
		.known = true,
		.cpu = NO_CPU,
		.since_ns = w->now_ns,
		.born_ns = w->now_ns,
		.off = { .out_ns = w->now_ns, .out_flags = PAR_OUT_NEW, .wake_ns = w->now_ns },
	};
	if (below(2))
		child->pid = child->tid;
	f = &record(w, PAR_FORK, parent->tid, parent->cpu)->fork;
	f->tgid = parent->pid;
	f->child_tid = child->tid;
	f->child_tgid = child->pid;
	strcpy(f->comm, "child");
}

static void put_task(struct machine *w, const struct thread *t, uint8_t kind)
{
	struct par_task *rec = &record(w, kind, t->tid, 0)->task;

	rec->tgid = t->pid;
	rec->off = t->off;
	rec->cause = t->cause;
	rec->off.out_cpu = (uint16_t)t->last_cpu;
	rec->hdr.flags = t->doing == RUNS     ? PAR_OUT_RUNNING
			 : t->doing == QUEUES ? PAR_OUT_READY
					      : 0;
	if (t->doing == RUNS || (t->doing == QUEUES && !t->known))
		rec->cause = (struct par_cause){ .sysno = PAR_NO_SYSCALL };
	strcpy(rec->comm, "thread");
}

/* Those that live when the recording begins. */
static void attach(struct machine *w)
{
	size_t cnt = 1 + below(8);

	w->now_ns = BEGIN_NS;
	record(w, EVENT_BEGIN, 0, 0);
	for (size_t i = 0; i < cnt; i++) {
		struct thread *t = &w->threads[w->thread_cnt++];

		*t = (struct thread){
			.tid = 10 + (uint32_t)w->thread_cnt,
			.pid = i % 3 ? 11 : 10 + (uint32_t)w->thread_cnt,
			.doing = i < CPUS && below(2) ? RUNS
				 : below(2)           ? QUEUES
						      : BLOCKS,
			.cpu = NO_CPU,
			.since_ns = BEGIN_NS,
			.born_ns = BEGIN_NS,
			.off.out_flags = PAR_OUT_SNAPSHOT,
			.cause.sysno = PAR_NO_SYSCALL,
		};
		if (t->doing == RUNS) {
			t->cpu = t->last_cpu = (int)i;
			w->cpus[i].tid = t->tid;
		} else if (t->doing == BLOCKS) {
			t->off.out_state = 1;
			any_cause(&t->cause);
		}
		put_task(w, t, PAR_TASK);
	}
}

static void detach(struct machine *w)
{
	for (size_t i = 0; i < w->thread_cnt; i++) {
		struct thread *t = &w->threads[i];

		if (t->doing == DEAD)
			continue;
		put_task(w, t, PAR_OPEN);
		becomes(w, t, t->doing);
	}
	for (int cpu = 0; cpu < CPUS; cpu++)
		if (w->cpus[cpu].gap.out_ns)
			record(w, EVENT_GAP, 0, cpu)->gap.gap = w->cpus[cpu].gap;
	record(w, EVENT_END, 0, 0);
}

static void run_machine(struct machine *w, uint64_t number)
{
	size_t steps = 20 + number % 300;

	*w = (struct machine){ 0 };
	seed = number * 0x9e3779b97f4a7c15ULL + 1;
	attach(w);
	for (size_t i = 0; i < steps; i++) {
		w->now_ns += 1 + below(5000);
		if (!below(25))
			step_fork(w);
		else if (below(2))
			step_wake(w);
		else
			step_switch(w);
	}
	w->now_ns += below(3000);
	detach(w);
}

/* What the CPUs' lines say about how long @tid ran. */
static uint64_t time_on_cpus(const struct story *s, uint32_t tid)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s->switch_cnt; i++) {
		if (s->switches[i].next_tid == tid)
			sum -= s->switches[i].ts_ns;
		if (s->switches[i].prev_tid == tid)
			sum += s->switches[i].ts_ns;
	}
	return sum; /* if it still runs: without the end */
}

static void check_thread(const struct story *s, const struct thread *t, uint64_t end_ns)
{
	const struct story_task *st = story_nth(s, t->tid, 0);
	uint64_t blocked = 0, on_cpus = time_on_cpus(s, t->tid);

	for (int b = BUCKET_THROTTLED + 1; b < BUCKET_CNT; b++)
		blocked += st->time_ns[b];
	if (t->doing == RUNS)
		on_cpus += end_ns;
	assert_true(st->task->start_ns == t->born_ns);
	assert_true(st->time_ns[BUCKET_CPU_USER] == t->time_ns[RUNS]);
	assert_true(st->time_ns[BUCKET_RUN_QUEUE] == t->time_ns[QUEUES]);
	assert_true(blocked == t->time_ns[BLOCKS]);
	assert_true(on_cpus == t->time_ns[RUNS]);
}

static void feed_log(struct story *s, const struct machine *w)
{
	for (size_t i = 0; i < w->log_cnt; i++)
		story_feed(s, &w->log[i]);
}

/* For whoever has to find out why. */
static void print_log(const struct machine *w)
{
	struct strbuf out = { 0 };

	for (size_t i = 0; i < w->log_cnt; i++) {
		event_text_format(&out, &w->log[i]);
		strbuf_addch(&out, '\n');
	}
	print_message("%s", strbuf_str(&out));
	strbuf_release(&out);
}

static void what_happened_is_told_exactly(void **state)
{
	static struct machine w;

	(void)state;
	for (uint64_t number = 0; number < 1500; number++) {
		struct story s;

		run_machine(&w, number);
		if (getenv("STORY") && strtoull(getenv("STORY"), NULL, 10) == number)
			print_log(&w);
		story_init(&s);
		feed_log(&s, &w);
		story_check_sums(&s);
		if (s.m.resync_cnt)
			fail_msg("machine %d: %d resyncs", (int)number, (int)s.m.resync_cnt);
		for (size_t i = 0; i < w.thread_cnt; i++)
			if (w.threads[i].born_ns < w.now_ns)
				check_thread(&s, &w.threads[i], w.now_ns);
		story_release(&s);
		free(w.log);
	}
}

static void lose_some(struct machine *w)
{
	size_t kept = 1; /* the begin */

	for (size_t i = 1; i < w->log_cnt; i++)
		if (i + 1 == w->log_cnt || below(5))
			w->log[kept++] = w->log[i];
	w->log_cnt = kept;
}

static void losses_leave_the_promises_intact(void **state)
{
	static struct machine w;

	(void)state;
	for (uint64_t number = 0; number < 1500; number++) {
		struct story s;

		run_machine(&w, number);
		lose_some(&w);
		story_init(&s);
		feed_log(&s, &w);
		story_check_sums(&s);
		story_release(&s);
		free(w.log);
	}
}

/* One event becomes nonsense, though never one of a time that has not come yet. */
static void spoil_one(struct machine *w)
{
	size_t at = 1 + below(w->log_cnt - 2);
	struct event *ev = &w->log[at];
	static const uint8_t kinds[] = { PAR_CYCLE,  PAR_TASK, PAR_FORK,
					 PAR_RENAME, PAR_EXIT, PAR_FREE };

	if (ev->hdr.kind == PAR_OPEN)
		return; /* the collector dates these itself */
	switch (below(5)) {
	case 0:
		ev->hdr.kind = kinds[below(sizeof(kinds))];
		break;
	case 1:
		ev->hdr.tid = 10 + (uint32_t)below(12);
		break;
	case 2:
		ev->hdr.ts_ns = between(BEGIN_NS, w->now_ns);
		break;
	case 3:
		ev->cycle.off.out_ns = below(2 * w->now_ns);
		ev->cycle.off.wake_ns = below(2 * w->now_ns);
		ev->cycle.off.out_flags = (uint8_t)below(32);
		break;
	case 4:
		ev->cycle.gap.out_ns = between(BEGIN_NS, 2 * w->now_ns);
		ev->cycle.gap.out_tid = 10 + (uint32_t)below(12);
		ev->cycle.gap.next_tid = (uint32_t)below(12);
		break;
	}
	/* As event_decode() leaves it. */
	if (ev->hdr.kind == PAR_CYCLE && !event_cycle_has_cause(&ev->cycle))
		ev->cycle.cause = (struct par_cause){ .sysno = PAR_NO_SYSCALL };
}

static void nonsense_leaves_the_promises_intact(void **state)
{
	static struct machine w;

	(void)state;
	for (uint64_t number = 0; number < 3000; number++) {
		struct story s;

		run_machine(&w, number);
		for (size_t i = below(20) + 1; w.log_cnt > 3 && i > 0; i--)
			spoil_one(&w);
		if (getenv("STORY") && strtoull(getenv("STORY"), NULL, 10) == number)
			print_log(&w);
		story_init(&s);
		feed_log(&s, &w);
		story_check_sums(&s);
		story_release(&s);
		free(w.log);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_happened_is_told_exactly),
		cmocka_unit_test(losses_leave_the_promises_intact),
		cmocka_unit_test(nonsense_leaves_the_promises_intact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
