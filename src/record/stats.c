// SPDX-License-Identifier: MIT
/* Owns the descriptor that keeps the measuring on, and the thread that gets it. */
#include "record/stats.h"

#include <bpf/bpf.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

#include "base/rights.h"
#include "record/filter.h"

static struct {
	pthread_t thread;
	bool has_thread;
	sem_t asked, done;
	enum { ASK_ON, ASK_OFF, ASK_END } ask;
	int fd; /* >= 0: it is on */
	bool is_refused;
} stats = { .fd = -1 };

static void turn(bool on)
{
	if (on && stats.fd < 0) {
		stats.fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
		stats.is_refused = stats.fd < 0;
	} else if (!on && stats.fd >= 0) {
		close(stats.fd);
		stats.fd = -1;
	}
}

static void *stats_main(void *arg)
{
	(void)arg;
	rights_only(RIGHT(SYS_ADMIN));
	filter_load_stats();
	do {
		sem_post(&stats.done);
		while (sem_wait(&stats.asked))
			;
		turn(stats.ask == ASK_ON);
	} while (stats.ask != ASK_END);
	return NULL;
}

static void ask(int what)
{
	stats.ask = what;
	sem_post(&stats.asked);
	while (sem_wait(&stats.done))
		;
}

void stats_open(void)
{
	sigset_t all, before;

	if (stats.has_thread || !(rights_effective() & RIGHT(SYS_ADMIN)))
		return;
	sem_init(&stats.asked, 0, 0);
	sem_init(&stats.done, 0, 0);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	stats.has_thread = !pthread_create(&stats.thread, NULL, stats_main, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	while (stats.has_thread && sem_wait(&stats.done))
		;
}

void stats_switch(bool on)
{
	if (stats.has_thread)
		ask(on ? ASK_ON : ASK_OFF);
	else
		turn(on);
}

bool stats_are_refused(void)
{
	return stats.is_refused;
}

void stats_close(void)
{
	if (!stats.has_thread) {
		turn(false);
		return;
	}
	stats.ask = ASK_END;
	sem_post(&stats.asked);
	pthread_join(stats.thread, NULL);
	stats.has_thread = false;
}
