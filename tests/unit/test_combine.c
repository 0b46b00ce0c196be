// SPDX-License-Identifier: MIT
/* Recordings put together: what adds up does, and what does not is not made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/array.h"
#include "facts/combine.h"
#include "facts/facts_json.h"
#include "make_facts.h"
#include "verdict/verdict.h"

#define BOOT "6c1f1a3e-0000-4000-8000-000000000001"

/* A process of @pid with one thread that computes @cpu_ms of @ms; it begins at @start_ms. */
static struct facts worker(uint32_t pid, uint64_t start_ms, uint64_t ms, uint64_t cpu_ms)
{
	struct facts f = recording(ms, 2);

	f.recording.boot_id = xstrdup(BOOT);
	f.recording.start_mono_ns = (1000 + start_ms) * NS_PER_MS;
	f.recording.start_wall_ns += start_ms * NS_PER_MS;
	f.recording.pids = xcalloc(1, sizeof(uint32_t));
	f.recording.pids[f.recording.pid_cnt++] = pid;
	python_child(&f, pid, 1);
	thread(&f, pid, pid, "main", CPU(cpu_ms));
	f.concurrency.on_cpu_avg = (double)cpu_ms / (double)ms;
	f.concurrency.on_cpu_max = 1;
	return f;
}

static struct facts combined(struct facts *parts, size_t cnt)
{
	struct facts f = { 0 };

	assert_int_equal(combine_check(parts, cnt).what, COMBINE_OK);
	combine_take(&f, parts, cnt);
	return f;
}

static void refused(struct facts a, struct facts b, enum combine_refusal what)
{
	struct facts parts[] = { a, b };

	assert_int_equal(combine_check(parts, 2).what, what);
	facts_release(&parts[0]);
	facts_release(&parts[1]);
}

static bool is_near(double a, double b)
{
	return a > b - 1e-6 && a < b + 1e-6;
}

static void what_is_counted_adds_up(void **state)
{
	struct facts parts[] = { worker(100, 0, 10000, 4000), worker(200, 0, 10000, 3000) }, f;

	(void)state;
	parts[0].recording.lost_ring = 2;
	parts[1].recording.lost_state = 3;
	parts[0].recording.lost_wait_ns = parts[1].recording.lost_wait_ns = 6;
	parts[0].recording.passed_over = parts[1].recording.passed_over = 7;
	parts[0].recording.bpf_ns = parts[1].recording.collector_ns = 40 * NS_PER_MS;
	parts[0].recording.overhead = parts[1].recording.overhead = 0.004;
	parts[1].recording.bpf_unmeasured = true;
	parts[0].disk.reads = 5;
	parts[1].disk.reads = 7;
	parts[1].faults_minor = 9;
	syscall_of(&parts[0], "read", 10, 500);
	syscall_of(&parts[1], "read", 20, 100);
	syscall_of(&parts[1], "write", 1, 1000);
	f = combined(parts, ARRAY_CNT(parts));

	assert_int_equal(f.process_cnt, 2);
	assert_int_equal(f.thread_cnt, 2);
	assert_int_equal(facts_group_ns(&f, GROUP_CPU), 7000 * NS_PER_MS);
	assert_int_equal(f.recording.duration_ns, 10000 * NS_PER_MS);
	assert_int_equal(f.recording.events, 200000);
	assert_int_equal(f.recording.lost_ring, 2);
	assert_int_equal(f.recording.lost_state, 3);
	assert_int_equal(f.recording.lost_wait_ns, 12);
	assert_int_equal(f.recording.passed_over, 14);
	assert_true(is_near(f.recording.overhead, 0.008));
	assert_true(f.recording.bpf_unmeasured);
	assert_true(is_near(f.concurrency.on_cpu_avg, 0.7));
	assert_int_equal(f.disk.reads, 12);
	assert_int_equal(f.faults_minor, 9);
	assert_int_equal(f.syscall_cnt, 2);
	assert_string_equal(f.syscalls[0].name, "write");
	assert_int_equal(f.syscalls[1].calls, 30);
	assert_int_equal(f.syscalls[1].blocked_ns, 600 * NS_PER_MS);
	assert_int_equal(f.recording.pid_cnt, 2);
	assert_int_equal(f.recording.part_cnt, 2);
	assert_int_equal(f.recording.parts[1].pids[0], 200);
	assert_string_equal(f.recording.version, "0.1.0");
	assert_int_equal(parts[0].thread_cnt, 0);
	facts_release(&f);
}

static void times_are_since_the_first_start(void **state)
{
	struct facts parts[] = { worker(100, 3000, 10000, 0), worker(200, 0, 10000, 0) }, f;

	(void)state;
	parts[0].threads[0].first_cpu_ns = 5 * NS_PER_MS;
	parts[0].threads[0].last_cpu_ns = 9 * NS_PER_MS;
	parts[1].threads[0].last_cpu_ns = 0;
	f = combined(parts, ARRAY_CNT(parts));

	assert_int_equal(f.recording.duration_ns, 13000 * NS_PER_MS);
	assert_int_equal(f.recording.start_mono_ns, 1000 * NS_PER_MS);
	assert_int_equal(f.threads[0].started_ns, 3000 * NS_PER_MS);
	assert_int_equal(f.threads[0].first_cpu_ns, 3005 * NS_PER_MS);
	assert_int_equal(f.processes[0].started_ns, 3000 * NS_PER_MS);
	/* It was there when its recording began, so nobody saw it being born. */
	assert_false(facts_is_birth(&f, f.threads[0].started_ns));
	assert_true(facts_is_birth(&f, f.threads[0].started_ns + 1));
	/* It never ran, nor does it seem to now. */
	assert_int_equal(f.threads[1].last_cpu_ns, 0);
	facts_release(&f);
}

/* The wall clock was set back between the two starts: the machine's own clock counts. */
static void a_clock_that_was_set_does_no_harm(void **state)
{
	struct facts parts[] = { worker(100, 0, 2000, 0), worker(200, 500, 2000, 0) }, f;

	(void)state;
	parts[1].recording.start_wall_ns -= 3600 * NS_PER_S;
	f = combined(parts, ARRAY_CNT(parts));
	assert_int_equal(f.recording.duration_ns, 2500 * NS_PER_MS);
	assert_int_equal(f.recording.parts[1].start_ns, 500 * NS_PER_MS);
	facts_release(&f);
}

static void averages_are_of_the_whole_time(void **state)
{
	struct facts parts[] = { worker(100, 0, 2000, 2000), worker(200, 1000, 2000, 2000) }, f;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		parts[i].series = xcalloc(4, sizeof(*parts[i].series));
		parts[i].series_cnt = 4;
		for (size_t k = 0; k < 4; k++)
			parts[i].series[k] = (struct fact_window){ .t_ns = k * 500 * NS_PER_MS,
								   .groups[GROUP_CPU] = 1 };
	}
	f = combined(parts, ARRAY_CNT(parts));
	assert_int_equal(f.series_cnt, 6);
	for (size_t k = 0; k < 6; k++) {
		assert_int_equal(f.series[k].t_ns, k * 500 * NS_PER_MS);
		assert_true(is_near(f.series[k].groups[GROUP_CPU], k == 2 || k == 3 ? 2 : 1));
	}
	assert_true(is_near(f.concurrency.on_cpu_avg, 4.0 / 3));
	/* Each alone never had more than one. */
	assert_int_equal(f.concurrency.on_cpu_max, 2);
	facts_release(&f);
}

/* Windows of 320 ms and of 10 ms, and not begun at a multiple of either: nothing gets lost. */
static void windows_of_any_width_keep_their_sum(void **state)
{
	struct facts parts[] = { worker(100, 0, 3200, 0), worker(200, 1234, 1000, 0) }, f;
	double sum = 0;

	(void)state;
	parts[0].series = xcalloc(10, sizeof(*parts[0].series));
	parts[1].series = xcalloc(100, sizeof(*parts[1].series));
	parts[0].series_cnt = 10;
	parts[1].series_cnt = 100;
	for (size_t k = 0; k < 10; k++)
		parts[0].series[k] = (struct fact_window){ .t_ns = k * 320 * NS_PER_MS,
							   .groups[GROUP_IO] = 3 };
	for (size_t k = 0; k < 100; k++)
		parts[1].series[k] = (struct fact_window){ .t_ns = k * 10 * NS_PER_MS,
							   .groups[GROUP_IO] = 1 };
	f = combined(parts, ARRAY_CNT(parts));
	for (size_t k = 0; k < f.series_cnt; k++)
		sum += f.series[k].groups[GROUP_IO] * 0.32;
	assert_int_equal(f.series_cnt, 10);
	assert_true(is_near(sum, 3 * 3.2 + 1));
	facts_release(&f);
}

static void end_of(struct facts *f, uint32_t pid, bool traced, uint64_t sent, uint64_t received)
{
	struct fact_channel *c = &f->channels[f->channel_cnt - 1];

	c->ends = xrealloc(c->ends, (c->end_cnt + 1) * sizeof(*c->ends));
	c->ends[c->end_cnt++] = (struct fact_channel_end){
		.pid = pid,
		.name = xstrdup(traced ? "python3" : "?"),
		.traced = traced,
		.messages_sent = sent,
		.bytes_sent = sent * 100,
		.messages_received = received,
		.bytes_received = received * 100,
	};
}

/* As the one at @pid sees a pair of sockets: what the other does can only be inferred. */
static void socket_pair(struct facts *f, uint32_t pid, uint32_t peer, uint64_t sent,
			uint64_t received)
{
	channel(f, "unix", pid, pid, sent + received, (sent + received) * 100, 1000);
	f->channels[0].key = xstrdup("a-1");
	end_of(f, pid, true, sent, received);
	end_of(f, peer, false, received, sent);
}

static void a_channel_between_two_recordings_is_one(void **state)
{
	struct facts parts[] = { worker(100, 0, 5000, 0), worker(200, 0, 5000, 0) }, f;
	const struct fact_channel *c;

	(void)state;
	socket_pair(&parts[0], 100, 200, 50, 40);
	socket_pair(&parts[1], 200, 100, 40, 50);
	parts[0].channels[0].used_as = xstrdup("wake-up socket");
	f = combined(parts, ARRAY_CNT(parts));

	assert_int_equal(f.channel_cnt, 1);
	c = &f.channels[0];
	assert_int_equal(c->messages, 90);
	assert_int_equal(c->bytes, 9000);
	assert_int_equal(c->read_wait_ns, 2000 * NS_PER_MS);
	assert_int_equal(c->writer_cnt, 2);
	assert_int_equal(c->reader_cnt, 2);
	assert_null(c->used_as);
	assert_int_equal(c->end_cnt, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_true(c->ends[i].traced);
		assert_string_equal(c->ends[i].name, "python3");
		assert_int_equal(c->ends[i].messages_sent, c->ends[i].pid == 100 ? 50 : 40);
	}
	facts_release(&f);
}

/* Both write to a third that nobody recorded: that one got what both sent. */
static void who_is_recorded_nowhere_keeps_what_both_inferred(void **state)
{
	struct facts parts[] = { worker(100, 0, 5000, 0), worker(200, 0, 5000, 0) }, f;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		channel(&parts[i], "pipe", i ? 200 : 100, 0, 10, 1000, 0);
		end_of(&parts[i], i ? 200 : 100, true, 10, 0);
		end_of(&parts[i], 300, false, 0, 10);
	}
	f = combined(parts, ARRAY_CNT(parts));
	assert_int_equal(f.channel_cnt, 1);
	assert_int_equal(f.channels[0].messages, 20);
	assert_int_equal(f.channels[0].end_cnt, 3);
	assert_int_equal(f.channels[0].ends[0].pid, 300);
	assert_int_equal(f.channels[0].ends[0].messages_received, 20);
	facts_release(&f);
}

/* Connections are told apart by their keys: without them, equal names say nothing. */
static void channels_that_may_be_others_stay_apart(void **state)
{
	struct facts parts[] = { worker(100, 0, 5000, 0), worker(200, 0, 5000, 0) }, f;

	(void)state;
	channel(&parts[0], "tcp", 100, 100, 10, 1000, 0);
	channel(&parts[1], "tcp", 200, 200, 10, 1000, 0);
	f = combined(parts, ARRAY_CNT(parts));
	assert_int_equal(f.channel_cnt, 2);
	facts_release(&f);
}

static void locks_of_the_kernel_are_everybodys(void **state)
{
	struct facts parts[] = { worker(100, 0, 5000, 0), worker(200, 0, 5000, 0) }, f;

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t pid = i ? 200 : 100;

		edge(lock(&parts[i], LOCK_KERNEL, "i_rwsem of log", 0, 1000 + i), pid, 300 - pid,
		     1000);
		edge(lock(&parts[i], LOCK_GIL, "GIL", pid, 100), pid, pid, 100);
	}
	f = combined(parts, ARRAY_CNT(parts));
	assert_int_equal(f.lock_cnt, 3);
	assert_int_equal(f.locks[0].wait_ns, 2001 * NS_PER_MS);
	assert_int_equal(f.locks[0].edge_cnt, 2);
	assert_int_equal(f.locks[1].edge_cnt, 1);
	facts_release(&f);
}

static void server(struct facts *f, uint64_t cnt, uint64_t p50_ms, uint64_t p95_ms, uint64_t p99_ms,
		   uint64_t max_ms)
{
	struct fact_requests *r = &f->requests;

	r->turns = (struct fact_turns){
		.count = cnt,
		.per_second = (double)cnt * 1e9 / (double)f->recording.duration_ns,
		.p50 = p50_ms * NS_PER_MS,
		.p95 = p95_ms * NS_PER_MS,
		.p99 = p99_ms * NS_PER_MS,
		.max = max_ms * NS_PER_MS,
		.mean = p50_ms * NS_PER_MS,
	};
	r->basis = xstrdup("served connections");
	r->servers = xcalloc(1, sizeof(*r->servers));
	r->servers[r->server_cnt++] = (struct fact_server){
		.name = xstrdup("gunicorn"), .kind = xstrdup("tcp"), .port = 80, .turns = r->turns
	};
}

static void percentiles_of_all_are_bounds(void **state)
{
	struct facts parts[] = { worker(100, 0, 10000, 0), worker(200, 0, 10000, 0) }, f;

	(void)state;
	server(&parts[0], 1000, 1, 5, 8, 20);
	server(&parts[1], 1000, 2, 6, 9, 30);
	f = combined(parts, ARRAY_CNT(parts));
	assert_int_equal(f.requests.turns.count, 2000);
	assert_true(is_near(f.requests.turns.per_second, 200));
	assert_int_equal(f.requests.turns.p50, 2 * NS_PER_MS);
	assert_int_equal(f.requests.turns.p95, 6 * NS_PER_MS);
	assert_int_equal(f.requests.turns.p99, 9 * NS_PER_MS);
	assert_int_equal(f.requests.turns.max, 30 * NS_PER_MS);
	assert_int_equal(f.requests.turns.mean, 1500000);
	assert_int_equal(f.requests.server_cnt, 1);
	assert_int_equal(f.requests.servers[0].turns.count, 2000);
	assert_non_null(strstr(f.requests.basis, "at most"));
	facts_release(&f);
}

/* Three slow requests among a thousand are no p95, whoever recorded them. */
static void a_few_slow_requests_are_no_percentile(void **state)
{
	struct facts parts[] = { worker(100, 0, 10000, 0), worker(200, 0, 10000, 0) }, f;

	(void)state;
	server(&parts[0], 1000, 1, 5, 8, 20);
	server(&parts[1], 3, 2000, 2000, 2000, 2000);
	f = combined(parts, ARRAY_CNT(parts));
	assert_int_equal(f.requests.turns.p50, 5 * NS_PER_MS);
	assert_int_equal(f.requests.turns.p95, 8 * NS_PER_MS);
	assert_int_equal(f.requests.turns.max, 2000 * NS_PER_MS);
	facts_release(&f);
}

static void changes_are_not_predicted_and_say_why(void **state)
{
	struct facts parts[] = { worker(100, 0, 10000, 9000), worker(200, 0, 10000, 9000) }, f;

	(void)state;
	replayed(&parts[0], "processes", 2, 1.8, 1.9, 2);
	replayed(&parts[1], "processes", 2, 1.8, 1.9, 2);
	replayed(&parts[1], "threads", 2, 0.9, 1, 1.1);
	f = combined(parts, ARRAY_CNT(parts));
	assert_true(f.has_whatif);
	assert_int_equal(f.whatif_cnt, 2);
	verdict_judge(&f, &f.verdict);
	assert_int_equal(f.verdict.prediction_cnt, 0);
	assert_true(f.verdict.not_predicted_cnt > 0);
	assert_non_null(strstr(f.verdict.not_predicted[0].why, "replayed by itself"));
	facts_release(&f);
}

static double confidence(struct facts *parts)
{
	struct facts f = combined(parts, 2);
	double confidence;

	verdict_judge(&f, &f.verdict);
	confidence = f.verdict.confidence;
	facts_release(&f);
	return confidence;
}

static void little_time_in_common_lowers_the_confidence(void **state)
{
	struct facts same[] = { worker(100, 0, 10000, 9900), worker(200, 0, 10000, 9900) };
	struct facts half[] = { worker(100, 0, 10000, 9900), worker(200, 5000, 10000, 9900) };
	struct facts none[] = { worker(100, 0, 10000, 9900), worker(200, 9900, 10000, 9900) };
	double whole = confidence(same);

	(void)state;
	assert_true(whole > 0.75);
	assert_true(confidence(half) < 0.75 * whole);
	assert_true(confidence(none) <= 0.4);
}

/* A job that was launched while the server was recorded, and has ended: all of it was seen. */
static void what_began_and_ended_is_wholly_seen(void **state)
{
	struct facts parts[] = { worker(100, 0, 10000, 9900), worker(200, 2000, 3000, 2900) };
	struct fact_process *p = &parts[1].processes[0];
	struct facts f;

	(void)state;
	p->has_exec = p->exec = p->ended = true;
	p->ended_ns = 3000 * NS_PER_MS;
	f = combined(parts, ARRAY_CNT(parts));
	assert_true(f.recording.parts[1].launched && f.recording.parts[1].ended);
	verdict_judge(&f, &f.verdict);
	for (size_t i = 0; i < f.verdict.doubt_cnt; i++)
		assert_null(strstr(f.verdict.doubts[i], "in common"));
	facts_release(&f);
}

static void unknown_machine(struct facts *f)
{
	free(f->recording.boot_id);
	f->recording.boot_id = NULL;
	f->recording.start_mono_ns = 0;
}

static void what_does_not_belong_together_is_refused(void **state)
{
	struct facts other = worker(200, 0, 5000, 0), older = worker(200, 0, 5000, 0);
	struct facts twice = worker(100, 0, 5000, 0), whole = worker(300, 0, 5000, 0);
	struct facts inside = worker(200, 0, 5000, 0);

	(void)state;
	other.recording.boot_id[0] = '7';
	refused(worker(100, 0, 5000, 0), other, COMBINE_MACHINES);
	unknown_machine(&older);
	older.recording.cpus_online = 64;
	refused(worker(100, 0, 5000, 0), older, COMBINE_MACHINES);
	inside.recording.pid_namespace = 4026532000;
	refused(worker(100, 0, 5000, 0), inside, COMBINE_NAMESPACES);
	refused(worker(100, 0, 5000, 0), twice, COMBINE_TWICE);
	refused(worker(100, 0, 5000, 0), worker(200, 5000, 5000, 0), COMBINE_GAP);
	refused(worker(200, 7000, 5000, 0), worker(100, 0, 5000, 0), COMBINE_GAP);
	refused(worker(100, 0, 5000, 0), worker(100, 2000, 5000, 0), COMBINE_PROCESS);
	whole.recording.parts = xcalloc(1, sizeof(*whole.recording.parts));
	whole.recording.part_cnt = 1;
	refused(worker(100, 0, 5000, 0), whole, COMBINE_COMBINED);
}

static void the_problem_is_named(void **state)
{
	struct facts parts[] = { worker(100, 9000, 1000, 0), worker(200, 0, 2000, 0),
				 worker(300, 1000, 3000, 0) };
	struct combine_problem p = combine_check(parts, ARRAY_CNT(parts));

	(void)state;
	assert_int_equal(p.what, COMBINE_GAP);
	assert_int_equal(p.first, 2);
	assert_int_equal(p.second, 0);
	assert_int_equal(p.gap_ns, 5000 * NS_PER_MS);
	for (size_t i = 0; i < ARRAY_CNT(parts); i++)
		facts_release(&parts[i]);
}

/* A chain: the third joins two that never met. */
static void time_without_a_gap_may_be_a_chain(void **state)
{
	struct facts parts[] = { worker(100, 0, 2000, 0), worker(200, 3000, 2000, 0),
				 worker(300, 1000, 3000, 0) },
		     f;

	(void)state;
	f = combined(parts, ARRAY_CNT(parts));
	assert_int_equal(f.recording.duration_ns, 5000 * NS_PER_MS);
	facts_release(&f);
}

static void a_number_used_again_is_another_process(void **state)
{
	struct facts parts[] = { worker(100, 0, 5000, 0), worker(200, 0, 5000, 0) }, f;

	(void)state;
	parts[0].processes[0].ended = true;
	parts[0].processes[0].ended_ns = 1000 * NS_PER_MS;
	python_child(&parts[1], 100, 200);
	parts[1].processes[1].started_ns = 2000 * NS_PER_MS;
	f = combined(parts, ARRAY_CNT(parts));
	assert_int_equal(f.process_cnt, 3);
	assert_int_equal(facts_process(&f, 100)->ppid, 200);
	facts_release(&f);
}

static void older_recordings_are_taken_with_doubt(void **state)
{
	struct facts parts[] = { worker(100, 0, 10000, 9900), worker(200, 500, 10000, 9900) }, f;
	bool is_said = false;

	(void)state;
	unknown_machine(&parts[0]);
	unknown_machine(&parts[1]);
	f = combined(parts, ARRAY_CNT(parts));
	assert_null(f.recording.boot_id);
	assert_int_equal(f.recording.parts[1].start_ns, 500 * NS_PER_MS);
	verdict_judge(&f, &f.verdict);
	for (size_t i = 0; i < f.verdict.doubt_cnt; i++)
		is_said |= strstr(f.verdict.doubts[i], "older partrace") != NULL;
	assert_true(is_said);
	assert_true(f.verdict.confidence <= 0.7);
	facts_release(&f);
}

/* Workers of one program, whichever is named first, are one row. */
static void roles_are_those_of_the_whole(void **state)
{
	struct facts parts[] = { worker(100, 0, 5000, 100), worker(200, 0, 5000, 4000),
				 worker(201, 0, 5000, 4000) },
		     f;

	(void)state;
	parts[1].processes[0].ppid = parts[2].processes[0].ppid = 100;
	for (size_t i = 0; i < 3; i++) {
		free(parts[i].threads[0].name);
		parts[i].threads[0].name = xstrdup("python3");
	}
	f = combined(parts, ARRAY_CNT(parts));
	assert_string_equal(f.threads[0].role, "main");
	assert_string_equal(f.threads[1].role, "worker");
	assert_string_equal(f.threads[2].role, "worker");
	facts_release(&f);
}

static void a_combination_survives_its_json(void **state)
{
	struct facts parts[] = { worker(100, 0, 5000, 100), worker(200, 700, 5000, 4000) };
	struct facts f, g = { 0 };
	struct strbuf json = { 0 };
	char err[FACTS_JSON_ERR_LEN];

	(void)state;
	socket_pair(&parts[0], 100, 200, 50, 40);
	f = combined(parts, ARRAY_CNT(parts));
	facts_json_format(&f, &json, false);
	assert_int_equal(facts_json_parse(&g, strbuf_str(&json), json.len, err), 0);
	assert_string_equal(g.recording.boot_id, BOOT);
	assert_int_equal(g.recording.start_mono_ns, 1000 * NS_PER_MS);
	assert_int_equal(g.recording.part_cnt, 2);
	assert_int_equal(g.recording.parts[1].start_ns, 700 * NS_PER_MS);
	assert_int_equal(g.recording.parts[1].pids[0], 200);
	assert_int_equal(g.recording.parts[1].thread_cnt, 1);
	assert_string_equal(g.channels[0].key, "a-1");
	strbuf_release(&json);
	facts_release(&f);
	facts_release(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_counted_adds_up),
		cmocka_unit_test(times_are_since_the_first_start),
		cmocka_unit_test(a_clock_that_was_set_does_no_harm),
		cmocka_unit_test(averages_are_of_the_whole_time),
		cmocka_unit_test(windows_of_any_width_keep_their_sum),
		cmocka_unit_test(a_channel_between_two_recordings_is_one),
		cmocka_unit_test(who_is_recorded_nowhere_keeps_what_both_inferred),
		cmocka_unit_test(channels_that_may_be_others_stay_apart),
		cmocka_unit_test(locks_of_the_kernel_are_everybodys),
		cmocka_unit_test(percentiles_of_all_are_bounds),
		cmocka_unit_test(a_few_slow_requests_are_no_percentile),
		cmocka_unit_test(changes_are_not_predicted_and_say_why),
		cmocka_unit_test(little_time_in_common_lowers_the_confidence),
		cmocka_unit_test(what_began_and_ended_is_wholly_seen),
		cmocka_unit_test(what_does_not_belong_together_is_refused),
		cmocka_unit_test(the_problem_is_named),
		cmocka_unit_test(time_without_a_gap_may_be_a_chain),
		cmocka_unit_test(a_number_used_again_is_another_process),
		cmocka_unit_test(older_recordings_are_taken_with_doubt),
		cmocka_unit_test(roles_are_those_of_the_whole),
		cmocka_unit_test(a_combination_survives_its_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
