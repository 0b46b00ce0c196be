// SPDX-License-Identifier: MIT
/*
 * Every Python 3 that PATH offers says itself what it is and where its
 * `_PyRuntime` lies; python_detect() must say the same from outside.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "symbol/python_detect.h"

static const char script[] =
	"import os, sys\n"
	"try:\n"
	"    import ctypes\n"
	"    addr = ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, '_PyRuntime'))\n"
	"except Exception:\n"
	"    addr = 0\n"
	"free = 't' in sys.abiflags\n"
	"print(os.getpid(), '%d.%d' % sys.version_info[:2], addr, int(not free))\n"
	"sys.stdout.flush()\n"
	"sys.stdin.read()\n";

struct python {
	pid_t launched; /* may be a wrapper */
	int in, out;
	unsigned int pid;
	char version[16];
	unsigned long long addr; /* 0: it could not tell */
	int global_lock;
};

static void python_stop(struct python *py)
{
	close(py->in);
	close(py->out);
	waitpid(py->launched, NULL, 0);
}

/* An unbuffered Python writes a line in pieces. */
static void read_line(int fd, char *line, size_t size)
{
	size_t len = 0;

	while (len < size - 1 && read(fd, line + len, 1) == 1 && line[len] != '\n')
		len++;
	line[len] = 0;
}

/* False if there is no such Python, or a wrapper that leads nowhere. */
static bool python_start(struct python *py, const char *exe)
{
	int in[2], out[2];
	char line[128];

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	py->launched = fork();
	assert_true(py->launched >= 0);
	if (!py->launched) {
		int null = open("/dev/null", O_WRONLY);

		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(null, 2);
		execlp(exe, exe, "-c", script, NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	py->in = in[1];
	py->out = out[0];
	read_line(py->out, line, sizeof(line));
	if (sscanf(line, "%u %15s %llu %d", &py->pid, py->version, &py->addr, &py->global_lock) ==
	    4)
		return true;
	python_stop(py);
	return false;
}

static void check(struct python_cache *cache, const struct python *py)
{
	struct python_info info;

	assert_int_equal(python_detect(cache, py->pid, &info), 1);
	assert_string_equal(info.version, py->version);
	assert_int_equal(info.global_lock, py->global_lock);
	assert_true(info.lock_addr);
	assert_in_range(info.lock_size, 256, 64 << 20);
	if (py->addr)
		assert_int_equal(info.lock_addr, py->addr);
	/* From 3.6 to 3.14 all export these, whatever file they are in. */
	assert_int_equal(access(info.path, R_OK), 0);
	assert_true(info.functions[PAR_PYTHON_SAVE_THREAD]);
	assert_true(info.functions[PAR_PYTHON_RESTORE_THREAD]);
	assert_int_not_equal(info.functions[PAR_PYTHON_SAVE_THREAD],
			     info.functions[PAR_PYTHON_RESTORE_THREAD]);
	assert_true(info.eval_addr);
	assert_in_range(info.eval_size, 1024, 16 << 20);
	assert_true(info.free_threaded == !py->global_lock);
}

static void every_python_in_path_is_recognised(void **state)
{
	static const char *const names[] = {
		"python3",    "python3.6",   "python3.7",  "python3.8",
		"python3.9",  "python3.10",  "python3.11", "python3.12",
		"python3.13", "python3.13t", "python3.14", "python3.14t",
	};
	struct python_cache cache = { 0 };
	int cnt = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct python py;

		if (!python_start(&py, names[i]))
			continue;
		print_message("%s is %s\n", names[i], py.version);
		check(&cache, &py);
		python_stop(&py);
		cnt++;
	}
	python_cache_release(&cache);
	if (!cnt)
		skip();
}

static void a_file_is_parsed_once(void **state)
{
	struct python_cache cache = { 0 };
	struct python py;
	uint64_t parse_cnt;

	(void)state;
	if (!python_start(&py, "python3"))
		skip();
	check(&cache, &py);
	parse_cnt = cache.parse_cnt;
	check(&cache, &py);
	python_stop(&py);
	assert_true(python_start(&py, "python3"));
	check(&cache, &py);
	python_stop(&py);

	assert_true(parse_cnt > 0);
	assert_int_equal(cache.parse_cnt, parse_cnt);
	python_cache_release(&cache);
}

static void copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	char buf[65536];
	ssize_t len;

	assert_true(in >= 0 && out >= 0);
	while ((len = read(in, buf, sizeof(buf))) > 0)
		assert_int_equal(write(out, buf, (size_t)len), len);
	assert_int_equal(len, 0);
	close(in);
	close(out);
}

/* An upgrade replaces the file under a running interpreter. */
static void a_deleted_executable_is_still_examined(void **state)
{
	char from[64], dir[] = "/tmp/partrace-python-XXXXXX", copy[64];
	struct python_cache cache = { 0 };
	struct python py;

	(void)state;
	if (!python_start(&py, "python3"))
		skip();
	assert_non_null(mkdtemp(dir));
	snprintf(copy, sizeof(copy), "%s/python3", dir);
	snprintf(from, sizeof(from), "/proc/%u/exe", py.pid);
	copy_file(from, copy);
	python_stop(&py);

	if (python_start(&py, copy)) { /* away from home it may not find its library */
		unlink(copy);
		check(&cache, &py);
		python_stop(&py);
	}
	unlink(copy);
	rmdir(dir);
	python_cache_release(&cache);
}

static void what_is_not_python_is_not_found(void **state)
{
	struct python_cache cache = { 0 };
	struct python_info info = { .lock_addr = 1 };

	(void)state;
	assert_int_equal(python_detect(&cache, (uint32_t)getpid(), &info), 0);
	assert_int_equal(info.lock_addr, 0);
	assert_false(info.global_lock);
	python_cache_release(&cache);
}

static void a_process_that_ended_is_esrch(void **state)
{
	struct python_cache cache = { 0 };
	struct python_info info;
	pid_t pid = fork();

	(void)state;
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	assert_int_equal(python_detect(&cache, (uint32_t)pid, &info), -ESRCH);
	python_cache_release(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_python_in_path_is_recognised),
		cmocka_unit_test(a_file_is_parsed_once),
		cmocka_unit_test(a_deleted_executable_is_still_examined),
		cmocka_unit_test(what_is_not_python_is_not_found),
		cmocka_unit_test(a_process_that_ended_is_esrch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
