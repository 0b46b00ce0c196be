/* SPDX-License-Identifier: MIT */
/*
 * Two processes pinned to one CPU send one byte to and fro: a scheduling cycle a
 * byte, and two system calls.
 *
 *	pingpong [--trips N] [--pairs N] [--cpu N] [--rate HZ]
 *
 * Pair number I runs on CPU (cpu + I). With --rate the trips of a pair begin at that
 * rate at most.
 */
#include "bench.h"

static long trips, rate;

static void send_byte(int fd)
{
	if (write(fd, "x", 1) != 1)
		die("write");
}

static bool take_byte(int fd)
{
	char c;

	return read(fd, &c, 1) == 1;
}

static void echo(int in, int out)
{
	while (take_byte(in))
		send_byte(out);
	_exit(0);
}

static void ping(int in, int out)
{
	const struct timespec pause = { .tv_nsec = rate ? 1000000000 / rate : 0 };

	for (long i = 0; i < trips; i++) {
		send_byte(out);
		if (!take_byte(in))
			die("read");
		if (rate)
			nanosleep(&pause, NULL);
	}
	_exit(0);
}

/*
 * Both of a pair are children, so that their switches are counted when they have
 * ended. Starts when something comes from @start.
 */
static void start_pair(int cpu, int start, int *start_out)
{
	int there[2], back[2];

	if (pipe(there) || pipe(back))
		die("pipe");
	if (!fork()) {
		pin(cpu);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(there[1]);
		close(back[0]);
		echo(there[0], back[1]);
	}
	if (!fork()) {
		pin(cpu);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(there[0]);
		close(back[1]);
		close(*start_out);
		if (!take_byte(start))
			_exit(0);
		ping(back[0], there[1]);
	}
	close(there[0]);
	close(there[1]);
	close(back[0]);
	close(back[1]);
}

int main(int argc, char **argv)
{
	long pairs = option(argc, argv, "--pairs", 1), cpu = option(argc, argv, "--cpu", 0);
	struct stopwatch watch;
	int start[2];

	trips = option(argc, argv, "--trips", 150000);
	rate = option(argc, argv, "--rate", 0);
	if (pipe(start))
		die("pipe");
	for (long i = 0; i < pairs; i++)
		start_pair((int)(cpu + i), start[0], &start[1]);
	watch = begin();
	for (long i = 0; i < pairs; i++)
		send_byte(start[1]);
	while (wait(NULL) > 0)
		;
	end(&watch);
	return 0;
}
