// SPDX-License-Identifier: MIT
/* From the kernel's records of requests to facts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "event/event_text.h"
#include "facts/facts_build.h"
#include "facts/latency.h"
#include "model/model.h"

static const char begin[] = "1s begin\n"
			    "1s task tid=10 pid=10 ppid=1 comm=shop blocked\n"
			    "1s task tid=11 pid=11 ppid=1 comm=cache blocked\n";

/* What the facts say of these events; @function as --request gives it. */
static struct facts told(const char *events, const char *function)
{
	struct facts_build_options options = { .request_function = function };
	struct facts_build fb;
	struct model m;
	struct facts f;
	char *all = xasprintf("%s%s%s", begin, events, "3s end\n"), *save = NULL;

	model_init(&m);
	facts_build_init(&fb, &options);
	model_observe(&m, facts_build_observer(&fb));
	for (char *line = strtok_r(all, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct strbuf why = { 0 };
		struct event ev;

		if (event_text_parse(line, &ev, &why))
			fail_msg("'%s': %s", line, strbuf_str(&why));
		model_feed(&m, &ev);
	}
	facts_build_take(&fb, &m, &f);
	facts_build_release(&fb);
	model_release(&m);
	free(all);
	return f;
}

/* At most a hundredth too high. */
static void assert_about(uint64_t ns, uint64_t expected_ns)
{
	if (ns < expected_ns || ns > expected_ns + expected_ns / 100)
		fail_msg("%llu is not about %llu", (unsigned long long)ns,
			 (unsigned long long)expected_ns);
}

static void requests_are_counted_per_server(void **state)
{
	struct facts f = told(
		"1.1s request tid=10 pid=10 begin=1.01s read=1.02s end=1.05s port=80\n"
		"1.2s request tid=10 pid=10 begin=1.1s read=1.1s end=1.12s port=80\n"
		"1.3s request tid=11 pid=11 begin=1.2s read=1.2s end=1.3s kind=1\n",
		NULL);
	const struct fact_requests *r = &f.requests;

	(void)state;
	assert_int_equal(r->turns.count, 3);
	assert_true(r->turns.per_second == 1.5);
	assert_about(r->turns.p50, 40000000);
	assert_about(r->turns.p95, 100000000);
	assert_int_equal(r->turns.max, 100000000);
	assert_int_equal(r->turns.mean, 160000000 / 3);
	/* 160 ms of requests and 10 ms of waiting to be read, in 2 s. */
	assert_true(r->turns.in_progress_avg == 0.08 && r->turns.unread_avg == 0.005);
	assert_int_equal(r->server_cnt, 2);
	assert_string_equal(r->servers[0].name, "shop");
	assert_string_equal(r->servers[0].kind, "tcp");
	assert_int_equal(r->servers[0].port, 80);
	assert_int_equal(r->servers[0].turns.count, 2);
	assert_string_equal(r->servers[1].name, "cache");
	assert_string_equal(r->servers[1].kind, "unix");
	assert_non_null(strstr(r->basis, "served connections"));
	facts_release(&f);
}

static void without_requests_there_is_no_basis(void **state)
{
	struct facts f = told("2s requests unfinished=2 missed=3\n", NULL);

	(void)state;
	assert_int_equal(f.requests.turns.count, 0);
	assert_null(f.requests.basis);
	assert_int_equal(f.requests.unfinished, 2);
	assert_int_equal(f.requests.missed, 3);
	facts_release(&f);
}

static void a_function_is_named(void **state)
{
	struct facts f = told("2s request tid=10 pid=10 begin=1.5s read=1.5s end=2s kind=2\n",
			      "handle");

	(void)state;
	assert_string_equal(f.requests.function, "handle");
	assert_non_null(strstr(f.requests.basis, "calls of handle"));
	assert_string_equal(f.requests.servers[0].kind, "function");
	facts_release(&f);
}

/* The last reply of a connection is collected later than its process ends. */
static void a_request_outlives_who_served_it(void **state)
{
	struct facts f = told("1.5s exit tid=10 pid=10 process\n"
			      "2s request tid=10 pid=10 begin=1.2s read=1.2s end=1.4s\n",
			      NULL);

	(void)state;
	assert_int_equal(f.requests.turns.count, 1);
	assert_string_equal(f.requests.servers[0].name, "shop");
	facts_release(&f);
}

/* Clocks of two CPUs may differ: no time is negative. */
static void times_out_of_order_are_put_right(void **state)
{
	struct facts f = told("2s request tid=10 pid=10 begin=1.5s read=1.4s end=1.3s\n", NULL);

	(void)state;
	assert_int_equal(f.requests.turns.count, 1);
	assert_int_equal(f.requests.turns.max, 0);
	assert_true(f.requests.turns.unread_avg == 0);
	facts_release(&f);
}

static void what_ended_before_the_recording_is_not_in_it(void **state)
{
	struct facts f = told("1.1s request tid=10 pid=10 begin=0.1s read=0.1s end=0.9s\n", NULL);

	(void)state;
	assert_int_equal(f.requests.turns.count, 0);
	facts_release(&f);
}

static void queues_add_up_and_the_longest_comes_first(void **state)
{
	struct facts f = told(
		"1.5s backlog pid=10 id=5 accepts=10 waiting=5 most=2 limit=128 port=80\n"
		"2s backlog pid=10 id=5 accepts=10 waiting=35 most=9 limit=128 port=80\n"
		"2s backlog pid=11 id=6 accepts=1 waiting=20 most=20 limit=32 kind=1\n",
		NULL);
	const struct fact_requests *r = &f.requests;

	(void)state;
	assert_int_equal(r->listener_cnt, 2);
	assert_string_equal(r->listeners[0].kind, "unix");
	assert_int_equal(r->listeners[1].port, 80);
	assert_int_equal(r->listeners[1].accepts, 20);
	assert_true(r->listeners[1].waiting_avg == 2);
	assert_int_equal(r->listeners[1].waiting_max, 9);
	assert_int_equal(r->listeners[1].limit, 128);
	facts_release(&f);
}

static void beyond_many_servers_all_are_counted(void **state)
{
	struct strbuf events = { 0 };
	struct facts f;

	(void)state;
	for (int i = 1; i <= 2 * REQUEST_SERVERS_MAX; i++)
		strbuf_addf(&events,
			    "2s request tid=10 pid=10 begin=1.5s read=1.5s end=1.6s port=%d\n", i);
	f = told(strbuf_str(&events), NULL);
	assert_int_equal(f.requests.turns.count, 2 * REQUEST_SERVERS_MAX);
	assert_int_equal(f.requests.server_cnt, REQUEST_SERVERS_MAX);
	strbuf_release(&events);
	facts_release(&f);
}

static void fine_percentiles_are_at_most_a_hundredth_too_high(void **state)
{
	static struct latency_fine l;

	(void)state;
	for (uint64_t i = 1; i <= 1000; i++)
		latency_fine_add(&l, i * 1000);
	assert_about(latency_fine_percentile(&l, 50), 500000);
	assert_about(latency_fine_percentile(&l, 95), 950000);
	assert_about(latency_fine_percentile(&l, 99), 990000);
	assert_int_equal(latency_fine_percentile(&l, 100), 1000000);
	assert_int_equal(l.sum_ns, 500500000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_counted_per_server),
		cmocka_unit_test(without_requests_there_is_no_basis),
		cmocka_unit_test(a_function_is_named),
		cmocka_unit_test(a_request_outlives_who_served_it),
		cmocka_unit_test(times_out_of_order_are_put_right),
		cmocka_unit_test(what_ended_before_the_recording_is_not_in_it),
		cmocka_unit_test(queues_add_up_and_the_longest_comes_first),
		cmocka_unit_test(beyond_many_servers_all_are_counted),
		cmocka_unit_test(fine_percentiles_are_at_most_a_hundredth_too_high),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
