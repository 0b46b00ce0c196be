/* SPDX-License-Identifier: MIT */
/*
 * Starts RATE processes a second for S seconds, every tenth with an exec, and
 * prints how many there were: "children N".
 *
 *	storm [--rate RATE] [--seconds S]
 */
#include "workload.h"

static void child(int i)
{
	if (i % 10 == 0)
		execl("/bin/true", "true", (char *)NULL);
	_exit(0);
}

int main(int argc, char **argv)
{
	double rate = 1000, seconds = 2;
	uint64_t start_ns, end_ns;
	int cnt = 0;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--rate"))
			rate = atof(argv[i + 1]);
		else if (!strcmp(argv[i], "--seconds"))
			seconds = atof(argv[i + 1]);
	}
	say_ready();
	start_ns = clock_ns(CLOCK_MONOTONIC);
	end_ns = start_ns + (uint64_t)(seconds * 1e9);
	while (clock_ns(CLOCK_MONOTONIC) < end_ns) {
		uint64_t due_ns = start_ns + (uint64_t)(cnt / rate * 1e9);
		uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
		pid_t pid;

		if (now_ns < due_ns)
			sleep_ns(due_ns - now_ns);
		pid = fork();
		if (pid < 0)
			die("fork");
		if (!pid)
			child(cnt);
		cnt++;
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	while (waitpid(-1, NULL, 0) > 0)
		;
	printf("children %d\n", cnt);
	return 0;
}
