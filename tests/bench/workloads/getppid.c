/* SPDX-License-Identifier: MIT */
/*
 * The cheapest system call, over and over, on one CPU.
 *
 *	getppid [--calls N] [--cpu N]
 */
#include <sys/syscall.h>

#include "bench.h"

int main(int argc, char **argv)
{
	long calls = option(argc, argv, "--calls", 4000000);
	struct stopwatch watch;

	pin((int)option(argc, argv, "--cpu", 0));
	watch = begin();
	for (long i = 0; i < calls; i++)
		syscall(SYS_getppid);
	end(&watch);
	return 0;
}
