/* SPDX-License-Identifier: MIT */
/*
 * A process with children and grandchildren, each of which works and says so:
 * "NAME PID PPID CPU_NS" on standard output, as it ends.
 *
 *	family [--before] [--seconds S]
 *
 * With --before the family exists when it says that it is ready, else it is born
 * at once, before anything else: what a launch must not miss. The parent exits
 * with status 3.
 */
#include <sys/mman.h>

#include "workload.h"

static double seconds = 0.2;
static int *alive;	/* shared: grandchildren that exist */

static void work(const char *name)
{
	uint64_t end_ns = clock_ns(CLOCK_MONOTONIC) + (uint64_t)(seconds * 1e9);
	char line[128];
	int len;

	while (clock_ns(CLOCK_MONOTONIC) < end_ns) {
		burn_ns(2 * NS_PER_MS);
		sleep_ns(4 * NS_PER_MS);
	}
	len = snprintf(line, sizeof(line), "%s %d %d %llu\n", name, getpid(), getppid(),
		       (unsigned long long)clock_ns(CLOCK_PROCESS_CPUTIME_ID));
	if (write(STDOUT_FILENO, line, (size_t)len) != len)
		die("stdout");
}

static void grow(bool before)
{
	for (int i = 0; i < 2; i++) {
		if (fork_named("fam-child"))
			continue;
		if (!fork_named("fam-grandchild")) {
			__atomic_add_fetch(alive, 1, __ATOMIC_SEQ_CST);
			work("fam-grandchild");
			_exit(0);
		}
		work("fam-child");
		wait(NULL);
		_exit(0);
	}
	while (before && __atomic_load_n(alive, __ATOMIC_SEQ_CST) < 2)
		sleep_ns(NS_PER_MS);
}

int main(int argc, char **argv)
{
	bool before = false;

	alive = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (alive == MAP_FAILED)
		die("mmap");
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--before"))
			before = true;
		else if (!strcmp(argv[i], "--seconds") && i + 1 < argc)
			seconds = atof(argv[++i]);
	}
	grow(before);
	say_ready();
	work("family");
	while (wait(NULL) > 0)
		;
	return 3;
}
