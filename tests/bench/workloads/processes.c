/* SPDX-License-Identifier: MIT */
/*
 * Many processes, one after the other, that end at once.
 *
 *	processes [--processes N]
 */
#include "bench.h"

int main(int argc, char **argv)
{
	long cnt = option(argc, argv, "--processes", 1000);
	struct stopwatch watch = begin();

	for (long i = 0; i < cnt; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (!pid)
			_exit(0);
		if (waitpid(pid, NULL, 0) != pid)
			die("waitpid");
	}
	end(&watch);
	return 0;
}
