/* SPDX-License-Identifier: MIT */
/*
 * Loads floor.bpf.c, says "ready", and throws away what it tells every 5 ms, until a
 * signal ends it. Then: "cycles N lost N".
 *
 *	floor empty|least|light
 *
 * empty: empty programs on sched_switch, sched_waking, sys_enter and sys_exit. least:
 * those on the scheduler do the least that a tracer must. light: as least, without
 * those on system calls.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "floor.skel.h"

static volatile sig_atomic_t is_over;

static void on_signal(int signum)
{
	(void)signum;
	is_over = 1;
}

static int count(void *ctx, void *data, size_t len)
{
	unsigned long long *cycles = ctx;

	(void)data;
	(void)len;
	++*cycles;
	return 0;
}

static struct floor *load(const char *mode)
{
	bool is_empty = !strcmp(mode, "empty"), is_light = !strcmp(mode, "light");
	struct floor *f = floor__open();

	if (!f)
		return NULL;
	bpf_program__set_autoload(f->progs.empty_switch, is_empty);
	bpf_program__set_autoload(f->progs.empty_waking, is_empty);
	bpf_program__set_autoload(f->progs.empty_enter, !is_light);
	bpf_program__set_autoload(f->progs.empty_exit, !is_light);
	bpf_program__set_autoload(f->progs.least_switch, !is_empty);
	bpf_program__set_autoload(f->progs.least_waking, !is_empty);
	if (!floor__load(f) && !floor__attach(f))
		return f;
	floor__destroy(f);
	return NULL;
}

int main(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	struct sigaction sa = { .sa_handler = on_signal };
	unsigned long long cycles = 0;
	struct ring_buffer *rb;
	struct floor *f;

	if (argc != 2 ||
	    (strcmp(argv[1], "empty") && strcmp(argv[1], "least") && strcmp(argv[1], "light"))) {
		fprintf(stderr, "usage: floor empty|least|light\n");
		return 2;
	}
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	f = load(argv[1]);
	rb = f ? ring_buffer__new(bpf_map__fd(f->maps.ring), count, &cycles, NULL) : NULL;
	if (!rb) {
		fprintf(stderr, "floor: cannot load: %s\n", strerror(errno));
		floor__destroy(f);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	while (!is_over) {
		nanosleep(&pause, NULL);
		ring_buffer__consume(rb);
	}
	ring_buffer__consume(rb);
	printf("cycles %llu lost %llu\n", cycles, (unsigned long long)f->bss->lost_cnt);
	ring_buffer__free(rb);
	floor__destroy(f);
	return 0;
}
