/* SPDX-License-Identifier: MIT */
/*
 * Computes on one CPU, on memory that fits a cache, without a system call.
 *
 *	compute [--rounds N] [--cpu N]
 */
#include "bench.h"

static uint32_t cells[1 << 16];

int main(int argc, char **argv)
{
	long rounds = option(argc, argv, "--rounds", 1000);
	struct stopwatch watch;
	uint32_t x = 1;

	pin((int)option(argc, argv, "--cpu", 0));
	watch = begin();
	for (long i = 0; i < rounds; i++) {
		for (size_t j = 0; j < sizeof(cells) / sizeof(cells[0]); j++) {
			x = x * 1664525 + 1013904223;
			cells[x >> 16] += x;
		}
	}
	end(&watch);
	return cells[x >> 16] == 0;
}
