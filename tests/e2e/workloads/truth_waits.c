/* SPDX-License-Identifier: MIT */
/*
 * The book of waits: what each thread measured about its own, and how it is printed.
 *
 * Blocked is what the call took, less this thread's CPU time and less the time it
 * was runnable without a CPU: the machine may be busy.
 */
#include <sys/resource.h>

#include "truth.h"

#define WAIT_MAX 20000

static struct waits all_waits[256];
static atomic_size_t waits_cnt;

struct waits *waits_new(const char *thread, const char *bucket)
{
	struct waits *w = &all_waits[atomic_fetch_add(&waits_cnt, 1)];

	w->thread = thread;
	w->bucket = bucket;
	w->list = calloc(WAIT_MAX, sizeof(*w->list));
	return w;
}

void waits_begin(struct waits *w)
{
	w->start_ns = clock_ns(CLOCK_REALTIME);
	w->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	w->delay_ns = run_delay_ns();
	atomic_store(&w->open_ns, w->start_ns);
}

void waits_add(struct waits *w, uint64_t start_ns, uint64_t end_ns, uint64_t blocked_ns)
{
	size_t i = atomic_load(&w->cnt);

	if (i == WAIT_MAX)
		die("too many waits");
	w->list[i] = (struct interval){ start_ns, end_ns, blocked_ns };
	atomic_store(&w->cnt, i + 1);
}

void waits_end(struct waits *w)
{
	uint64_t end_ns = clock_ns(CLOCK_REALTIME);
	uint64_t awake = clock_ns(CLOCK_THREAD_CPUTIME_ID) - w->cpu_ns + run_delay_ns() -
			 w->delay_ns;
	uint64_t elapsed = end_ns - w->start_ns;

	atomic_store(&w->open_ns, 0);
	waits_add(w, w->start_ns, end_ns, elapsed > awake ? elapsed - awake : 0);
}

void waits_print(FILE *out)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	fprintf(out, "{\"pid\": %d, \"majflt\": %ld, \"waits\": [", getpid(), usage.ru_majflt);
	for (size_t i = 0; i < waits_cnt; i++) {
		struct waits *w = &all_waits[i];
		uint64_t open_ns = w->open_ns;

		if (open_ns) {
			uint64_t now = clock_ns(CLOCK_REALTIME);

			waits_add(w, open_ns, now, now - open_ns);
		}
		fprintf(out, "%s\n{\"thread\": \"%s\", \"bucket\": \"%s\", \"at_least\": %g, ",
			i ? "," : "", w->thread, w->bucket, w->at_least);
		fprintf(out, "\"intervals\": [");
		for (size_t j = 0; j < w->cnt; j++) {
			struct interval *iv = &w->list[j];

			fprintf(out, "%s[%llu, %llu, %llu]", j ? ", " : "",
				(unsigned long long)iv->start_ns, (unsigned long long)iv->end_ns,
				(unsigned long long)iv->blocked_ns);
		}
		fprintf(out, "]}");
	}
	fprintf(out, "\n]}\n");
	fflush(out);
}
