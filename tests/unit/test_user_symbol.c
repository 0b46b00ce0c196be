// SPDX-License-Identifier: MIT
/*
 * Addresses of this very program, whose names it knows, looked up from outside:
 * by itself, and in children that run a copy of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "cmd/ask_symbols.h"
#include "symbol/user_symbol.h"

static pthread_mutex_t zeroed_lock; /* .bss, far behind the file's own pages */
static char filler[1 << 20];
static pthread_mutex_t static_lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP; /* .data */
static struct {
	long before[4];
	pthread_mutex_t lock;
} nested = { { 1 }, PTHREAD_MUTEX_INITIALIZER };

#define FOREVER UINT64_MAX

static int find(struct user_symbols *us, uint32_t pid, const void *addr, char name[256])
{
	return user_symbol_find(us, pid, pid, (uintptr_t)addr, FOREVER, name, 256);
}

static void assert_name(const void *addr, const char *expected)
{
	struct user_symbols us = { 0 };
	char name[256];

	assert_int_equal(find(&us, (uint32_t)getpid(), addr, name), 1);
	assert_string_equal(name, expected);
	user_symbols_release(&us);
}

static void variables_of_the_program_have_their_names(void **state)
{
	(void)state;
	filler[0] = 1;
	assert_name(&static_lock, "static_lock");
	assert_name(&zeroed_lock, "zeroed_lock");
	assert_name(&nested.lock, "nested+0x20");
	assert_name(filler + sizeof(filler) - 16, "filler+0xffff0");
}

static void variables_of_a_library_say_which(void **state)
{
	(void)state;
	assert_name((char *)stdout + 8, "_IO_2_1_stdout_+0x8 in libc.so.6");
}

/* Sanitizers keep stack and heap in places of their own. */
static bool is_sanitized(void)
{
#ifdef __SANITIZE_ADDRESS__
	return true;
#else
	return false;
#endif
}

static char *heap_start(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start = 0, at;
	char line[512];

	while (fgets(line, sizeof(line), maps))
		if (strstr(line, "[heap]") && sscanf(line, "%lx", &at) == 1)
			start = at;
	fclose(maps);
	return (char *)start;
}

static void memory_without_a_name_of_its_own_says_what_it_is(void **state)
{
	struct user_symbols us = { 0 };
	pthread_mutex_t on_stack;
	void *heap = malloc(100), *anon;
	char name[256], expected[64];

	(void)state;
	anon = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!is_sanitized()) {
		assert_name(&on_stack, "stack of test_user_symbo");
		snprintf(expected, sizeof(expected), "heap+0x%lx",
			 (long)((char *)heap - heap_start()));
		assert_name(heap, expected);
	}
	assert_int_equal(find(&us, (uint32_t)getpid(), (char *)anon + 4096, name), 0);
	assert_int_equal(find(&us, (uint32_t)getpid(), (void *)8, name), 0);
	assert_int_equal(find(&us, (uint32_t)getpid(), (void *)-8, name), 0);
	user_symbols_release(&us);
	munmap(anon, 1 << 20);
	free(heap);
}

/* A child that runs a copy of this program and says where its locks are. */
struct child {
	pid_t pid;
	int in, out;
	char path[64];
	void *static_lock, *zeroed_lock;
};

static void copy_self(const char *to)
{
	char buf[1 << 16];
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	ssize_t len;

	assert_true(in >= 0 && out >= 0);
	while ((len = read(in, buf, sizeof(buf))) > 0)
		assert_int_equal(write(out, buf, (size_t)len), len);
	close(in);
	close(out);
}

static void run_child(struct child *c)
{
	int to[2], from[2];
	char line[128] = "";

	assert_int_equal(pipe2(to, O_CLOEXEC) | pipe2(from, O_CLOEXEC), 0);
	c->pid = fork();
	assert_true(c->pid >= 0);
	if (!c->pid) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		execl(c->path, c->path, "--wait", NULL);
		_exit(99);
	}
	close(to[0]);
	close(from[1]);
	c->in = to[1];
	c->out = from[0];
	assert_true(read(c->out, line, sizeof(line) - 1) > 0);
	assert_int_equal(sscanf(line, "%p %p", &c->static_lock, &c->zeroed_lock), 2);
}

static void start_child(struct child *c, bool stripped)
{
	char command[128];

	*c = (struct child){ 0 };
	snprintf(c->path, sizeof(c->path), "/tmp/partrace-symbol-%d", (int)getpid());
	copy_self(c->path);
	snprintf(command, sizeof(command), "strip %s", c->path);
	if (stripped && system(command)) {
		unlink(c->path);
		skip();
	}
	run_child(c);
}

static void end_child(struct child *c)
{
	close(c->in);
	close(c->out);
	waitpid(c->pid, NULL, 0);
	unlink(c->path);
}

static int wait_as_child(void)
{
	char byte;

	printf("%p %p\n", (void *)&static_lock, (void *)&zeroed_lock);
	fflush(stdout);
	return read(STDIN_FILENO, &byte, 1) != 0;
}

static void a_thousand_processes_of_a_program_cost_one_reading(void **state)
{
	struct user_symbols us = { 0 };
	struct child first, second;
	char name[256];

	(void)state;
	start_child(&first, false);
	second = first;
	run_child(&second);
	assert_int_equal(find(&us, (uint32_t)first.pid, first.static_lock, name), 1);
	assert_string_equal(name, "static_lock");
	assert_int_equal(find(&us, (uint32_t)second.pid, second.zeroed_lock, name), 1);
	assert_string_equal(name, "zeroed_lock");
	assert_int_equal(us.parse_cnt, 1);
	end_child(&second);
	end_child(&first);
	user_symbols_release(&us);
}

static void a_stripped_program_has_no_names_but_is_no_error(void **state)
{
	struct user_symbols us = { 0 };
	struct child c;
	char name[256];

	(void)state;
	start_child(&c, true);
	assert_int_equal(find(&us, (uint32_t)c.pid, c.static_lock, name), 0);
	assert_string_equal(name, "");
	end_child(&c);
	user_symbols_release(&us);
}

static void a_deleted_program_keeps_its_names(void **state)
{
	struct user_symbols us = { 0 };
	struct child c;
	char name[256];

	(void)state;
	if (geteuid())
		skip(); /* /proc/PID/map_files is root's */
	start_child(&c, false);
	unlink(c.path);
	assert_int_equal(find(&us, (uint32_t)c.pid, c.static_lock, name), 1);
	assert_string_equal(name, "static_lock");
	end_child(&c);
	user_symbols_release(&us);
}

static void a_process_that_is_gone_has_no_names(void **state)
{
	struct user_symbols us = { 0 };
	pid_t pid = fork();
	char name[256];

	(void)state;
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	assert_int_equal(find(&us, (uint32_t)pid, &static_lock, name), -ESRCH);
	user_symbols_release(&us);
}

static void a_large_table_is_read_in_steps(void **state)
{
	struct user_symbols us = { 0 };
	int ret, steps = 0;
	char name[256];

	(void)state;
	do
		ret = user_symbol_find(&us, (uint32_t)getpid(), 0, (uintptr_t)&static_lock, 0, name,
				       sizeof(name));
	while (ret == -EAGAIN && ++steps < 1000);
	assert_int_equal(ret, 1);
	assert_true(steps > 0);
	assert_string_equal(name, "static_lock");
	assert_int_equal(us.parse_cnt, 1);
	user_symbols_release(&us);
}

static void shared_memory_is_named_by_its_path(void **state)
{
	char path[64], expected[128], name[256];
	struct user_symbols us = { 0 };
	void *map;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/partrace-shared-%d", (int)getpid());
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0 && !ftruncate(fd, 8192));
	map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(map != MAP_FAILED);
	assert_int_equal(find(&us, (uint32_t)getpid(), (char *)map + 4104, name), 1);
	snprintf(expected, sizeof(expected), "%s+0x1008", path);
	assert_string_equal(name, expected);
	munmap(map, 8192);
	close(fd);
	unlink(path);
	user_symbols_release(&us);
}

static void bytes_that_are_no_file_of_ours_are_no_crash(void **state)
{
	static const char *const heads[] = { "\177ELF\2\1\1", "\177ELF\1\1\1", "", "#!/bin/sh\n" };
	char path[64], name[256], junk[4096];
	unsigned int seed = 1;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/partrace-junk-%d", (int)getpid());
	for (int round = 0; round < 400; round++) {
		struct user_symbols us = { 0 };
		const char *head = heads[round % 4];
		int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		void *map;

		for (size_t i = 0; i < sizeof(junk); i++)
			junk[i] = (char)(rand_r(&seed) % (round % 3 ? 256 : 4));
		memcpy(junk, head, strlen(head));
		assert_int_equal(write(fd, junk, sizeof(junk)), (ssize_t)sizeof(junk));
		map = mmap(NULL, sizeof(junk), PROT_READ, MAP_PRIVATE, fd, 0);
		assert_true(map != MAP_FAILED);
		assert_true(find(&us, (uint32_t)getpid(), (char *)map + 64, name) >= 0);
		munmap(map, sizeof(junk));
		close(fd);
		user_symbols_release(&us);
	}
	unlink(path);
}

struct answers {
	struct event last;
	size_t cnt;
};

static void on_answer(void *ctx, const struct event *ev)
{
	struct answers *a = ctx;

	a->last = *ev;
	a->cnt++;
}

static void each_address_is_asked_for_once(void **state)
{
	struct ask_symbols *as = calloc(1, sizeof(*as));
	struct answers a = { 0 };
	uint32_t pid = (uint32_t)getpid();

	(void)state;
	for (int i = 0; i < 3; i++) {
		ask_symbol(as, pid, pid, (uintptr_t)&static_lock);
		ask_symbols_answer(as, NS_PER_S, true, on_answer, &a);
	}
	assert_int_equal(a.cnt, 1);
	assert_int_equal(a.last.hdr.kind, EVENT_SYMBOL);
	assert_int_equal(a.last.hdr.tid, pid);
	assert_true(a.last.symbol.addr == (uintptr_t)&static_lock);
	assert_string_equal(a.last.symbol.name, "static_lock");

	/* After an exec the same address is something else. */
	ask_symbols_forget(as, pid);
	ask_symbol(as, pid, pid, (uintptr_t)&static_lock);
	ask_symbols_answer(as, NS_PER_S, true, on_answer, &a);
	assert_int_equal(a.cnt, 2);

	/* Who ends before the answer gets none. */
	ask_symbol(as, pid, pid, (uintptr_t)&zeroed_lock);
	ask_symbols_forget(as, pid);
	ask_symbols_answer(as, NS_PER_S, true, on_answer, &a);
	assert_int_equal(a.cnt, 2);
	ask_symbols_release(as);
	free(as);
}

static void what_there_is_no_time_for_is_answered_later(void **state)
{
	struct ask_symbols *as = calloc(1, sizeof(*as));
	struct answers a = { 0 };
	uint32_t pid = (uint32_t)getpid();

	(void)state;
	for (int i = 0; i < 100; i++)
		ask_symbol(as, pid, pid, (uintptr_t)filler + (uint64_t)i);
	ask_symbols_answer(as, 1, true, on_answer, &a);
	assert_true(a.cnt < 100);
	for (int i = 0; i < 10000 && a.cnt < 100; i++)
		ask_symbols_answer(as, NS_PER_MS, true, on_answer, &a);
	assert_int_equal(a.cnt, 100);
	assert_int_equal(as->queue_cnt, 0);
	ask_symbols_release(as);
	free(as);
}

static void a_program_with_a_word_for_each_wait_is_not_asked_for_ever(void **state)
{
	struct ask_symbols *as = calloc(1, sizeof(*as));

	(void)state;
	for (uint64_t i = 1; i <= 100000; i++)
		ask_symbol(as, 1 + (uint32_t)(i % 2), 7, i);
	assert_int_equal(as->queue_cnt, 512);
	for (uint32_t pid = 3; pid < 100000; pid++)
		ask_symbol(as, pid, pid, 8);
	assert_int_equal(as->queue_cnt, ASK_SYMBOLS_MAX);
	ask_symbols_release(as);
	free(as);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables_of_the_program_have_their_names),
		cmocka_unit_test(variables_of_a_library_say_which),
		cmocka_unit_test(memory_without_a_name_of_its_own_says_what_it_is),
		cmocka_unit_test(a_thousand_processes_of_a_program_cost_one_reading),
		cmocka_unit_test(a_stripped_program_has_no_names_but_is_no_error),
		cmocka_unit_test(a_deleted_program_keeps_its_names),
		cmocka_unit_test(a_process_that_is_gone_has_no_names),
		cmocka_unit_test(a_large_table_is_read_in_steps),
		cmocka_unit_test(shared_memory_is_named_by_its_path),
		cmocka_unit_test(bytes_that_are_no_file_of_ours_are_no_crash),
		cmocka_unit_test(each_address_is_asked_for_once),
		cmocka_unit_test(what_there_is_no_time_for_is_answered_later),
		cmocka_unit_test(a_program_with_a_word_for_each_wait_is_not_asked_for_ever),
	};

	if (argc > 1 && !strcmp(argv[1], "--wait"))
		return wait_as_child();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
