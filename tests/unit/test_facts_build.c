// SPDX-License-Identifier: MIT
/* The observer is told spans as the model would tell them; times are milliseconds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "facts/facts_build.h"
#include "facts/latency.h"
#include "facts/role.h"

#define BEGIN_MS 1000

/* A model with nothing in it but what a test puts there. */
struct stage {
	struct model m;
	struct facts_build fb;
	struct process processes[8];
	struct task tasks[16];
};

static void stage_init(struct stage *s)
{
	*s = (struct stage){ 0 };
	facts_build_init(&s->fb, &(struct facts_build_options){ 0 });
	s->m.begin_ns = BEGIN_MS * NS_PER_MS;
	s->fb.observer.begin(s->fb.observer.ctx, s->m.begin_ns);
}

static void stage_release(struct stage *s)
{
	facts_build_release(&s->fb);
	free(s->m.all_tasks);
	free(s->m.all_processes);
	htab_release(&s->m.locks);
	htab_release(&s->m.channels);
	htab_release(&s->m.syscalls);
}

static struct process *add_process(struct stage *s, uint32_t pid, uint32_t ppid, const char *name)
{
	struct process *p = &s->processes[s->m.process_cnt];

	p->pid = pid;
	p->ppid = ppid;
	strcpy(p->name, name);
	p->start_ns = s->m.begin_ns;
	XGROW(s->m.all_processes, s->m.process_cnt, s->m.process_cap);
	s->m.all_processes[s->m.process_cnt++] = p;
	return p;
}

static struct task *add_task(struct stage *s, struct process *p, uint32_t tid, const char *name)
{
	struct task *t = &s->tasks[s->m.task_cnt];

	t->tid = tid;
	t->index = (uint32_t)s->m.task_cnt;
	t->process = p;
	strcpy(t->name, name);
	t->start_ns = s->m.begin_ns;
	XGROW(s->m.all_tasks, s->m.task_cnt, s->m.task_cap);
	s->m.all_tasks[s->m.task_cnt++] = t;
	return t;
}

/* From @from to @to, since the recording began. */
static void span(struct stage *s, const struct task *t, enum bucket b, uint64_t from, uint64_t to)
{
	const struct span sp = { .task = t,
				 .bucket = b,
				 .name = "",
				 .start_ns = (BEGIN_MS + from) * NS_PER_MS,
				 .end_ns = (BEGIN_MS + to) * NS_PER_MS };

	s->fb.observer.span(s->fb.observer.ctx, &sp);
}

static void cpu(struct stage *s, uint16_t cpu_nr, uint64_t at, uint32_t next_tid)
{
	const struct cpu_switch c = { .cpu = cpu_nr,
				      .next_tid = next_tid,
				      .ts_ns = (BEGIN_MS + at) * NS_PER_MS };

	s->fb.observer.cpu(s->fb.observer.ctx, &c);
}

static void end(struct stage *s, uint64_t at)
{
	s->m.end_ns = (BEGIN_MS + at) * NS_PER_MS;
	s->fb.observer.end(s->fb.observer.ctx, s->m.end_ns);
}

static uint64_t sum_of(const struct fact_thread *t)
{
	uint64_t sum = 0;

	for (int b = 0; b < BUCKET_CNT; b++)
		sum += t->time_ns[b];
	return sum;
}

static void buckets_add_up_to_the_life_exactly(void **state)
{
	struct stage s;
	struct facts f;
	struct task *t;

	(void)state;
	stage_init(&s);
	t = add_task(&s, add_process(&s, 1, 0, "app"), 1, "app");
	t->utime_ns = 1000003;
	t->stime_ns = 333337;
	span(&s, t, BUCKET_CPU_USER, 0, 17);
	span(&s, t, BUCKET_GIL, 17, 40);
	span(&s, t, BUCKET_RUN_QUEUE, 40, 41);
	span(&s, t, BUCKET_CPU_USER, 41, 100);
	end(&s, 100);
	facts_build_take(&s.fb, &s.m, &f);
	assert_int_equal(f.recording.duration_ns, 100 * NS_PER_MS);
	assert_int_equal(f.threads[0].lifetime_ns, 100 * NS_PER_MS);
	assert_int_equal(sum_of(&f.threads[0]), 100 * NS_PER_MS);
	assert_int_equal(f.threads[0].time_ns[BUCKET_GIL], 23 * NS_PER_MS);
	assert_int_equal(f.threads[0].first_cpu_ns, 0);
	assert_int_equal(f.threads[0].last_cpu_ns, 100 * NS_PER_MS);
	facts_release(&f);
	stage_release(&s);
}

static void cpu_is_split_as_the_kernel_says_and_else_as_the_process(void **state)
{
	struct task *own, *quick, *alone;
	struct process *p;
	struct stage s;
	struct facts f;

	(void)state;
	stage_init(&s);
	p = add_process(&s, 1, 0, "app");
	own = add_task(&s, p, 1, "app");
	quick = add_task(&s, p, 2, "app");
	alone = add_task(&s, add_process(&s, 9, 0, "new"), 9, "new");
	own->utime_ns = 3000;
	own->stime_ns = 1000;
	p->utime_ns = 3000; /* the model sums them */
	p->stime_ns = 1000;
	span(&s, own, BUCKET_CPU_USER, 0, 100);
	span(&s, quick, BUCKET_CPU_USER, 0, 100);
	span(&s, alone, BUCKET_CPU_USER, 0, 100);
	end(&s, 100);
	facts_build_take(&s.fb, &s.m, &f);
	assert_int_equal(f.threads[0].time_ns[BUCKET_CPU_USER], 75 * NS_PER_MS);
	assert_int_equal(f.threads[0].time_ns[BUCKET_CPU_KERNEL], 25 * NS_PER_MS);
	assert_int_equal(f.threads[1].time_ns[BUCKET_CPU_KERNEL], 25 * NS_PER_MS);
	assert_int_equal(f.threads[2].time_ns[BUCKET_CPU_USER], 100 * NS_PER_MS);
	facts_release(&f);
	stage_release(&s);
}

static void interim_facts_end_with_the_latest_span(void **state)
{
	struct task *t, *silent;
	struct process *p;
	struct stage s;
	struct facts f;

	(void)state;
	stage_init(&s);
	p = add_process(&s, 1, 0, "app");
	t = add_task(&s, p, 1, "app");
	silent = add_task(&s, p, 2, "app");
	(void)silent;
	span(&s, t, BUCKET_IDLE, 0, 30);
	facts_build_take(&s.fb, &s.m, &f);
	assert_int_equal(f.threads[0].lifetime_ns, 30 * NS_PER_MS);
	assert_int_equal(f.threads[1].lifetime_ns, 0);
	facts_release(&f);

	span(&s, t, BUCKET_CPU_USER, 30, 50);
	facts_build_take(&s.fb, &s.m, &f);
	assert_int_equal(f.threads[0].lifetime_ns, 50 * NS_PER_MS);
	assert_int_equal(sum_of(&f.threads[0]), 50 * NS_PER_MS);
	facts_release(&f);
	stage_release(&s);
}

static void a_gap_between_spans_shows(void **state)
{
	struct stage s;
	struct facts f;
	struct task *t;

	(void)state;
	stage_init(&s);
	t = add_task(&s, add_process(&s, 1, 0, "app"), 1, "app");
	span(&s, t, BUCKET_CPU_USER, 0, 10);
	t->end_ns = (BEGIN_MS + 50) * NS_PER_MS;
	end(&s, 100);
	facts_build_take(&s.fb, &s.m, &f);
	assert_int_equal(f.threads[0].lifetime_ns, 50 * NS_PER_MS);
	assert_int_equal(sum_of(&f.threads[0]), 10 * NS_PER_MS);
	facts_release(&f);
	stage_release(&s);
}

static void the_peak_of_busy_cpus_does_not_depend_on_who_tells_first(void **state)
{
	struct stage s;
	struct facts f;

	(void)state;
	stage_init(&s);
	/* CPU 0 is busy 0-10 and CPU 1 20-30, but that CPU 0 was left is told late. */
	cpu(&s, 0, 0, 1);
	cpu(&s, 1, 20, 2);
	cpu(&s, 1, 30, 0);
	cpu(&s, 0, 10, 0);
	facts_build_take(&s.fb, &s.m, &f);
	assert_int_equal(f.concurrency.on_cpu_max, 1);
	facts_release(&f);

	/* Now both are busy 45-50, one of them open until the end. */
	cpu(&s, 1, 40, 2);
	cpu(&s, 1, 50, MODEL_UNTRACED);
	cpu(&s, 0, 45, 1);
	end(&s, 60);
	facts_build_take(&s.fb, &s.m, &f);
	assert_int_equal(f.concurrency.on_cpu_max, 2);
	facts_release(&f);
	stage_release(&s);
}

static void averages_count_running_and_queueing_threads(void **state)
{
	struct task *a, *b;
	struct process *p;
	struct stage s;
	struct facts f;

	(void)state;
	stage_init(&s);
	p = add_process(&s, 1, 0, "app");
	a = add_task(&s, p, 1, "app");
	b = add_task(&s, p, 2, "app");
	span(&s, a, BUCKET_CPU_USER, 0, 100);
	span(&s, b, BUCKET_RUN_QUEUE, 0, 50);
	span(&s, b, BUCKET_CPU_USER, 50, 100);
	end(&s, 100);
	facts_build_take(&s.fb, &s.m, &f);
	assert_true(f.concurrency.on_cpu_avg > 1.499 && f.concurrency.on_cpu_avg < 1.501);
	assert_true(f.concurrency.runnable_avg > 1.999 && f.concurrency.runnable_avg < 2.001);
	facts_release(&f);
	stage_release(&s);
}

static void the_series_stays_bounded_and_loses_nothing(void **state)
{
	double busy = 0;
	struct stage s;
	struct facts f;
	struct task *t;

	(void)state;
	stage_init(&s);
	t = add_task(&s, add_process(&s, 1, 0, "app"), 1, "app");
	span(&s, t, BUCKET_CPU_USER, 0, 3000);
	span(&s, t, BUCKET_IDLE, 3000, 3600 * 1000);
	end(&s, 3600 * 1000);
	facts_build_take(&s.fb, &s.m, &f);
	assert_in_range(f.series_cnt, SERIES_WINDOWS_MAX / 2, SERIES_WINDOWS_MAX);
	for (size_t i = 0; i < f.series_cnt; i++) {
		uint64_t stop = i + 1 < f.series_cnt ? f.series[i + 1].t_ns
						     : f.recording.duration_ns;
		busy += f.series[i].groups[GROUP_CPU] * (double)(stop - f.series[i].t_ns);
	}
	assert_true(busy > 2.999e9 && busy < 3.001e9);
	facts_release(&f);
	stage_release(&s);
}

static void run_queue_percentiles_are_at_most_an_eighth_too_high(void **state)
{
	struct latency l = { 0 };

	(void)state;
	assert_int_equal(latency_percentile(&l, 50), 0);
	for (uint64_t us = 1; us <= 1000; us++)
		latency_add(&l, us * NS_PER_US);
	assert_in_range(latency_percentile(&l, 50), 500 * NS_PER_US, 563 * NS_PER_US);
	assert_in_range(latency_percentile(&l, 95), 950 * NS_PER_US, 1000 * NS_PER_US);
	assert_in_range(latency_percentile(&l, 99), 990 * NS_PER_US, 1000 * NS_PER_US);
	assert_int_equal(l.max_ns, 1000 * NS_PER_US);
	latency_add(&l, UINT64_MAX);
	latency_add(&l, 0);
	assert_true(latency_percentile(&l, 100) > 1000 * NS_PER_US);
}

static void locks_come_longest_first_and_the_rest_is_summed(void **state)
{
	struct lock locks[FACTS_LOCKS_MAX + 10] = { 0 };
	struct lock_edge edges[] = { { 1, 2, 7, 70 }, { 5, 2, 1, 90 } };
	struct stage s;
	struct facts f;

	(void)state;
	stage_init(&s);
	for (size_t i = 0; i < FACTS_LOCKS_MAX + 10; i++) {
		locks[i] = (struct lock){ .kind = LOCK_MUTEX,
					  .addr = i,
					  .waits = 1,
					  .wait_ns = 100 + i,
					  .max_ns = 100 + i };
		htab_put(&s.m.locks, 1, i, &locks[i]);
	}
	locks[5].wait_ns = 1000;
	locks[5].edges = edges;
	locks[5].edge_cnt = 2;
	facts_build_take(&s.fb, &s.m, &f);
	assert_int_equal(f.lock_cnt, FACTS_LOCKS_MAX + 1);
	assert_int_equal(f.locks[0].addr, 5);
	assert_int_equal(f.locks[0].edge_cnt, 2);
	assert_int_equal(f.locks[0].edges[0].waiter, 5);
	assert_int_equal(f.locks[0].edges[1].wait_ns, 70);
	assert_string_equal(f.locks[FACTS_LOCKS_MAX].name, "10 more");
	assert_int_equal(f.locks[FACTS_LOCKS_MAX].waits, 10);
	facts_release(&f);
	stage_release(&s);
}

static const char *call_name(int sysno)
{
	return sysno == 202 ? "futex" : NULL;
}

static void system_calls_get_their_names_from_the_caller(void **state)
{
	struct syscall_count futex = { .sysno = 202, .calls = 5, .blocked_ns = 10 };
	struct syscall_count odd = { .sysno = 9999, .calls = 1 };
	struct stage s;
	struct facts f;

	(void)state;
	stage_init(&s);
	s.fb.options.sysno_name = call_name;
	htab_put(&s.m.syscalls, 9999, 0, &odd);
	htab_put(&s.m.syscalls, 202, 0, &futex);
	facts_build_take(&s.fb, &s.m, &f);
	assert_string_equal(f.syscalls[0].name, "futex");
	assert_string_equal(f.syscalls[1].name, "syscall_9999");
	facts_release(&f);
	stage_release(&s);
}

static void an_exit_code_reads_as_in_a_shell(void **state)
{
	struct process *killed, *failed;
	struct stage s;
	struct facts f;

	(void)state;
	stage_init(&s);
	killed = add_process(&s, 1, 0, "a");
	failed = add_process(&s, 2, 0, "b");
	killed->ended = failed->ended = true;
	killed->exit_code = 11 | 0x80; /* dumped core */
	failed->exit_code = 3 << 8;
	facts_build_take(&s.fb, &s.m, &f);
	assert_int_equal(f.processes[0].exit_code, 139);
	assert_int_equal(f.processes[1].exit_code, 3);
	facts_release(&f);
	stage_release(&s);
}

/* ---- roles ---- */

static const char *role_of(const struct facts *f, uint32_t tid)
{
	return facts_thread(f, tid)->role;
}

static void numbered_siblings_share_a_role(void **state)
{
	static const char *const cases[][2] = {
		{ "worker-2", "worker" },   { "worker", "worker" },
		{ "io:12", "io" },          { "Thread-1 (work", "Thread" },
		{ "pool_3#4", "pool" },     { "1234", "1234" },
		{ "(sd-pam)", "(sd-pam)" }, { "", "" },
	};
	char stem[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		role_stem(stem, sizeof(stem), cases[i][0]);
		assert_string_equal(stem, cases[i][1]);
	}
}

static void nameless_python_threads_are_workers(void **state)
{
	struct process *p;
	struct stage s;
	struct facts f;

	(void)state;
	stage_init(&s);
	p = add_process(&s, 10, 1, "python3");
	span(&s, add_task(&s, p, 10, "python3"), BUCKET_SYNC, 0, 100);
	span(&s, add_task(&s, p, 11, "python3"), BUCKET_CPU_USER, 0, 100);
	span(&s, add_task(&s, p, 12, "python3"), BUCKET_GIL, 0, 100);
	end(&s, 100);
	facts_build_take(&s.fb, &s.m, &f);
	assert_string_equal(role_of(&f, 10), "main");
	assert_string_equal(role_of(&f, 11), "worker");
	assert_string_equal(role_of(&f, 12), "worker");
	facts_release(&f);
	stage_release(&s);
}

static void children_of_the_same_program_are_workers_together(void **state)
{
	struct process *root, *child, *grep;
	struct stage s;
	struct facts f;
	char exe[] = "/usr/bin/python3", other[] = "/usr/bin/grep";

	(void)state;
	stage_init(&s);
	root = add_process(&s, 10, 1, "python3");
	root->exe = exe;
	span(&s, add_task(&s, root, 10, "python3"), BUCKET_IPC, 0, 100);
	span(&s, add_task(&s, root, 11, "python3"), BUCKET_SYNC, 0, 100);
	for (uint32_t pid = 20; pid < 22; pid++) {
		child = add_process(&s, pid, 10, "python3");
		child->exe = exe;
		child->born = true;
		span(&s, add_task(&s, child, pid, "python3"), BUCKET_CPU_USER, 0, 100);
	}
	grep = add_process(&s, 30, 10, "grep");
	grep->exe = other;
	span(&s, add_task(&s, grep, 30, "grep"), BUCKET_DISK, 0, 100);
	end(&s, 100);
	facts_build_take(&s.fb, &s.m, &f);
	assert_string_equal(role_of(&f, 10), "main");
	assert_string_equal(role_of(&f, 11), "thread");
	assert_string_equal(role_of(&f, 20), "worker");
	assert_string_equal(role_of(&f, 21), "worker");
	assert_string_equal(role_of(&f, 30), "grep");
	assert_string_equal(f.processes[1].start_method, "fork");
	facts_release(&f);
	stage_release(&s);
}

static void pythons_helpers_are_no_workers(void **state)
{
	static char exe[] = "/usr/bin/python3",
		    server[] = "from multiprocessing.forkserver import main";
	struct process *root, *child;
	struct stage s;
	struct facts f;

	(void)state;
	stage_init(&s);
	root = add_process(&s, 10, 1, "python3");
	root->exe = exe;
	span(&s, add_task(&s, root, 10, "python3"), BUCKET_IPC, 0, 100);
	span(&s, add_task(&s, root, 11, "python3"), BUCKET_CPU_USER, 0, 100);
	child = add_process(&s, 20, 10, "python3");
	child->exe = exe;
	child->command = server;
	child->born = true;
	child->exec_ns = 5;
	span(&s, add_task(&s, child, 20, "python3"), BUCKET_IDLE, 0, 100);
	child = add_process(&s, 30, 20, "python3");
	child->exe = exe;
	span(&s, add_task(&s, child, 30, "python3"), BUCKET_CPU_USER, 0, 100);
	end(&s, 100);
	facts_build_take(&s.fb, &s.m, &f);
	assert_string_equal(role_of(&f, 10), "main");
	assert_string_equal(role_of(&f, 11), "worker"); /* it is no parent of workers itself */
	assert_string_equal(role_of(&f, 20), "fork server");
	assert_string_equal(role_of(&f, 30), "worker");
	facts_release(&f);
	stage_release(&s);
}

static void threads_that_live_on_different_things_are_told_apart(void **state)
{
	struct process *p;
	struct stage s;
	struct facts f;

	(void)state;
	stage_init(&s);
	p = add_process(&s, 10, 1, "app");
	span(&s, add_task(&s, p, 10, "app"), BUCKET_SYNC, 0, 100);
	span(&s, add_task(&s, p, 11, "worker-1"), BUCKET_CPU_USER, 0, 100);
	span(&s, add_task(&s, p, 12, "worker-2"), BUCKET_NETWORK, 0, 100);
	span(&s, add_task(&s, p, 13, "worker-3"), BUCKET_IDLE, 0, 100);
	span(&s, add_task(&s, p, 14, "calc-1"), BUCKET_CPU_USER, 0, 60);
	span(&s, &s.tasks[4], BUCKET_SYNC, 60, 100);
	span(&s, add_task(&s, p, 15, "calc-2"), BUCKET_CPU_USER, 0, 40);
	span(&s, &s.tasks[5], BUCKET_SYNC, 40, 100);
	end(&s, 100);
	facts_build_take(&s.fb, &s.m, &f);
	assert_string_equal(role_of(&f, 11), "worker (cpu)");
	assert_string_equal(role_of(&f, 12), "worker (io)");
	assert_string_equal(role_of(&f, 13), "worker (idle)");
	assert_string_equal(role_of(&f, 14), "calc"); /* a little apart is not different */
	assert_string_equal(role_of(&f, 15), "calc");
	facts_release(&f);
	stage_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_add_up_to_the_life_exactly),
		cmocka_unit_test(cpu_is_split_as_the_kernel_says_and_else_as_the_process),
		cmocka_unit_test(interim_facts_end_with_the_latest_span),
		cmocka_unit_test(a_gap_between_spans_shows),
		cmocka_unit_test(the_peak_of_busy_cpus_does_not_depend_on_who_tells_first),
		cmocka_unit_test(averages_count_running_and_queueing_threads),
		cmocka_unit_test(the_series_stays_bounded_and_loses_nothing),
		cmocka_unit_test(run_queue_percentiles_are_at_most_an_eighth_too_high),
		cmocka_unit_test(locks_come_longest_first_and_the_rest_is_summed),
		cmocka_unit_test(system_calls_get_their_names_from_the_caller),
		cmocka_unit_test(an_exit_code_reads_as_in_a_shell),
		cmocka_unit_test(numbered_siblings_share_a_role),
		cmocka_unit_test(nameless_python_threads_are_workers),
		cmocka_unit_test(children_of_the_same_program_are_workers_together),
		cmocka_unit_test(pythons_helpers_are_no_workers),
		cmocka_unit_test(threads_that_live_on_different_things_are_told_apart),
	};

	return cmocka_run_group_tests_name("facts_build", tests, NULL, NULL);
}
