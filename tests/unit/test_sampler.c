// SPDX-License-Identifier: MIT
/* Memory of processes, sampled: children of this one, which share it. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "cmd/sampler.h"

#define SHARED_BYTES (16UL << 20)
#define CHILD_CNT    3

struct samples {
	struct event_memory last[CHILD_CNT];
	unsigned int exact[CHILD_CNT], estimated[CHILD_CNT];
	pid_t pids[CHILD_CNT];
};

static void on_sample(void *ctx, const struct event *ev)
{
	struct samples *s = ctx;

	assert_int_equal(ev->hdr.kind, EVENT_MEMORY);
	for (size_t i = 0; i < CHILD_CNT; i++) {
		if ((uint32_t)s->pids[i] != ev->hdr.tid)
			continue;
		s->last[i] = ev->memory;
		if (ev->memory.pss_bytes)
			s->exact[i]++;
		else
			s->estimated[i]++;
	}
}

/* Children that do nothing, and have all of our memory. */
static void start(struct sampler *s, struct samples *got, uint64_t born_ns)
{
	char *shared = mmap(NULL, SHARED_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	assert_true(shared != MAP_FAILED);
	memset(shared, 1, SHARED_BYTES);
	memset(got, 0, sizeof(*got));
	sampler_init(s, on_sample, got);
	for (size_t i = 0; i < CHILD_CNT; i++) {
		got->pids[i] = fork();
		assert_true(got->pids[i] >= 0);
		if (!got->pids[i]) {
			pause();
			_exit(0);
		}
		sampler_add(s, (uint32_t)got->pids[i], born_ns);
	}
	munmap(shared, SHARED_BYTES);
}

static void stop(struct sampler *s, const struct samples *got)
{
	for (size_t i = 0; i < CHILD_CNT; i++) {
		kill(got->pids[i], SIGKILL);
		waitpid(got->pids[i], NULL, 0);
	}
	sampler_release(s);
}

static void the_young_are_sampled_soon(void **state)
{
	uint64_t now_ns = clock_mono_ns();
	struct samples got;
	struct sampler s;

	(void)state;
	start(&s, &got, now_ns);
	sampler_tick(&s, now_ns + 14 * NS_PER_MS);
	for (size_t i = 0; i < CHILD_CNT; i++)
		assert_int_equal(got.exact[i] + got.estimated[i], 0);
	for (uint64_t ms = 15; ms < 50; ms += 5)
		sampler_tick(&s, now_ns + ms * NS_PER_MS);
	for (size_t i = 0; i < CHILD_CNT; i++) {
		assert_true(got.exact[i] > 0);
		/* It is as large as we are, and shares that with its siblings. */
		assert_true(got.last[i].rss_bytes > SHARED_BYTES);
		assert_true(got.last[i].pss_bytes < SHARED_BYTES);
		assert_true(got.last[i].private_bytes < SHARED_BYTES / 4);
	}
	stop(&s, &got);
}

static void the_counters_say_nothing_of_what_is_private(void **state)
{
	uint64_t now_ns = clock_mono_ns();
	struct samples got;
	struct sampler s;

	(void)state;
	start(&s, &got, now_ns);
	for (uint64_t ms = 15; ms < 50; ms += 5)
		sampler_tick(&s, now_ns + ms * NS_PER_MS);
	s.spent_ns = NS_PER_S; /* from here on exact samples are too dear */
	sampler_tick(&s, now_ns + 5 * NS_PER_S);
	for (size_t i = 0; i < CHILD_CNT; i++) {
		assert_int_equal(got.estimated[i], 1);
		assert_true(got.last[i].rss_bytes > SHARED_BYTES);
		assert_int_equal(got.last[i].private_bytes, 0);
	}
	stop(&s, &got);
}

static void who_was_not_sampled_yet_goes_first(void **state)
{
	uint64_t now_ns = clock_mono_ns();
	struct samples got;
	struct sampler s;

	(void)state;
	start(&s, &got, now_ns);
	sampler_tick(&s, now_ns);
	s.spent_ns = 15 * NS_PER_MS; /* enough for the first ones, too much for others */
	for (uint64_t ms = 15; ms < 100; ms += 5) {
		s.spent_ns = 15 * NS_PER_MS;
		sampler_tick(&s, now_ns + ms * NS_PER_MS);
	}
	for (size_t i = 0; i < CHILD_CNT; i++)
		assert_int_equal(got.exact[i], 1);
	stop(&s, &got);
}

static void who_is_gone_is_not_sampled(void **state)
{
	uint64_t now_ns = clock_mono_ns();
	struct samples got;
	struct sampler s;

	(void)state;
	start(&s, &got, now_ns);
	sampler_remove(&s, (uint32_t)got.pids[0]);
	kill(got.pids[1], SIGKILL);
	waitpid(got.pids[1], NULL, 0);
	sampler_tick(&s, now_ns + 20 * NS_PER_MS);
	sampler_finish(&s);
	assert_int_equal(got.exact[0] + got.estimated[0], 0);
	assert_int_equal(got.exact[1] + got.estimated[1], 0);
	assert_true(got.exact[2] > 0);
	got.pids[1] = got.pids[2];
	stop(&s, &got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_young_are_sampled_soon),
		cmocka_unit_test(the_counters_say_nothing_of_what_is_private),
		cmocka_unit_test(who_was_not_sampled_yet_goes_first),
		cmocka_unit_test(who_is_gone_is_not_sampled),
	};

	if (access("/proc/self/smaps_rollup", R_OK))
		return 0; /* no exact samples on this kernel */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
