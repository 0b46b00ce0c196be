// SPDX-License-Identifier: MIT
/* What fits beyond the class: confidence and doubts, the replay, needs, roles, who counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "judged.h"

static bool is_doubted(const struct fact_verdict *v, const char *why)
{
	for (size_t i = 0; i < v->doubt_cnt; i++)
		if (strstr(v->doubts[i], why))
			return true;
	return false;
}

#define assert_low(v, why)                                                           \
	do {                                                                         \
		assert_string_equal(verdict_confidence_word((v)->confidence), "low"); \
		assert_true(is_doubted(v, why));                                     \
	} while (0)

static void need(struct facts *f, const char *what)
{
	f->recording.needs = xcalloc(1, sizeof(char *));
	f->recording.needs[f->recording.need_cnt++] = xstrdup(what);
}

/* Two threads, or two processes, that compute. */
static struct facts computing(bool are_processes)
{
	struct facts f = recording(5000, 2);

	process(&f, 100, 1, "crunch")->private_bytes = 40000000;
	for (uint32_t i = 1; i <= 2; i++) {
		if (are_processes)
			process(&f, 100 + i, 100, "crunch");
		thread(&f, 100 + i, are_processes ? 100 + i : 100, "worker", CPU(4900), QUEUE(100));
	}
	return f;
}

static void what_hardly_works_gets_low_confidence(void **state)
{
	struct facts idle = recording(10000, 2), stopped = computing(false),
		     brief = computing(false);
	struct fact_verdict v;

	(void)state;
	process(&idle, 100, 1, "httpd");
	for (int i = 1; i <= 8; i++)
		thread(&idle, 100 + i, 100, "worker", CPU(5), SYNC(9995));
	v = judge(&idle);
	assert_low(&v, "next to nothing to do");
	assert_fit(&v, FIT_EITHER);
	fact_verdict_release(&v);

	stopped.threads[0].time_ns[BUCKET_CPU_USER] -= 2000 * NS_PER_MS;
	stopped.threads[0].time_ns[BUCKET_STOPPED] += 2000 * NS_PER_MS;
	v = judge(&stopped);
	assert_low(&v, "stopped");
	fact_verdict_release(&v);

	brief.recording.duration_ns = 50 * NS_PER_MS;
	v = judge(&brief);
	assert_low(&v, "50 ms");
	assert_fit(&v, FIT_INCONCLUSIVE);
	fact_verdict_release(&v);
}

static void what_was_not_recorded_gets_low_confidence(void **state)
{
	struct facts whole = computing(false), lossy = computing(false), blind = computing(false);
	struct facts cut = computing(false);
	struct fact_verdict v = judge(&whole);

	(void)state;
	assert_string_equal(verdict_confidence_word(v.confidence), "high");
	assert_int_equal(v.doubt_cnt, 0);
	fact_verdict_release(&v);

	lossy.recording.lost_ring = 200;
	v = judge(&lossy);
	assert_low(&v, "lost");
	fact_verdict_release(&v);

	blind.recording.unavailable = xcalloc(1, sizeof(char *));
	blind.recording.unavailable[blind.recording.unavailable_cnt++] = xstrdup("run_queue");
	v = judge(&blind);
	assert_low(&v, "run_queue");
	fact_verdict_release(&v);

	cut.recording.is_complete = false;
	v = judge(&cut);
	assert_true(v.confidence < 0.75);
	assert_true(is_doubted(&v, "cut off"));
	fact_verdict_release(&v);
}

/* As much as what is missing matters: to advise a change, more than to advise none. */
static void what_was_given_up_for_its_cost_lowers_confidence(void **state)
{
	struct facts whole = computing(false), late = computing(false), stays = computing(false);
	struct facts changes = recording(5000, 2);
	struct fact_verdict v = judge(&whole);
	double before = v.confidence;

	(void)state;
	fact_verdict_release(&v);
	late.recording.calls_until_ns = 4900 * NS_PER_MS;
	v = judge(&late);
	assert_true(v.confidence == before);
	assert_int_equal(v.doubt_cnt, 0);
	fact_verdict_release(&v);

	stays.recording.calls_until_ns = 1500 * NS_PER_MS;
	v = judge(&stays);
	assert_true(v.confidence < before);
	assert_string_equal(verdict_confidence_word(v.confidence), "high");
	assert_true(is_doubted(&v, "counted for the first 1.5 of 5.0 s only"));
	fact_verdict_release(&v);

	python(&changes, 100);
	for (uint32_t i = 1; i <= 4; i++)
		thread(&changes, 100 + i, 100, "worker", CPU(1200), GIL(3700));
	changes.recording.calls_until_ns = 1500 * NS_PER_MS;
	v = judge(&changes);
	assert_fit(&v, FIT_PROCESSES);
	assert_string_equal(verdict_confidence_word(v.confidence), "medium");
	assert_true(is_doubted(&v, "counted for the first 1.5 of 5.0 s only"));
	fact_verdict_release(&v);
}

static void a_machine_full_of_others_gets_low_confidence(void **state)
{
	struct facts f = recording(5000, 4);
	struct fact_verdict v;

	(void)state;
	process(&f, 100, 1, "crunch");
	for (int i = 1; i <= 2; i++)
		thread(&f, 100 + i, 100, "worker", CPU(2500), QUEUE(2500));
	v = judge(&f);
	assert_low(&v, "other programs had the CPUs");
	fact_verdict_release(&v);
}

/* Never high: that the work divides is taken for granted. */
static void what_rests_on_things_unseen_is_not_high(void **state)
{
	struct facts f = recording(5000, 2);
	struct fact_verdict v;

	(void)state;
	process(&f, 100, 1, "crunch");
	thread(&f, 100, 100, "crunch", CPU(4950), QUEUE(50));
	v = judge(&f);
	assert_fit(&v, FIT_THREADS);
	assert_string_equal(verdict_confidence_word(v.confidence), "medium");
	assert_true(is_doubted(&v, "divided"));
	fact_verdict_release(&v);
}

/* As seen: two workers 30 % apart, and the load generator has the CPUs. */
static void a_served_pool_is_not_imbalanced(void **state)
{
	struct facts f = recording(3000, 2);
	struct fact_verdict v;

	(void)state;
	process(&f, 100, 1, "nginx");
	thread(&f, 100, 100, "main", IDLE(3000));
	for (uint32_t i = 1; i <= 2; i++)
		process(&f, 100 + i, 100, "nginx");
	thread(&f, 101, 101, "nginx", KERNEL(860), QUEUE(900), IDLE(1240));
	thread(&f, 102, 102, "nginx", KERNEL(460), QUEUE(500), IDLE(2040));
	v = judge(&f);
	assert_true(v.class != CLASS_IMBALANCED);
	assert_false(evidence(&v, "imbalanced"));
	assert_string_equal(verdict_confidence_word(v.confidence), "low");
	fact_verdict_release(&v);
}

static void a_replay_that_gains_nothing_makes_it_either(void **state)
{
	struct facts f = gil_facts(), g = gil_facts();
	struct fact_verdict v;

	(void)state;
	replayed(&f, "processes", 2, 1.01, 1.08, 1.2);
	v = judge(&f);
	assert_fit(&v, FIT_EITHER);
	assert_non_null(strstr(v.summary, "about as long"));
	fact_verdict_release(&v);

	replayed(&g, "processes", 2, 0.6, 0.7, 0.9);
	v = judge(&g);
	assert_fit(&v, FIT_THREADS);
	fact_verdict_release(&v);
}

static void a_replay_that_gains_for_sure_changes_the_fit(void **state)
{
	struct facts f = computing(false), g = computing(false);
	struct fact_verdict v;

	(void)state;
	replayed(&f, "processes", 2, 1.3, 1.5, 1.8);
	v = judge(&f);
	assert_fit(&v, FIT_PROCESSES);
	assert_non_null(strstr(v.summary, "1.50x"));
	fact_verdict_release(&v);

	replayed(&g, "processes", 2, 0.9, 1.5, 1.8);
	v = judge(&g);
	assert_fit(&v, FIT_THREADS);
	fact_verdict_release(&v);
}

static void who_needs_isolation_gets_processes_where_they_are_cheap(void **state)
{
	struct facts f = computing(false), g = computing(false);
	struct fact_verdict v;

	(void)state;
	need(&f, "isolation");
	v = judge(&f);
	assert_fit(&v, FIT_PROCESSES);
	assert_non_null(strstr(v.summary, "You need crash isolation"));
	assert_non_null(strstr(v.summary, "40 MB"));
	fact_verdict_release(&v);

	need(&g, "isolation");
	replayed(&g, "processes", 2, 0.4, 0.5, 0.6);
	v = judge(&g);
	assert_fit(&v, FIT_THREADS);
	assert_non_null(strstr(v.summary, "takes processes all the same"));
	assert_non_null(strstr(v.summary, "0.50x"));
	fact_verdict_release(&v);
}

static void who_needs_sharing_keeps_processes_where_threads_are_slow(void **state)
{
	struct facts f = computing(true), g = gil_facts();
	struct fact_verdict v;

	(void)state;
	need(&f, "sharing");
	replayed(&f, "threads", 2, 0.95, 1.0, 1.05);
	v = judge(&f);
	assert_fit(&v, FIT_THREADS);
	assert_non_null(strstr(v.summary, "You need fast sharing"));
	fact_verdict_release(&v);

	need(&g, "sharing");
	v = judge(&g);
	assert_fit(&v, FIT_PROCESSES);
	assert_non_null(strstr(v.summary, "shared memory"));
	fact_verdict_release(&v);
}

static void each_role_is_told_where_to_go(void **state)
{
	struct facts f = recording(5000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	for (int i = 1; i <= 4; i++)
		thread(&f, 100 + i, 100, "fetch", CPU(20), NETWORK(1800), GIL(2900));
	for (int i = 5; i <= 6; i++)
		thread(&f, 100 + i, 100, "crunch", CPU(2200), GIL(2700), SYNC(100));
	v = judge(&f);
	assert_fit(&v, FIT_HYBRID);
	assert_non_null(strstr(v.summary, "fetch in threads; crunch in processes"));
	fact_verdict_release(&v);
}

/* Each of eight fetches, @network_ms in all, and then crunches. */
static struct facts fetch_and_crunch(bool are_processes, uint64_t cpu_ms, uint64_t network_ms)
{
	struct facts f = recording(6000, 2);
	uint64_t rest = 6000 - cpu_ms - network_ms;

	python(&f, 100);
	for (uint32_t i = 1; i <= 8; i++) {
		if (are_processes)
			python_child(&f, 100 + i, 1);
		thread(&f, 100 + i, are_processes ? 100 + i : 100, "worker", CPU(cpu_ms),
		       NETWORK(network_ms), are_processes ? QUEUE(rest) : GIL(rest));
	}
	return f;
}

static void who_waits_longer_than_he_computes_wants_a_mix(void **state)
{
	struct facts threads = fetch_and_crunch(false, 700, 1800);
	struct facts processes = fetch_and_crunch(true, 1000, 2000);
	struct facts less = fetch_and_crunch(false, 700, 600);
	struct facts one_cpu = fetch_and_crunch(false, 700, 1800);
	struct fact_verdict v = judge(&threads);

	(void)state;
	assert_class(&v, CLASS_GIL_BOUND);
	assert_fit(&v, FIT_HYBRID);
	assert_non_null(strstr(v.summary, "2.6 times as long as they compute"));
	fact_verdict_release(&v);

	v = judge(&processes);
	assert_class(&v, CLASS_OVERSUBSCRIBED);
	assert_fit(&v, FIT_HYBRID);
	fact_verdict_release(&v);

	v = judge(&less);
	assert_fit(&v, FIT_PROCESSES);
	fact_verdict_release(&v);

	one_cpu.recording.cpus_usable = 1;
	v = judge(&one_cpu);
	assert_fit(&v, FIT_EITHER);
	fact_verdict_release(&v);
}

/* As of multiprocessing.Queue, whose thread sends what the computing thread puts in. */
static void a_feeder_that_queues_for_the_gil_is_no_worker(void **state)
{
	struct facts f = recording(4000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(150), IPC(3850));
	for (uint32_t i = 1; i <= 2; i++) {
		python_child(&f, 100 + i, 100);
		thread(&f, 100 + i, 100 + i, "worker", CPU(3900), QUEUE(100));
		thread(&f, 200 + i, 100 + i, "thread (cpu)", CPU(20), GIL(3600), SYNC(380));
	}
	v = judge(&f);
	assert_class(&v, CLASS_CPU_BOUND);
	assert_string_equal(verdict_fit_name(v.current), "processes");
	fact_verdict_release(&v);
}

/* Only the largest channels are listed; the rest is one sum without ends. */
static void waits_on_channels_not_listed_are_like_the_listed(void **state)
{
	struct facts f = recording(5000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	for (uint32_t i = 1; i <= 200; i++) {
		thread(&f, 100 + i, 100, "worker", CPU(5), IPC(4800), LOCK(195));
		if (i <= 10)
			channel(&f, "tcp", 100, 100, 12, 1000, 4800);
	}
	channel(&f, "other", 0, 0, 2280, 190000, 190 * 4800);
	v = judge(&f);
	assert_class(&v, CLASS_IO_BOUND);
	assert_fit(&v, FIT_ASYNC);
	fact_verdict_release(&v);
}

/* Crunching that leaves an interpreter room needs no processes. */
static void little_crunching_stays_in_threads(void **state)
{
	struct facts f = recording(5000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	for (int i = 1; i <= 4; i++)
		thread(&f, 100 + i, 100, "fetch", CPU(50), NETWORK(4950));
	thread(&f, 105, 100, "crunch", CPU(1700), SYNC(3300));
	v = judge(&f);
	assert_fit(&v, FIT_THREADS);
	fact_verdict_release(&v);
}

/* As zlib and hashlib do: threads would run at the same time. */
static void one_thread_that_releases_the_lock_wants_threads(void **state)
{
	struct facts f = recording(5000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	thread(&f, 100, 100, "python3", CPU(4950), QUEUE(50));
	f.threads[0].watched_ns = 4900 * NS_PER_MS;
	f.threads[0].released_ns = 4800 * NS_PER_MS;
	v = judge(&f);
	assert_fit(&v, FIT_THREADS);
	assert_non_null(strstr(v.summary, "without the interpreter's lock"));
	assert_non_null(strstr(v.advice[0], "ThreadPoolExecutor"));
	fact_verdict_release(&v);
}

static void helpers_of_a_pool_are_no_workers(void **state)
{
	struct facts f = recording(5000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(4900));
	python_child(&f, 101, 100);
	f.processes[1].helper = xstrdup("fork server");
	thread(&f, 101, 101, "fork server", CPU(900), IDLE(4100));
	v = judge(&f);
	assert_string_equal(verdict_fit_name(v.current), "single");
	fact_verdict_release(&v);
}

/* Feeder and result handler of the parent: the exchange, not threads that work. */
static void an_executors_threads_make_no_hybrid(void **state)
{
	struct facts f = recording(5000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(600), SYNC(4400));
	thread(&f, 101, 100, "thread (io)", CPU(700), IPC(4300));
	thread(&f, 102, 100, "thread (cpu)", CPU(600), QUEUE(400), SYNC(4000));
	for (uint32_t i = 3; i <= 4; i++) {
		python_child(&f, 100 + i, 100);
		f.processes[i - 2].start_method = xstrdup("fork");
		thread(&f, 100 + i, 100 + i, "worker", CPU(3800), QUEUE(200), IPC(1000));
		channel(&f, "pipe", 100, 100 + i, 5000, 500000, 1000);
	}
	v = judge(&f);
	assert_string_equal(verdict_fit_name(v.current), "processes");
	fact_verdict_release(&v);
}

/* Who holds threading.Lock queues for the GIL, and the rest for both. */
static void a_lock_held_in_line_for_the_gil_is_the_gils(void **state)
{
	struct facts f = recording(6000, 2);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	thread(&f, 100, 100, "main", CPU(160), QUEUE(730), GIL(1760), LOCK(2390), SYNC(960));
	for (int i = 1; i <= 4; i++)
		thread(&f, 100 + i, 100, "worker", CPU(1435), QUEUE(430), GIL(970), LOCK(3070));
	lock(&f, LOCK_SEMAPHORE, "threading.Lock", 100, 14670);
	v = judge(&f);
	assert_class(&v, CLASS_GIL_BOUND);
	assert_fit(&v, FIT_PROCESSES);
	fact_verdict_release(&v);
}

/* 800 ms of imports before the first thread: as much CPU as a worker has later. */
static void imports_of_a_launched_program_do_not_decide(void **state)
{
	struct facts f = recording(5000, 4);
	struct fact_verdict v;

	(void)state;
	python(&f, 100);
	f.processes[0].has_exec = f.processes[0].exec = true;
	thread(&f, 100, 100, "main", CPU(820), SYNC(4180));
	for (uint32_t i = 1; i <= 4; i++) {
		thread(&f, 100 + i, 100, "worker", CPU(40), NETWORK(4160));
		f.threads[i].time_ns[BUCKET_IDLE] = 0;
		f.threads[i].lifetime_ns = 4200 * NS_PER_MS;
		f.threads[i].started_ns = f.threads[i].first_cpu_ns = 800 * NS_PER_MS;
	}
	f.series = xcalloc(50, sizeof(*f.series));
	f.series_cnt = 50;
	for (size_t i = 0; i < 50; i++) {
		f.series[i].t_ns = i * 100 * NS_PER_MS;
		f.series[i].groups[GROUP_CPU] = i < 8 ? 1 : 0.04;
	}
	v = judge(&f);
	assert_class(&v, CLASS_IO_BOUND);
	assert_fit(&v, FIT_THREADS);
	assert_non_null(strstr(v.summary, "4 threads"));
	fact_verdict_release(&v);
}

static void the_whole_machine_is_no_program(void **state)
{
	static const char *const firsts[] = { "init", "kthreadd" };

	(void)state;
	for (uint32_t pid = 1; pid <= 2; pid++) {
		struct facts f = computing(false);
		struct fact_verdict v;

		process(&f, pid, 0, firsts[pid - 1]);
		thread(&f, pid, pid, firsts[pid - 1], IDLE(5000));
		v = judge(&f);
		assert_fit(&v, FIT_INCONCLUSIVE);
		assert_non_null(strstr(v.summary, "partrace -p 100"));
		assert_int_equal(v.evidence_cnt, 0);
		fact_verdict_release(&v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_hardly_works_gets_low_confidence),
		cmocka_unit_test(what_was_not_recorded_gets_low_confidence),
		cmocka_unit_test(what_was_given_up_for_its_cost_lowers_confidence),
		cmocka_unit_test(a_machine_full_of_others_gets_low_confidence),
		cmocka_unit_test(what_rests_on_things_unseen_is_not_high),
		cmocka_unit_test(a_served_pool_is_not_imbalanced),
		cmocka_unit_test(a_replay_that_gains_nothing_makes_it_either),
		cmocka_unit_test(a_replay_that_gains_for_sure_changes_the_fit),
		cmocka_unit_test(who_needs_isolation_gets_processes_where_they_are_cheap),
		cmocka_unit_test(who_needs_sharing_keeps_processes_where_threads_are_slow),
		cmocka_unit_test(each_role_is_told_where_to_go),
		cmocka_unit_test(who_waits_longer_than_he_computes_wants_a_mix),
		cmocka_unit_test(a_feeder_that_queues_for_the_gil_is_no_worker),
		cmocka_unit_test(waits_on_channels_not_listed_are_like_the_listed),
		cmocka_unit_test(little_crunching_stays_in_threads),
		cmocka_unit_test(one_thread_that_releases_the_lock_wants_threads),
		cmocka_unit_test(helpers_of_a_pool_are_no_workers),
		cmocka_unit_test(an_executors_threads_make_no_hybrid),
		cmocka_unit_test(a_lock_held_in_line_for_the_gil_is_the_gils),
		cmocka_unit_test(imports_of_a_launched_program_do_not_decide),
		cmocka_unit_test(the_whole_machine_is_no_program),
	};

	return cmocka_run_group_tests_name("fit", tests, NULL, NULL);
}
