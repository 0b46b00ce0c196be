/* SPDX-License-Identifier: MIT */
/* How processes were started, when they began to work, and how they ended. */
#include "facts/starts.h"

#include <stdio.h>

#include "story.h"

#define ROOT                                                                          \
	"0 begin\n"                                                                   \
	"0 task tid=10 pid=10 ppid=1 comm=python3 running cpu=0\n"                    \
	"0 process pid=10 ppid=1 exe=/usr/bin/python3 command=\"python3 app.py\"\n"
#define FORK(child) "10ms fork tid=10 pid=10 child=" child " childpid=" child " comm=python3\n"
#define VFORK(child) \
	"10ms fork tid=10 pid=10 child=" child " childpid=" child " comm=python3 shares-vm\n"
#define RUNS(child) "12ms cycle tid=" child " pid=" child " cpu=1 out=10ms new\n"
#define EXEC(child) "13ms exec pid=" child " old=" child " comm=python3 path=/usr/bin/python3\n"
#define COMMAND(child, line) "14ms process pid=" child " ppid=10 command=\"" line "\"\n"
#define END_AT(time) time " end\n"

static const char spawn_line[] = "from multiprocessing.spawn import spawn_main";

static struct fact_process fact_of(struct story *s, uint32_t pid)
{
	struct fact_process f = { 0 };

	for (size_t i = 0; i < s->m.process_cnt; i++)
		if (s->m.all_processes[i]->pid == pid)
			starts_fill(&f, &s->m, s->m.all_processes[i]);
	return f;
}

/* Takes @lines as a story; what it says of process @pid. Free with fact_free(). */
static struct fact_process told(const char *lines, uint32_t pid)
{
	struct fact_process f;
	struct story s;

	story_init(&s);
	story_tell(&s, lines);
	f = fact_of(&s, pid);
	story_release(&s);
	return f;
}

static void fact_free(struct fact_process *f)
{
	free(f->start_method);
	free(f->started_by);
	free(f->helper);
	free(f->exit_signal);
}

static void assert_started(const char *lines, uint32_t pid, const char *method, const char *by,
			   bool exec)
{
	struct fact_process f = told(lines, pid);

	assert_string_equal(f.start_method, method);
	assert_string_equal(f.started_by, by);
	assert_true(f.has_exec);
	assert_int_equal(f.exec, exec);
	fact_free(&f);
}

static void assert_works_after(const char *lines, uint32_t pid, uint64_t ns)
{
	struct fact_process f = told(lines, pid);

	assert_true(f.has_startup);
	assert_int_equal(f.startup_ns, ns);
	fact_free(&f);
}

static void assert_unknown_start(const char *lines, uint32_t pid)
{
	struct fact_process f = told(lines, pid);

	assert_false(f.has_startup);
	fact_free(&f);
}

static void who_was_alive_before_has_no_start(void **state)
{
	struct fact_process f = told(ROOT END_AT("1s"), 10);

	(void)state;
	assert_null(f.start_method);
	assert_null(f.started_by);
	assert_null(f.helper);
	assert_false(f.has_exec);
	assert_false(f.has_startup);
	fact_free(&f);
}

static void a_fork_a_vfork_and_an_exec_are_told_apart(void **state)
{
	(void)state;
	assert_started(ROOT FORK("20") RUNS("20"), 20, "fork", "fork", false);
	assert_started(ROOT VFORK("20") RUNS("20"), 20, "vfork", "vfork", false);
	assert_started(ROOT FORK("20") RUNS("20") EXEC("20"), 20, "exec", "fork", true);
	assert_started(ROOT VFORK("20") RUNS("20") EXEC("20"), 20, "exec", "vfork", true);
}

static void pythons_workers_are_known_by_what_they_run(void **state)
{
	(void)state;
	assert_started(ROOT VFORK("20") RUNS("20") EXEC("20") COMMAND(
			       "20",
			       "python3 -c from multiprocessing.spawn import spawn_main; "
			       "spawn_main(tracker_fd=5, pipe_handle=7) --multiprocessing-fork"),
		       20, "spawn", "vfork", true);
	assert_started(ROOT FORK("20") RUNS("20") EXEC("20") COMMAND(
			       "20", "app --multiprocessing-fork tracker_fd=5 pipe_handle=7"),
		       20, "spawn", "fork", true);
	assert_started(ROOT FORK("20") RUNS("20") EXEC("20") COMMAND(
			       "20", "python3 -m joblib.externals.loky.backend.popen_loky_posix "
				     "--process-name LokyProcess-1 --pipe 14"),
		       20, "loky", "fork", true);
}

#define FORK_SERVER                                                              \
	ROOT VFORK("20") RUNS("20") EXEC("20") COMMAND(                          \
		"20", "python3 -c from multiprocessing.forkserver import main; " \
		      "main(5, 6, ['__main__'])")                                \
	"50ms fork tid=20 pid=20 child=30 childpid=30 comm=python3\n"            \
	"51ms cycle tid=30 pid=30 cpu=1 out=50ms new\n"

static void a_fork_server_is_a_helper_and_its_children_are_workers(void **state)
{
	struct fact_process f = told(FORK_SERVER, 20);

	(void)state;
	assert_string_equal(f.start_method, "exec");
	assert_string_equal(f.helper, "fork server");
	fact_free(&f);
	assert_started(FORK_SERVER, 30, "forkserver", "fork", false);
	/* ... and what these fork is forked, though its command line is the server's. */
	assert_started(FORK_SERVER "60ms fork tid=30 pid=30 child=40 childpid=40 comm=python3\n",
		       40, "fork", "fork", false);
	f = told(FORK_SERVER, 30);
	assert_null(f.helper);
	fact_free(&f);
}

static void a_fork_server_that_was_there_before_is_told_from_its_workers(void **state)
{
	static const char lines[] = ROOT
		"0 task tid=20 pid=20 ppid=10 comm=python3 blocked cpu=0 sys=poll\n"
		"0 process pid=20 ppid=10 command=\"from multiprocessing.forkserver import\"\n"
		"0 task tid=30 pid=30 ppid=20 comm=python3 running cpu=1\n"
		"0 process pid=30 ppid=20 command=\"from multiprocessing.forkserver import\"\n"
		"10ms fork tid=20 pid=20 child=31 childpid=31 comm=python3\n"
		"11ms fork tid=30 pid=30 child=32 childpid=32 comm=python3\n";
	struct fact_process f;

	(void)state;
	assert_started(lines, 31, "forkserver", "fork", false);
	assert_started(lines, 32, "fork", "fork", false);
	f = told(lines, 30);
	assert_null(f.helper);
	assert_null(f.start_method);
	fact_free(&f);
}

static void a_resource_tracker_is_a_helper(void **state)
{
	struct fact_process f = told(
		ROOT VFORK("20") RUNS("20") EXEC("20") COMMAND(
			"20",
			"python3 -c from multiprocessing.resource_tracker import main;main(5)"),
		20);

	(void)state;
	assert_string_equal(f.start_method, "exec");
	assert_string_equal(f.helper, "resource tracker");
	fact_free(&f);
}

static void a_fork_works_as_soon_as_it_runs(void **state)
{
	(void)state;
	assert_works_after(ROOT FORK("20") RUNS("20") END_AT("1s"), 20, 2000000);
	assert_unknown_start(ROOT FORK("20"), 20); /* it never ran */
}

static void a_worker_that_loads_its_application_works_after_that(void **state)
{
	(void)state;
	assert_works_after(ROOT FORK("20") RUNS("20") "20ms startup tid=20 pid=20 loaded\n"
						      "45ms startup tid=20 pid=20 loaded\n",
			   20, 35000000);
}

static void what_is_loaded_after_a_wait_for_work_is_no_start_up(void **state)
{
	static const char lines[] = ROOT FORK("20") RUNS(
		"20") "20ms startup tid=20 pid=20 loaded\n"
		      "40ms cycle tid=20 pid=20 cpu=1 out=22ms state=S wake=39ms sys=read(3) file=pipe:7\n"
		      "45ms startup tid=20 pid=20 loaded\n";

	(void)state;
	assert_works_after(lines, 20, 10000000);
}

static void a_server_works_when_it_waits_for_requests(void **state)
{
	static const char lines[] = ROOT FORK("20") RUNS(
		"20") "20ms startup tid=20 pid=20 loaded\n"
		      "80ms cycle tid=20 pid=20 cpu=1 out=60ms state=S wake=79ms sys=accept(3) file=tcp:80,listens\n"
		      "99ms cycle tid=20 pid=20 cpu=1 out=90ms state=S wake=98ms sys=accept(3) file=tcp:80,listens\n";

	(void)state;
	assert_works_after(lines, 20, 50000000);
	/* One that looks from time to time. */
	assert_works_after(
		ROOT FORK("20")
			RUNS("20") "80ms cycle tid=20 pid=20 cpu=1 out=60ms state=S wake=79.9ms "
				   "sys=poll(0x7f00,1,20) timeout=20ms file=tcp:80,listens\n",
		20, 50000000);
	/* Who sleeps does not serve. */
	assert_works_after(
		ROOT FORK("20")
			RUNS("20") "80ms cycle tid=20 pid=20 cpu=1 out=60ms state=S wake=79.9ms "
				   "sys=poll(0,0,20) timeout=20ms\n",
		20, 2000000);
}

static void waiting_for_the_disk_is_part_of_the_start_up(void **state)
{
	static const char lines[] = ROOT FORK("20") RUNS(
		"20") "20ms startup tid=20 pid=20 loaded\n"
		      "40ms cycle tid=20 pid=20 cpu=1 out=22ms state=D wake=39ms iowait sys=read(3)\n"
		      "45ms startup tid=20 pid=20 loaded\n";

	(void)state;
	assert_works_after(lines, 20, 35000000);
}

static void a_new_program_starts_up_anew(void **state)
{
	(void)state;
	assert_works_after(ROOT FORK("20") RUNS("20")
				   EXEC("20") "15ms startup tid=20 pid=20 loaded\n"
					      "16ms startup tid=20 pid=20 loaded\n",
			   20, 6000000);
	/* Linked statically: there is nothing to load. */
	assert_works_after(ROOT FORK("20") RUNS("20") EXEC(
				   "20") "15ms fork tid=10 pid=10 child=21 childpid=21 comm=x\n"
					 "16ms startup tid=21 pid=21 loaded\n",
			   20, 3000000);
}

static void without_steps_the_start_of_a_program_is_not_known(void **state)
{
	(void)state;
	assert_unknown_start(ROOT FORK("20") RUNS("20") EXEC("20"), 20);
}

static void a_spawned_worker_works_when_it_was_told_what_to_do(void **state)
{
	char lines[2048];

	(void)state;
	snprintf(lines, sizeof(lines),
		 ROOT VFORK("20") RUNS("20") EXEC("20")
			 COMMAND("20", "python3 -c %s") "40ms startup tid=20 pid=20 loaded\n"
							"50ms startup tid=20 pid=20 fed\n"
							"55ms startup tid=20 pid=20 loaded\n"
							"90ms startup tid=20 pid=20 fed\n",
		 spawn_line);
	assert_works_after(lines, 20, 40000000);
	assert_works_after(FORK_SERVER "65ms startup tid=30 pid=30 fed\n", 30, 15000000);
	assert_unknown_start(FORK_SERVER "65ms startup tid=30 pid=30 loaded\n", 30);
}

static void signals_have_names(void **state)
{
	static const struct {
		const char *code, *name;
		int status;
	} ends[] = {
		{ "9", "SIGKILL", 137 },  { "139", "SIGSEGV", 139 }, /* with a core */
		{ "15", "SIGTERM", 143 }, { "36", "SIGRTMIN+2", 164 },
		{ "0", NULL, 0 },         { "0x300", NULL, 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct fact_process f;
		char lines[512];

		snprintf(lines, sizeof(lines),
			 ROOT FORK("20") RUNS("20") "20ms exit tid=20 pid=20 process code=%s\n",
			 ends[i].code);
		f = told(lines, 20);
		assert_int_equal(f.exit_code, ends[i].status);
		if (ends[i].name)
			assert_string_equal(f.exit_signal, ends[i].name);
		else
			assert_null(f.exit_signal);
		fact_free(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_was_alive_before_has_no_start),
		cmocka_unit_test(a_fork_a_vfork_and_an_exec_are_told_apart),
		cmocka_unit_test(pythons_workers_are_known_by_what_they_run),
		cmocka_unit_test(a_fork_server_is_a_helper_and_its_children_are_workers),
		cmocka_unit_test(a_fork_server_that_was_there_before_is_told_from_its_workers),
		cmocka_unit_test(a_resource_tracker_is_a_helper),
		cmocka_unit_test(a_fork_works_as_soon_as_it_runs),
		cmocka_unit_test(a_worker_that_loads_its_application_works_after_that),
		cmocka_unit_test(what_is_loaded_after_a_wait_for_work_is_no_start_up),
		cmocka_unit_test(a_server_works_when_it_waits_for_requests),
		cmocka_unit_test(waiting_for_the_disk_is_part_of_the_start_up),
		cmocka_unit_test(a_new_program_starts_up_anew),
		cmocka_unit_test(without_steps_the_start_of_a_program_is_not_known),
		cmocka_unit_test(a_spawned_worker_works_when_it_was_told_what_to_do),
		cmocka_unit_test(signals_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
