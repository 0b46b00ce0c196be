// SPDX-License-Identifier: MIT
/* Owns the wording; every number is in the facts. */
#include "output/report_python.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/order.h"
#include "base/text.h"
#include "base/xalloc.h"

#define ROLES_SHOWN 3

/* Less than this was watched by chance. */
#define WATCHED_MIN_NS (20 * NS_PER_MS)

/* Of all CPU time, in per cent: whoever uses less has no say in the choice. */
#define CPU_MIN_PERCENT 5

struct role_sum {
	const char *role;
	size_t threads;
	uint64_t cpu_ns, watched_ns, released_ns;
};

static int by_cpu(const void *a, const void *b)
{
	const struct role_sum *x = a, *y = b;

	return order_down(x->cpu_ns, y->cpu_ns) ?: strcmp(x->role, y->role);
}

static size_t sum_roles(const struct facts *f, struct role_sum *sums, uint64_t *cpu_ns)
{
	size_t cnt = 0;

	for (size_t i = 0; i < f->thread_cnt; i++) {
		const struct fact_thread *t = &f->threads[i];
		uint64_t cpu = fact_thread_group_ns(t, GROUP_CPU);
		struct role_sum *s = sums;

		*cpu_ns += cpu;
		if (!t->watched_ns)
			continue;
		while (s < sums + cnt && !text_is_same(s->role, t->role))
			s++;
		if (s == sums + cnt)
			sums[cnt++].role = t->role ? t->role : "";
		s->threads++;
		s->cpu_ns += cpu;
		s->watched_ns += t->watched_ns;
		s->released_ns += t->released_ns;
	}
	qsort(sums, cnt, sizeof(*sums), by_cpu);
	return cnt;
}

static void say_role(const struct role_sum *r, struct strbuf *s)
{
	double percent = 100.0 * (double)r->released_ns / (double)r->watched_ns;

	wrap_add_safe(s, r->role[0] ? r->role : "thread", 30);
	if (r->threads > 1)
		strbuf_addf(s, " x%zu", r->threads);
	strbuf_addf(s, percent < 10 ? ": %.1f %%" : ": %.0f %%", percent);
	strbuf_addf(s, " of %s CPU time had the GIL released", r->threads > 1 ? "their" : "its");
	if (r->watched_ns < r->cpu_ns / 10 * 9) {
		strbuf_addstr(s, " (a sample of ");
		wrap_add_duration(s, r->watched_ns);
		strbuf_addch(s, ')');
	}
}

static void put_released(struct wrap *w, const struct facts *f)
{
	struct role_sum *sums = xcalloc(f->thread_cnt, sizeof(*sums));
	const char *label = "GIL";
	struct strbuf s = { 0 };
	uint64_t cpu_ns = 0;
	size_t cnt = sum_roles(f, sums, &cpu_ns);

	for (size_t i = 0; i < cnt && i < ROLES_SHOWN; i++) {
		if (sums[i].watched_ns < WATCHED_MIN_NS ||
		    sums[i].cpu_ns < cpu_ns / 100 * CPU_MIN_PERCENT)
			continue;
		if (*label)
			wrap_gap(w);
		strbuf_reset(&s);
		say_role(&sums[i], &s);
		wrap_text(w, label, WRAP_LABEL, strbuf_str(&s));
		label = "";
	}
	strbuf_release(&s);
	free(sums);
}

static void put_switched_on(struct wrap *w, const struct facts *f)
{
	struct strbuf s = { 0 };

	for (size_t i = 0; i < f->process_cnt; i++) {
		const struct fact_process *p = &f->processes[i];

		if (!p->free_threaded || !p->global_lock)
			continue;
		wrap_add_safe(&s, p->name ? p->name : "", 30);
		strbuf_addf(&s,
			    " (%u) is a free-threaded build, but its GIL has been switched back "
			    "on: by PYTHON_GIL=1, -X gil=1, or an extension that does not say it "
			    "can do without",
			    p->pid);
		wrap_gap(w);
		wrap_text(w, "Note", WRAP_LABEL, strbuf_str(&s));
		break;	/* the others are like it, as a rule */
	}
	strbuf_release(&s);
}

void report_python(struct wrap *w, const struct facts *f)
{
	put_released(w, f);
	put_switched_on(w, f);
}
