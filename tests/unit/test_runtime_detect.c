// SPDX-License-Identifier: MIT
/* Runtimes by what programs of this machine are, imports by what a script says. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "symbol/runtime_detect.h"
#include "symbol/script_imports.h"

/* Ends with this test. Returns once it runs the program. */
static pid_t start(const char *program, char *const argv[])
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_return_code(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(program, argv);
		_exit(127);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 0);	/* closed by the exec */
	close(ready[0]);
	return pid;
}

/* Its exit status, or -1: killed by us. */
static int stop(pid_t pid)
{
	int status = 0;

	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Looks until it is found: libraries are mapped a while after the exec. */
static bool find(pid_t pid, struct runtime_info *out)
{
	struct runtime_cache cache = { 0 };
	bool found = false;

	for (int i = 0; i < 200 && !found; i++) {
		found = runtime_detect(&cache, (uint32_t)pid, true, out);
		if (!found)
			usleep(10000);
	}
	runtime_cache_release(&cache);
	return found;
}

static void ruby_is_known_by_its_library(void **state)
{
	char *argv[] = { "ruby", "-e", "sleep 60", NULL };
	pid_t pid = start("ruby", argv);
	struct runtime_info info;
	bool found = find(pid, &info);

	(void)state;
	if (stop(pid) == 127)
		skip();
	assert_true(found);
	assert_string_equal(info.name, "ruby");
	assert_true(info.global_lock);
	assert_true(info.version[0] >= '1' && info.version[1] == '.');
}

static void node_is_known_by_its_name(void **state)
{
	char *argv[] = { "node", "-e", "setTimeout(() => 0, 60000)", NULL };
	pid_t pid = start("node", argv);
	struct runtime_info info;
	bool found = find(pid, &info);

	(void)state;
	if (stop(pid) == 127)
		skip();
	assert_true(found);
	assert_string_equal(info.name, "node");
	assert_false(info.global_lock);
}

static void c_has_no_runtime(void **state)
{
	struct runtime_cache cache = { 0 };
	struct runtime_info info;

	(void)state;
	assert_false(runtime_detect(&cache, (uint32_t)getpid(), true, &info));
	assert_null(info.name);
	assert_false(runtime_detect(&cache, 0x7ffffff0, true, &info));
	runtime_cache_release(&cache);
}

static bool is_wanted(const char *module)
{
	return !strcmp(module, "dask") || !strcmp(module, "joblib") || !strcmp(module, "ray");
}

static void imports_are_those_of_the_script(void **state)
{
	static const char text[] = "#!/usr/bin/env python3\n"
				   "\"\"\"No import ray here.\"\"\"\n"
				   "import os, dask.bag as db, sys\n"
				   "try:\n"
				   "    from joblib.parallel import Parallel, delayed\n"
				   "except ImportError:\n"
				   "    pass\n"
				   "import dask\n"
				   "import raylike\n"
				   "from x import ray\n";
	char script[] = "/tmp/imports-XXXXXX.py", out[64];
	char *argv[] = { "python3", "-f", script, NULL };
	int fd = mkstemps(script, 3);
	pid_t pid;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	pid = start("tail", argv);
	script_imports((uint32_t)pid, is_wanted, out, sizeof(out));
	stop(pid);
	unlink(script);
	assert_string_equal(out, "dask joblib");
}

static void who_runs_no_script_imports_nothing(void **state)
{
	char out[64] = "x";

	(void)state;
	script_imports((uint32_t)getpid(), is_wanted, out, sizeof(out));
	assert_string_equal(out, "");
	script_imports(0x7ffffff0, is_wanted, out, sizeof(out));
	assert_string_equal(out, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ruby_is_known_by_its_library),
		cmocka_unit_test(node_is_known_by_its_name),
		cmocka_unit_test(c_has_no_runtime),
		cmocka_unit_test(imports_are_those_of_the_script),
		cmocka_unit_test(who_runs_no_script_imports_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
