// SPDX-License-Identifier: MIT
/*
 * Where a rule holds: one other fact that flips the verdict, in its fit, its class or its
 * confidence. It tells what the rule goes by besides its threshold, and what may overrule it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rule_cases.h"

/* Of all threads that have any: so many percent of @from are @to instead. */
static void turn(struct facts *f, enum bucket from, enum bucket to, uint64_t percent)
{
	for (size_t i = 0; i < f->thread_cnt; i++) {
		uint64_t ns = f->threads[i].time_ns[from] * percent / 100;

		f->threads[i].time_ns[from] -= ns;
		f->threads[i].time_ns[to] += ns;
	}
}

static void one_cpu_is_usable(struct facts *f)
{
	f->recording.cpus_usable = 1;
}

static void two_cpus_are_usable(struct facts *f)
{
	f->recording.cpus_usable = 2;
}

static void three_cpus_are_usable(struct facts *f)
{
	f->recording.cpus_usable = 3;
}

static void eight_cpus_are_usable(struct facts *f)
{
	f->recording.cpus_usable = 8;
}

static void processes_were_faster_in_the_replay(struct facts *f)
{
	replayed(f, "processes", 2, 1.3, 1.5, 1.8);
}

static void threads_were_slower_in_the_replay(struct facts *f)
{
	replayed(f, "threads", 2, 0.5, 0.6, 0.8);
}

static void little_was_watched(struct facts *f)
{
	f->threads[1].watched_ns /= 100;
	f->threads[1].released_ns /= 100;
}

static void system_calls_were_not_counted(struct facts *f)
{
	free(f->syscalls[0].name);
	f->syscall_cnt = 0;
}

static void the_machine_is_larger(struct facts *f)
{
	f->recording.memory_bytes *= 2;
}

static void the_lock_is_held_for_long(struct facts *f)
{
	f->locks[0].waits = 1000;
}

static void it_is_a_lock_of_a_file(struct facts *f)
{
	free(f->locks[0].name);
	f->locks[0].name = xstrdup("i_rwsem of a file");
}

static void there_is_hardly_a_wait_but_for_locks(struct facts *f)
{
	turn(f, BUCKET_IDLE, BUCKET_LOCK, 100);
}

static void all_compute_all_the_time(struct facts *f)
{
	turn(f, BUCKET_IPC, BUCKET_CPU_USER, 100);
}

static void the_disk_is_waited_for_by_nobody(struct facts *f)
{
	turn(f, BUCKET_DISK, BUCKET_IDLE, 100);
}

static void they_wait_for_requests(struct facts *f)
{
	turn(f, BUCKET_NETWORK, BUCKET_IDLE, 100);
}

static void nineteen_more_do_as_little(struct facts *f)
{
	for (int i = 1; i < 20; i++)
		thread(f, 100 + i, 100, "job", CPU(400), IDLE(4600));
}

static void it_is_python(struct facts *f)
{
	f->processes[0].runtime = xstrdup("cpython");
	f->processes[0].global_lock = true;
}

static void others_run_longer(struct facts *f)
{
	turn(f, BUCKET_CPU_USER, BUCKET_RUN_QUEUE, 30);
}

static void the_kernel_is_hardly_used(struct facts *f)
{
	turn(f, BUCKET_CPU_KERNEL, BUCKET_CPU_USER, 100);
}

static void the_loop_computes_all_the_time(struct facts *f)
{
	turn(f, BUCKET_IDLE, BUCKET_CPU_USER, 60);
}

static void its_long_turns_wait_for_a_cpu(struct facts *f)
{
	struct fact_loop *l = f->threads[0].loop;

	l->long_queue_ns += l->long_cpu_ns;
	l->long_cpu_ns = 0;
}

static void its_long_turns_are_cpu(struct facts *f)
{
	struct fact_loop *l = f->threads[0].loop;

	l->long_cpu_ns += l->long_queue_ns;
	l->long_queue_ns = 0;
}

static void there_is_a_loop_for_each_cpu(struct facts *f)
{
	python_child(f, 101, 100);
	thread(f, 101, 101, "python3", CPU(5500));
	loop_of(f, 5, 4500, 0, "", 0);
}

static void they_compute_as_well(struct facts *f)
{
	turn(f, BUCKET_NETWORK, BUCKET_CPU_USER, 1);
}

/* From the facts above the rule's threshold: "class fit confidence", before and after. */
static const struct flip {
	const char *rule;
	void (*change)(struct facts *f);
	const char *before, *after;
} flips[] = {
	{ "gil-bound", one_cpu_is_usable, "gil-bound processes", "gil-bound either" },
	{ "gil-released", processes_were_faster_in_the_replay, "cpu-bound threads",
	  "cpu-bound processes" },
	{ "gil-parallel", processes_were_faster_in_the_replay, "cpu-bound threads",
	  "cpu-bound processes" },
	{ "released-share", little_was_watched, "cpu-bound threads", "cpu-bound processes" },
	{ "small-tasks", system_calls_were_not_counted, "gil-bound either", "gil-bound processes" },
	{ "fresh-memory", processes_were_faster_in_the_replay, "gil-bound either",
	  "gil-bound processes" },
	{ "worker-memory", the_machine_is_larger, "gil-bound threads", "gil-bound processes" },
	{ "deadlock", there_is_hardly_a_wait_but_for_locks, "cpu-bound threads",
	  "lock-bound either" },
	{ "lock-bound", the_lock_is_held_for_long, "lock-bound either", "lock-bound processes" },
	{ "coarse-lock", one_cpu_is_usable, "lock-bound processes", "lock-bound either" },
	{ "kernel-lock-bound", it_is_a_lock_of_a_file, "kernel-lock-bound processes",
	  "kernel-lock-bound either" },
	{ "mmap-lock", it_is_a_lock_of_a_file, "kernel-lock-bound processes",
	  "cpu-bound threads" },
	{ "ipc-bound", threads_were_slower_in_the_replay, "ipc-bound threads",
	  "ipc-bound processes" },
	{ "ipc-small", threads_were_slower_in_the_replay, "ipc-bound threads",
	  "ipc-bound processes" },
	{ "ipc-large", threads_were_slower_in_the_replay, "ipc-bound threads",
	  "ipc-bound processes" },
	{ "ipc-packing", all_compute_all_the_time, "ipc-bound threads", "ipc-bound either" },
	{ "io-disk", the_disk_is_waited_for_by_nobody, "mixed threads", "cpu-bound threads" },
	{ "io-network", they_wait_for_requests, "io-bound threads", "cpu-bound processes" },
	{ "page-faults", one_cpu_is_usable, "cpu-bound threads", "cpu-bound single" },
	{ "idle", nineteen_more_do_as_little, "idle either", "cpu-bound threads" },
	{ "oversubscribed", eight_cpus_are_usable, "oversubscribed threads", "cpu-bound threads" },
	{ "imbalanced", three_cpus_are_usable, "imbalanced either", "cpu-bound threads" },
	{ "cpu-bound", one_cpu_is_usable, "cpu-bound threads", "cpu-bound single" },
	{ "one-thread", one_cpu_is_usable, "cpu-bound threads", "cpu-bound single" },
	{ "bottleneck", it_is_python, "cpu-bound threads", "cpu-bound processes" },
	{ "throttled", two_cpus_are_usable, "cpu-bound either", "cpu-bound threads" },
	{ "machine-busy", others_run_longer, "cpu-bound threads", "cpu-bound threads" },
	{ "short-lived", the_kernel_is_hardly_used, "cpu-bound threads", "cpu-bound processes" },
	{ "startup", threads_were_slower_in_the_replay, "cpu-bound threads",
	  "cpu-bound processes" },
	{ "already-async", the_loop_computes_all_the_time, "cpu-bound async",
	  "cpu-bound processes" },
	{ "loop-blocks", its_long_turns_wait_for_a_cpu, "cpu-bound hybrid", "cpu-bound async" },
	{ "loop-starves", its_long_turns_are_cpu, "cpu-bound async", "cpu-bound hybrid" },
	{ "loop-busy", there_is_a_loop_for_each_cpu, "cpu-bound processes", "cpu-bound async" },
	{ "use-async", they_compute_as_well, "io-bound async", "io-bound threads" },
};

static char *verdict_of(const struct facts *f, const char *rule, bool *holds)
{
	struct fact_verdict v;
	char *text;

	verdict_judge(f, &v);
	*holds = has_evidence(&v, rule);
	text = xasprintf("%s %s %s", verdict_class_name(v.class), verdict_fit_name(v.fit),
			 verdict_confidence_word(v.confidence));
	fact_verdict_release(&v);
	return text;
}

/* 0: as it should be. */
static int check_flip(const struct flip *flip)
{
	const struct side *s = find_side(flip->rule);
	struct facts f = s->make(s->with);
	bool held, holds;
	char *before = verdict_of(&f, flip->rule, &held), *after;
	int bad;

	flip->change(&f);
	after = verdict_of(&f, flip->rule, &holds);
	bad = !held || strncmp(before, flip->before, strlen(flip->before)) != 0 ||
	      strncmp(after, flip->after, strlen(flip->after)) != 0 || !strcmp(before, after);
	if (bad)
		print_error("%s: %s%s, then %s\n", flip->rule,
			    held ? "" : "does not hold: ", before, after);
	free(before);
	free(after);
	facts_release(&f);
	return bad;
}

static void one_other_fact_flips_the_verdict(void **state)
{
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(flips) / sizeof(flips[0]); i++)
		bad += check_flip(&flips[i]);
	assert_int_equal(bad, 0);
}

static bool has_flip(const char *rule)
{
	for (size_t i = 0; i < sizeof(flips) / sizeof(flips[0]); i++)
		if (!strcmp(flips[i].rule, rule))
			return true;
	return false;
}

static void no_rule_is_without_a_flip(void **state)
{
	int missing = 0;

	(void)state;
	for (size_t i = 0; rule_tables[i]; i++) {
		for (const struct rule *r = rule_tables[i]; r->id; r++) {
			if (has_flip(r->id))
				continue;
			print_error("nothing shows what flips a verdict on rule '%s'\n", r->id);
			missing++;
		}
	}
	assert_int_equal(missing, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_rule_is_without_a_flip),
		cmocka_unit_test(one_other_fact_flips_the_verdict),
	};

	return cmocka_run_group_tests_name("flips", tests, NULL, NULL);
}
