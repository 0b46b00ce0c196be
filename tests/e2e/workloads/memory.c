/* SPDX-License-Identifier: MIT */
/*
 * Processes that share some memory and own some, and say how much that is:
 * "memory NAME PID RSS PSS PRIVATE" lines, in bytes, from their own smaps_rollup.
 * "pair" twice, at the same time; "short" ones one after the other, for 150 ms each;
 * and "small PID", which has a program of its own, vforked by a large process.
 */
#include <sys/mman.h>

#include "workload.h"

#define MB (1ull << 20)

static char *take(size_t size, int how)
{
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, how | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		die("mmap");
	for (size_t i = 0; i < size; i += 4096)
		at[i] = 1;
	return at;
}

static void say(const char *name)
{
	unsigned long long rss = 0, pss = 0, own = 0, kib;
	FILE *f = fopen("/proc/self/smaps_rollup", "re");
	char line[256];
	int len;

	if (!f)
		die("smaps_rollup");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Rss: %llu", &kib) == 1)
			rss = kib;
		else if (sscanf(line, "Pss: %llu", &kib) == 1)
			pss = kib;
		else if (sscanf(line, "Private_Clean: %llu", &kib) == 1 ||
			 sscanf(line, "Private_Dirty: %llu", &kib) == 1)
			own += kib;
	}
	fclose(f);
	len = snprintf(line, sizeof(line), "memory %s %d %llu %llu %llu\n", name, getpid(),
		       rss * 1024, pss * 1024, own * 1024);
	if (write(STDOUT_FILENO, line, (size_t)len) != len)
		die("stdout");
}

/* Own memory besides what is the parent's, and what all share. */
static void live(const char *name, char *shared, size_t shared_size, size_t own, uint64_t until_ns,
		 uint64_t end_ns)
{
	volatile char sum = 0;

	for (size_t i = 0; i < shared_size; i += 4096)
		sum = (char)(sum + shared[i]);
	take(own, MAP_PRIVATE);
	sleep_ns(until_ns);
	say(name);
	sleep_ns(end_ns - until_ns);
	_exit(0);
}

int main(int argc, char **argv)
{
	size_t shared_size = 8 * MB;
	char *shared, line[32];
	int len;

	if (argc > 1 && !strcmp(argv[1], "small"))
		return 0;
	/* What is taken later is not to wait until a host has backed it. */
	munmap(take(24 * MB, MAP_PRIVATE), 24 * MB);
	shared = take(shared_size, MAP_SHARED);
	take(16 * MB, MAP_PRIVATE);
	for (size_t i = 1; i <= 2; i++) {
		if (!fork_named("pair"))
			live("pair", shared, shared_size, i * 8 * MB, 500 * NS_PER_MS,
			     700 * NS_PER_MS);
	}
	while (wait(NULL) > 0)
		;
	for (size_t i = 1; i <= 3; i++) {
		if (!fork_named("short"))
			live("short", shared, shared_size, i * 2 * MB, 120 * NS_PER_MS,
			     150 * NS_PER_MS);
		wait(NULL);
	}
	for (int i = 0; i < 3; i++) {
		char *const small[] = { "memory", "small", NULL };
		pid_t pid = vfork();

		if (!pid) {
			execv("/proc/self/exe", small);
			_exit(99);
		}
		wait(NULL);
		len = snprintf(line, sizeof(line), "small %d\n", pid);
		if (write(STDOUT_FILENO, line, (size_t)len) != len)
			die("stdout");
	}
	return 0;
}
