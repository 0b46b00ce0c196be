// SPDX-License-Identifier: MIT
/* One test per rule, and one per trap that other tools fall into. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "judged.h"

static void threads_behind_one_gil_want_processes(void **state)
{
	struct facts f = gil_facts();
	struct fact_verdict v;

	(void)state;
	syscall_of(&f, "futex", 20000, 38000);
	v = judge(&f);
	assert_class(&v, CLASS_GIL_BOUND);
	assert_current(&v, FIT_THREADS);
	assert_fit(&v, FIT_PROCESSES);
	assert_true(v.confidence > 0.75);
	assert_string_equal(v.evidence[0].rule, "gil-bound");
	assert_true(v.evidence[0].value > 0.73 && v.evidence[0].value < 0.76);
	assert_string_equal(verdict_headline(&v),
			    "processes fit this workload better than threads");
	fact_verdict_release(&v);
}

static void a_pool_of_processes_is_as_large_as_the_usable_cpus(void **state)
{
	struct facts f = gil_facts();
	struct fact_verdict v = judge(&f);

	(void)state;
	assert_true(is_advised(&v, "ProcessPoolExecutor(max_workers=2)"));
	fact_verdict_release(&v);
}

static void two_threads_behind_one_gil_are_enough(void **state)
{
	struct facts f = recording(5000, 4);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(20), SYNC(4980));
	thread(&f, 101, 100, "worker", CPU(2500), GIL(2450), QUEUE(50));
	thread(&f, 102, 100, "worker", CPU(2450), GIL(2500), QUEUE(50));
	v = judge(&f);
	assert_class(&v, CLASS_GIL_BOUND);
	assert_fit(&v, FIT_PROCESSES);
	fact_verdict_release(&v);
}

/* The thread that feeds a multiprocessing.Queue waits for the lock of who fills it. */
static void a_feeder_that_waits_for_the_lock_makes_no_pool_of_threads(void **state)
{
	struct facts f = recording(10000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(400), IPC(9600));
	for (uint32_t i = 1; i <= 2; i++) {
		python_child(&f, 100 + i, 100);
		thread(&f, 100 + i, 100 + i, "worker", CPU(9700), QUEUE(300));
		thread(&f, 200 + i, 100 + i, "thread", CPU(100), GIL(9000), IPC(900));
	}
	v = judge(&f);
	assert_class(&v, CLASS_CPU_BOUND);
	assert_current(&v, FIT_PROCESSES);
	assert_fit(&v, FIT_PROCESSES);
	fact_verdict_release(&v);
}

static void one_usable_cpu_makes_processes_pointless(void **state)
{
	struct facts f = gil_facts();
	struct fact_verdict v;

	(void)state;
	f.recording.cpus_usable = 1;
	replayed(&f, "processes", 4, 0.9, 1, 1.05);
	v = judge(&f);
	assert_class(&v, CLASS_GIL_BOUND);
	assert_fit(&v, FIT_EITHER);
	assert_non_null(strstr(v.summary, "Only one CPU is usable"));
	fact_verdict_release(&v);
}

static void a_released_gil_leaves_threads_as_they_are(void **state)
{
	struct facts f = recording(5000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(20), SYNC(4980));
	thread(&f, 101, 100, "worker", CPU(4900), GIL(20), QUEUE(80));
	thread(&f, 102, 100, "worker", CPU(4900), GIL(20), QUEUE(80));
	v = judge(&f);
	assert_class(&v, CLASS_CPU_BOUND);
	assert_current(&v, FIT_THREADS);
	assert_fit(&v, FIT_THREADS);
	assert_non_null(evidence(&v, "gil-released"));
	fact_verdict_release(&v);
}

/* Both seen on a machine that was busy with other things. */
static void who_only_stands_in_line_is_no_worker(void **state)
{
	struct facts f = recording(5800, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(50), QUEUE(750), SYNC(5000));
	for (uint32_t i = 1; i <= 4; i++)
		thread(&f, 100 + i, 100, "worker", CPU(640), QUEUE(2100), GIL(3060));
	v = judge(&f);
	assert_class(&v, CLASS_GIL_BOUND);
	assert_non_null(strstr(v.summary, "4 threads")); /* main only stood in line */
	fact_verdict_release(&v);
}

static void a_released_gil_shows_on_a_busy_machine_too(void **state)
{
	struct facts f = recording(2800, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	thread(&f, 101, 100, "worker", CPU(1300), QUEUE(1500));
	thread(&f, 102, 100, "worker", CPU(1300), QUEUE(1500));
	v = judge(&f);
	assert_class(&v, CLASS_CPU_BOUND);
	assert_fit(&v, FIT_THREADS);
	assert_non_null(evidence(&v, "machine-busy"));
	fact_verdict_release(&v);
}

static void python_processes_on_cpu_are_right_as_they_are(void **state)
{
	struct facts f = recording(5000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(30), IPC(4900));
	for (uint32_t i = 1; i <= 2; i++) {
		python_child(&f, 100 + i, 100);
		thread(&f, 100 + i, 100 + i, "worker", CPU(4800), QUEUE(100), IPC(100));
		channel(&f, "pipe", 100, 100 + i, 50, 50000, 100);
		channel(&f, "pipe", 100 + i, 100, 50, 50000, 2450);
	}
	v = judge(&f);
	assert_class(&v, CLASS_CPU_BOUND);
	assert_current(&v, FIT_PROCESSES);
	assert_fit(&v, FIT_PROCESSES);
	fact_verdict_release(&v);
}

static void c_threads_on_cpu_are_right_as_they_are(void **state)
{
	struct facts f = recording(5000, 2);
	struct fact_verdict v;

	(void)state;
	process(&f, 100, 1, "crunch");
	thread(&f, 100, 100, "main", CPU(2), SYNC(4998));
	thread(&f, 101, 100, "crunch", CPU(4900), QUEUE(100));
	thread(&f, 102, 100, "crunch", CPU(4900), QUEUE(100));
	v = judge(&f);
	assert_class(&v, CLASS_CPU_BOUND);
	assert_current(&v, FIT_THREADS);
	assert_fit(&v, FIT_THREADS);
	assert_true(v.confidence >= 0.75);
	fact_verdict_release(&v);
}

static void one_busy_thread_is_called_single(void **state)
{
	struct facts f = recording(5000, 4);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	thread(&f, 100, 100, "python3", CPU(4950), QUEUE(50));
	v = judge(&f);
	assert_class(&v, CLASS_CPU_BOUND);
	assert_current(&v, FIT_SINGLE);
	assert_fit(&v, FIT_PROCESSES);
	assert_non_null(evidence(&v, "one-thread"));
	assert_int_equal(v.prediction_cnt, 0);
	assert_int_equal(v.not_predicted_cnt, 1);
	fact_verdict_release(&v);
}

static void workers_that_take_turns_are_single(void **state)
{
	struct facts f = recording(4000, 4);
	struct fact_verdict v;

	(void)state;
	process(&f, 100, 1, "sh");
	thread(&f, 100, 100, "sh", CPU(1), CHILD(3999));
	for (uint32_t i = 1; i <= 4; i++) {
		process(&f, 100 + i, 100, "cc1");
		thread(&f, 100 + i, 100 + i, "cc1", CPU(990));
		f.threads[i].time_ns[BUCKET_IDLE] = 0;
		f.threads[i].lifetime_ns = 990 * NS_PER_MS;
		f.threads[i].first_cpu_ns = (i - 1) * 1000 * NS_PER_MS;
		f.threads[i].last_cpu_ns = f.threads[i].first_cpu_ns + 990 * NS_PER_MS;
	}
	v = judge(&f);
	assert_class(&v, CLASS_CPU_BOUND);
	assert_current(&v, FIT_SINGLE);
	fact_verdict_release(&v);
}

static void an_idle_server_is_idle(void **state)
{
	struct facts f = recording(10000, 2);
	struct fact_verdict v;

	(void)state;
	process(&f, 100, 1, "httpd");
	thread(&f, 100, 100, "main", IDLE(10000));
	for (uint32_t i = 1; i <= 8; i++)
		thread(&f, 100 + i, 100, "worker", CPU(5), SYNC(9995));
	v = judge(&f);
	assert_class(&v, CLASS_IDLE);
	assert_fit(&v, FIT_EITHER);
	assert_string_equal(v.evidence[0].rule, "idle");
	fact_verdict_release(&v);
}

/* Ten times a second it looks at the clock, and others have the CPUs. */
static void an_idle_server_on_a_busy_machine_is_idle(void **state)
{
	struct facts f = recording(2000, 2);
	struct fact_verdict v;

	(void)state;
	process(&f, 100, 1, "redis-server");
	thread(&f, 100, 100, "main", CPU(3), QUEUE(280), SLEEP(1717));
	v = judge(&f);
	assert_class(&v, CLASS_IDLE);
	fact_verdict_release(&v);
}

static void an_idle_pool_of_processes_is_idle(void **state)
{
	struct facts f = recording(10000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(2), IPC(9998));
	for (uint32_t i = 1; i <= 2; i++) {
		python_child(&f, 100 + i, 100);
		thread(&f, 100 + i, 100 + i, "worker", CPU(3), IPC(9997));
		channel(&f, "pipe", 100, 100 + i, 10, 1000, 9990);
	}
	v = judge(&f);
	assert_class(&v, CLASS_IDLE);
	fact_verdict_release(&v);
}

static void an_idle_event_loop_is_called_async(void **state)
{
	struct facts f = recording(10000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	thread(&f, 100, 100, "python3", CPU(40), IDLE(9960));
	loop_of(&f, 0, 0, 0, NULL, 0);
	v = judge(&f);
	assert_class(&v, CLASS_IDLE);
	assert_current(&v, FIT_ASYNC);
	fact_verdict_release(&v);
}

static void waiting_on_a_condition_variable_is_not_contention(void **state)
{
	struct facts f = recording(5000, 4);
	struct fact_verdict v;

	(void)state;
	process(&f, 100, 1, "pipeline");
	thread(&f, 100, 100, "main", CPU(4700), SYNC(300));
	for (uint32_t i = 1; i <= 3; i++)
		thread(&f, 100 + i, 100, "stage", CPU(900), SYNC(4100));
	lock(&f, LOCK_CONDVAR, "condition variable", 100, 12600);
	v = judge(&f);
	assert_null(evidence(&v, "lock-bound"));
	assert_true(v.class != CLASS_LOCK_BOUND);
	fact_verdict_release(&v);
}

static void a_main_thread_that_joins_does_no_work(void **state)
{
	struct facts f = recording(5000, 4);
	struct fact_verdict v;

	(void)state;
	process(&f, 100, 1, "one");
	thread(&f, 100, 100, "main", CPU(10), SYNC(4990));
	thread(&f, 101, 100, "worker", CPU(4990));
	v = judge(&f);
	assert_current(&v, FIT_SINGLE);
	fact_verdict_release(&v);
}

static void waits_for_one_mutex_are_lock_bound(void **state)
{
	struct facts f = recording(5000, 4);
	struct fact_verdict v;

	(void)state;
	process(&f, 100, 1, "convoy");
	thread(&f, 100, 100, "main", CPU(10), SYNC(4990));
	for (uint32_t i = 1; i <= 4; i++)
		thread(&f, 100 + i, 100, "worker", CPU(1250), LOCK(3700), QUEUE(50));
	edge(lock(&f, LOCK_MUTEX, "mutex 0x7f00", 100, 14800), 101, 102, 14800);
	f.locks[0].waits = 1000000; /* 5 us each: a counter */
	v = judge(&f);
	assert_class(&v, CLASS_LOCK_BOUND);
	assert_fit(&v, FIT_EITHER);
	assert_non_null(strstr(v.evidence[0].text, "mutex 0x7f00"));
	fact_verdict_release(&v);
}

static void waits_inside_the_kernel_are_kernel_lock_bound(void **state)
{
	struct facts f = recording(5000, 4);
	struct fact_verdict v;

	(void)state;
	process(&f, 100, 1, "mapper");
	for (uint32_t i = 1; i <= 4; i++)
		thread(&f, 100 + i, 100, "worker", CPU(2500), KLOCK(2500));
	lock(&f, LOCK_KERNEL, "mmap_lock", 100, 10000);
	v = judge(&f);
	assert_class(&v, CLASS_KERNEL_LOCK_BOUND);
	assert_fit(&v, FIT_PROCESSES);
	fact_verdict_release(&v);
}

static void threads_on_the_network_fit(void **state)
{
	struct facts f = recording(5000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(20), SYNC(4980));
	for (uint32_t i = 1; i <= 8; i++)
		thread(&f, 100 + i, 100, "worker", CPU(100), GIL(60), NETWORK(4840));
	v = judge(&f);
	assert_class(&v, CLASS_IO_BOUND);
	assert_current(&v, FIT_THREADS);
	assert_fit(&v, FIT_THREADS);
	assert_non_null(evidence(&v, "io-network"));
	fact_verdict_release(&v);
}

static void short_lived_workers_are_counted_as_many_as_ran_at_a_time(void **state)
{
	struct facts f = recording(10000, 2);
	struct fact_verdict v;

	(void)state;
	process(&f, 100, 1, "make");
	for (uint32_t i = 0; i < 80; i++) {
		process(&f, 200 + i, 100, "cc1");
		thread(&f, 200 + i, 200 + i, "cc1", CPU(240), QUEUE(260));
		/* Four at a time, each half a second long. */
		f.threads[i].lifetime_ns = 500 * NS_PER_MS;
		f.threads[i].time_ns[BUCKET_IDLE] = 0;
		f.threads[i].first_cpu_ns = (i / 4) * 500 * NS_PER_MS;
		f.threads[i].last_cpu_ns = (i / 4 + 1) * 500 * NS_PER_MS;
	}
	v = judge(&f);
	assert_class(&v, CLASS_OVERSUBSCRIBED);
	assert_true(is_advised(&v, "in place of 4:"));
	fact_verdict_release(&v);
}

/* A thread per request, two at a time, in an interpreter. */
static void threads_for_one_request_are_workers_together(void **state)
{
	struct facts f = recording(2000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(300), IDLE(1700));
	for (uint32_t i = 1; i <= 400; i++) {
		struct fact_thread *t;

		thread(&f, 100 + i, 100, "worker", CPU(4), GIL(5));
		t = &f.threads[i];
		t->lifetime_ns = 9 * NS_PER_MS;
		t->time_ns[BUCKET_IDLE] = 0;
		t->started_ns = t->first_cpu_ns = (i / 2 + 1) * 9 * NS_PER_MS;
		t->last_cpu_ns = t->started_ns + t->lifetime_ns;
	}
	v = judge(&f);
	assert_class(&v, CLASS_GIL_BOUND);
	assert_current(&v, FIT_THREADS);
	fact_verdict_release(&v);
}

static void an_event_loop_with_room_is_kept(void **state)
{
	struct facts f = recording(10000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	thread(&f, 100, 100, "python3", CPU(2700), QUEUE(600), IDLE(6700));
	loop_of(&f, 2, 600, 0, NULL, 0);
	v = judge(&f);
	assert_current(&v, FIT_ASYNC);
	assert_fit(&v, FIT_ASYNC);
	assert_false(is_advised(&v, "Process"));
	assert_int_equal(v.not_predicted_cnt, 0);
	fact_verdict_release(&v);
}

static void an_event_loop_that_only_computes_wants_processes(void **state)
{
	struct facts f = recording(10000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	thread(&f, 100, 100, "python3", CPU(9500), IDLE(500));
	loop_of(&f, 2, 600, 0, NULL, 0);
	v = judge(&f);
	assert_current(&v, FIT_ASYNC);
	assert_fit(&v, FIT_PROCESSES);
	fact_verdict_release(&v);
}

static void hundreds_of_threads_on_sockets_want_async(void **state)
{
	struct facts f = recording(5000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	for (uint32_t i = 0; i < 200; i++)
		thread(&f, 100 + i, 100, "worker", CPU(8), NETWORK(4992));
	v = judge(&f);
	assert_class(&v, CLASS_IO_BOUND);
	assert_fit(&v, FIT_ASYNC);
	assert_true(is_advised(&v, "asyncio"));
	fact_verdict_release(&v);
}

static void waits_for_a_local_database_are_io(void **state)
{
	struct facts f = recording(5000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	for (uint32_t i = 1; i <= 4; i++)
		thread(&f, 100 + i, 100, "worker", CPU(400), IPC(4600));
	channel(&f, "unix", 100, 100, 40000, 4000000, 18400);
	v = judge(&f);
	assert_class(&v, CLASS_IO_BOUND);
	assert_fit(&v, FIT_THREADS);
	fact_verdict_release(&v);
}

static void waits_for_the_disk_are_io(void **state)
{
	struct facts f = recording(5000, 2);
	struct fact_verdict v;

	(void)state;
	process(&f, 100, 1, "grep");
	thread(&f, 100, 100, "grep", CPU(900), DISK(4100));
	v = judge(&f);
	assert_class(&v, CLASS_IO_BOUND);
	assert_current(&v, FIT_SINGLE);
	assert_fit(&v, FIT_THREADS);
	assert_non_null(evidence(&v, "io-disk"));
	fact_verdict_release(&v);
}

static void a_ping_pong_of_processes_is_ipc_bound(void **state)
{
	struct facts f = recording(2000, 2);
	struct fact_verdict v;

	(void)state;
	process(&f, 100, 1, "pong");
	process(&f, 101, 100, "pong");
	thread(&f, 100, 100, "main", KERNEL(800), CPU(200), IPC(900), QUEUE(100));
	thread(&f, 101, 101, "worker", KERNEL(800), CPU(200), IPC(900), QUEUE(100));
	channel(&f, "pipe", 100, 101, 200000, 200000, 900);
	channel(&f, "pipe", 101, 100, 200000, 200000, 900);
	v = judge(&f);
	assert_class(&v, CLASS_IPC_BOUND);
	assert_current(&v, FIT_PROCESSES);
	assert_fit(&v, FIT_THREADS);
	fact_verdict_release(&v);
}

static void workers_that_wait_for_their_next_task_are_not_ipc_bound(void **state)
{
	struct facts f = recording(5000, 4);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(4900), IPC(100));
	for (uint32_t i = 1; i <= 2; i++) {
		python_child(&f, 100 + i, 100);
		thread(&f, 100 + i, 100 + i, "worker", CPU(2000), IPC(3000));
		channel(&f, "pipe", 100, 100 + i, 100, 100000, 3000);
	}
	v = judge(&f);
	assert_null(evidence(&v, "ipc-bound"));
	assert_class(&v, CLASS_CPU_BOUND);
	assert_non_null(evidence(&v, "bottleneck"));
	fact_verdict_release(&v);
}

static void more_runnable_threads_than_cpus_are_oversubscribed(void **state)
{
	struct facts f = recording(5000, 2);
	struct fact_verdict v;

	(void)state;
	process(&f, 100, 1, "crunch");
	for (uint32_t i = 1; i <= 8; i++)
		thread(&f, 100 + i, 100, "worker", CPU(1240), QUEUE(3760));
	v = judge(&f);
	assert_class(&v, CLASS_OVERSUBSCRIBED);
	assert_fit(&v, FIT_THREADS);
	assert_true(is_advised(&v, "2 workers for 2 usable CPUs in place of 8"));
	fact_verdict_release(&v);
}

static void queueing_behind_other_programs_lowers_confidence_only(void **state)
{
	struct facts f = recording(5000, 4);
	struct fact_verdict v;

	(void)state;
	process(&f, 100, 1, "crunch");
	thread(&f, 101, 100, "worker", CPU(2500), QUEUE(2500));
	thread(&f, 102, 100, "worker", CPU(2500), QUEUE(2500));
	v = judge(&f);
	assert_true(v.class != CLASS_OVERSUBSCRIBED);
	assert_non_null(evidence(&v, "machine-busy"));
	assert_true(v.confidence < 0.75);
	fact_verdict_release(&v);
}

static void one_worker_with_most_of_the_work_is_imbalanced(void **state)
{
	struct facts f = recording(5000, 4);
	struct fact_verdict v;

	(void)state;
	process(&f, 100, 1, "crunch");
	thread(&f, 101, 100, "worker", CPU(4900), SYNC(100));
	for (uint32_t i = 2; i <= 4; i++)
		thread(&f, 100 + i, 100, "worker", CPU(1000), SYNC(4000));
	v = judge(&f);
	assert_class(&v, CLASS_IMBALANCED);
	fact_verdict_release(&v);
}

/* The first pool has ended when the second, with more to do, begins. */
static void pools_one_after_the_other_are_not_imbalanced(void **state)
{
	struct facts f = recording(5000, 4);
	struct fact_verdict v;

	(void)state;
	process(&f, 100, 1, "crunch");
	for (uint32_t i = 1; i <= 4; i++) {
		uint64_t born_ms = i <= 2 ? 0 : 1000, ms = i <= 2 ? 1000 : 4000;
		struct fact_thread *t;

		thread(&f, 100 + i, 100, "worker", CPU(ms), SYNC(0));
		t = &f.threads[i - 1];
		t->started_ns = t->first_cpu_ns = born_ms * NS_PER_MS;
		t->lifetime_ns = ms * NS_PER_MS;
		t->time_ns[BUCKET_IDLE] = 0;
		t->last_cpu_ns = t->started_ns + t->lifetime_ns;
	}
	v = judge(&f);
	assert_class(&v, CLASS_CPU_BOUND);
	fact_verdict_release(&v);
}

static void fetching_threads_beside_crunching_ones_want_a_mix(void **state)
{
	struct facts f = recording(5000, 4);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	for (uint32_t i = 1; i <= 4; i++)
		thread(&f, 100 + i, 100, "fetch", CPU(100), NETWORK(4700), GIL(200));
	for (uint32_t i = 5; i <= 6; i++)
		thread(&f, 100 + i, 100, "parse", CPU(2300), GIL(2700));
	v = judge(&f);
	assert_class(&v, CLASS_MIXED);
	assert_fit(&v, FIT_HYBRID);
	assert_int_equal(v.role_cnt, 2);
	for (size_t i = 0; i < 2; i++) {
		bool is_fetch = !strcmp(v.roles[i].role, "fetch");

		assert_fit(&v.roles[i], is_fetch ? FIT_THREADS : FIT_PROCESSES);
	}
	fact_verdict_release(&v);
}

static void a_cpu_quota_is_named(void **state)
{
	struct facts f = recording(5000, 2);
	struct fact_verdict v;

	(void)state;
	process(&f, 100, 1, "crunch");
	f.recording.cpus_quota = 1;
	f.recording.cpus_usable = 1;
	thread(&f, 101, 100, "worker", CPU(2500), THROTTLED(2500));
	thread(&f, 102, 100, "worker", CPU(2500), THROTTLED(2500));
	v = judge(&f);
	assert_non_null(evidence(&v, "throttled"));
	assert_true(is_advised(&v, "quota"));
	fact_verdict_release(&v);
}

static void a_short_recording_is_inconclusive(void **state)
{
	struct facts f = recording(120, 2);
	struct fact_verdict v;

	(void)state;
	process(&f, 100, 1, "true");
	thread(&f, 100, 100, "true", CPU(110));
	v = judge(&f);
	assert_class(&v, CLASS_INCONCLUSIVE);
	assert_fit(&v, FIT_INCONCLUSIVE);
	assert_non_null(strstr(v.summary, "120 ms"));
	assert_true(v.confidence == 0);
	fact_verdict_release(&v);
}

static void nothing_seen_is_inconclusive(void **state)
{
	struct facts f = recording(5000, 2);
	struct fact_verdict v = judge(&f);

	(void)state;
	assert_class(&v, CLASS_INCONCLUSIVE);
	assert_current(&v, FIT_INCONCLUSIVE);
	fact_verdict_release(&v);
}

static void large_losses_are_inconclusive_and_small_ones_cost_confidence(void **state)
{
	struct facts f = gil_facts(), g = gil_facts();
	struct fact_verdict v, w;

	(void)state;
	f.recording.lost_ring = 50000;
	g.recording.lost_ring = 2000;
	v = judge(&f);
	w = judge(&g);
	assert_class(&v, CLASS_INCONCLUSIVE);
	assert_class(&w, CLASS_GIL_BOUND);
	assert_true(w.confidence < 0.75);
	fact_verdict_release(&v);
	fact_verdict_release(&w);
}

static void missing_buckets_cost_confidence(void **state)
{
	struct facts f = gil_facts(), g = gil_facts();
	struct fact_verdict v, w;

	(void)state;
	g.recording.unavailable = xcalloc(1, sizeof(char *));
	g.recording.unavailable[0] = xstrdup("lock");
	g.recording.unavailable_cnt = 1;
	v = judge(&f);
	w = judge(&g);
	assert_true(w.confidence < v.confidence);
	fact_verdict_release(&v);
	fact_verdict_release(&w);
}

/* What a hostile file can hold: sums that wrap, no CPUs, ends before starts. */
static void absurd_facts_are_survived(void **state)
{
	struct facts f = recording(5000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 0);
	thread(&f, 0, 0, "", CPU(1));
	for (int b = 0; b < BUCKET_CNT; b++)
		f.threads[0].time_ns[b] = UINT64_MAX;
	f.threads[0].first_cpu_ns = UINT64_MAX;
	free(f.threads[0].role);
	f.threads[0].role = NULL;
	f.recording.cpus_usable = -1e300;
	v = judge(&f);
	assert_non_null(v.summary);
	fact_verdict_release(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_behind_one_gil_want_processes),
		cmocka_unit_test(a_pool_of_processes_is_as_large_as_the_usable_cpus),
		cmocka_unit_test(two_threads_behind_one_gil_are_enough),
		cmocka_unit_test(a_feeder_that_waits_for_the_lock_makes_no_pool_of_threads),
		cmocka_unit_test(one_usable_cpu_makes_processes_pointless),
		cmocka_unit_test(a_released_gil_leaves_threads_as_they_are),
		cmocka_unit_test(who_only_stands_in_line_is_no_worker),
		cmocka_unit_test(a_released_gil_shows_on_a_busy_machine_too),
		cmocka_unit_test(python_processes_on_cpu_are_right_as_they_are),
		cmocka_unit_test(c_threads_on_cpu_are_right_as_they_are),
		cmocka_unit_test(one_busy_thread_is_called_single),
		cmocka_unit_test(workers_that_take_turns_are_single),
		cmocka_unit_test(an_idle_server_is_idle),
		cmocka_unit_test(an_idle_server_on_a_busy_machine_is_idle),
		cmocka_unit_test(an_idle_pool_of_processes_is_idle),
		cmocka_unit_test(an_idle_event_loop_is_called_async),
		cmocka_unit_test(waiting_on_a_condition_variable_is_not_contention),
		cmocka_unit_test(a_main_thread_that_joins_does_no_work),
		cmocka_unit_test(waits_for_one_mutex_are_lock_bound),
		cmocka_unit_test(waits_inside_the_kernel_are_kernel_lock_bound),
		cmocka_unit_test(threads_on_the_network_fit),
		cmocka_unit_test(short_lived_workers_are_counted_as_many_as_ran_at_a_time),
		cmocka_unit_test(threads_for_one_request_are_workers_together),
		cmocka_unit_test(an_event_loop_with_room_is_kept),
		cmocka_unit_test(an_event_loop_that_only_computes_wants_processes),
		cmocka_unit_test(hundreds_of_threads_on_sockets_want_async),
		cmocka_unit_test(waits_for_a_local_database_are_io),
		cmocka_unit_test(waits_for_the_disk_are_io),
		cmocka_unit_test(a_ping_pong_of_processes_is_ipc_bound),
		cmocka_unit_test(workers_that_wait_for_their_next_task_are_not_ipc_bound),
		cmocka_unit_test(more_runnable_threads_than_cpus_are_oversubscribed),
		cmocka_unit_test(queueing_behind_other_programs_lowers_confidence_only),
		cmocka_unit_test(one_worker_with_most_of_the_work_is_imbalanced),
		cmocka_unit_test(pools_one_after_the_other_are_not_imbalanced),
		cmocka_unit_test(fetching_threads_beside_crunching_ones_want_a_mix),
		cmocka_unit_test(a_cpu_quota_is_named),
		cmocka_unit_test(a_short_recording_is_inconclusive),
		cmocka_unit_test(nothing_seen_is_inconclusive),
		cmocka_unit_test(large_losses_are_inconclusive_and_small_ones_cost_confidence),
		cmocka_unit_test(missing_buckets_cost_confidence),
		cmocka_unit_test(absurd_facts_are_survived),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
