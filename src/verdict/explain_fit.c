// SPDX-License-Identifier: MIT
/*
 * Owns the sentences behind the class's own: why the fit is not what the class would
 * suggest, which role goes where, and what the user's needs change and cost.
 */
#include <string.h>

#include "base/xalloc.h"
#include "verdict/judge.h"
#include "verdict/thresholds.h"

static void add_evidence(const struct judgement *j, struct strbuf *s, const char *rule,
			 const char *sentence)
{
	if (judgement_finding(j, rule))
		strbuf_addf(s, " %s.", sentence);
}

static void say_why(const struct judgement *j, struct strbuf *s)
{
	if (j->class == CLASS_GIL_BOUND && j->fit == FIT_EITHER) {
		add_evidence(j, s, "small-tasks",
			     "But its tasks are too small for processes as they are: first put "
			     "many into one");
		add_evidence(j, s, "fresh-memory",
			     "But the work fills much memory: where that is results, shipping "
			     "them between processes costs more than the lock");
	}
	if (j->current == FIT_THREADS && j->fit == FIT_THREADS)
		add_evidence(j, s, "worker-memory",
			     "Processes would each need the memory that these threads share, and "
			     "the machine has not so much");
	if (j->class == CLASS_KERNEL_LOCK_BOUND && j->fit == FIT_PROCESSES)
		add_evidence(j, s, "mmap-lock",
			     "They change one address space all the time, and spin for its lock "
			     "before they sleep; each process has an address space of its own");
	if (j->class == CLASS_LOCK_BOUND && j->fit == FIT_PROCESSES)
		add_evidence(j, s, "coarse-lock",
			     "It is held for the work itself, so processes with a part of the "
			     "data each would work at the same time, and so would threads with a "
			     "lock and a share of the data each");
	if (j->class == CLASS_CPU_BOUND || j->class == CLASS_OVERSUBSCRIBED) {
		add_evidence(j, s, "short-lived",
			     "Its processes live for one small task each, and starting them "
			     "costs more than it brings");
		if (j->fit != j->current)
			add_evidence(j, s, "startup",
				     "Starting the workers takes much of what they bring");
	}
}

static void say_replay(const struct judgement *j, struct strbuf *s)
{
	const struct fact_whatif *w = j->replayed;

	if (!w)
		return;
	if (j->fit == FIT_EITHER)
		strbuf_addf(s,
			    " Replayed with %s the same work takes about as long (%.2fx, "
			    "%.2f-%.2fx).",
			    w->change, w->speedup, w->low, w->high);
	else
		strbuf_addf(s, " Replayed with %s the same work runs at %.2fx (%.2f-%.2fx).",
			    w->change, w->speedup, w->low, w->high);
}

/* "fetch", "crunch and parse" of the roles that @fit suits. */
static size_t list_roles(const struct judgement *j, struct strbuf *s, enum verdict_fit fit)
{
	size_t cnt = 0;

	for (size_t i = 0; i < j->role_cnt; i++) {
		if (j->roles[i].fit != fit || j->roles[i].class == CLASS_IDLE)
			continue;
		strbuf_addf(s, "%s%s", cnt ? ", " : "", j->view.roles[j->roles[i].role].name);
		cnt++;
	}
	return cnt;
}

static void say_roles(const struct judgement *j, struct strbuf *s)
{
	static const struct {
		enum verdict_fit fit;
		const char *place;
	} places[] = {
		{ FIT_THREADS, "in threads" },
		{ FIT_ASYNC, "in an event loop" },
		{ FIT_PROCESSES, "in processes" },
	};
	struct strbuf all = { 0 };
	size_t places_cnt = 0;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct strbuf names = { 0 };

		if (list_roles(j, &names, places[i].fit))
			strbuf_addf(&all, "%s%s %s", places_cnt++ ? "; " : "", strbuf_str(&names),
				    places[i].place);
		strbuf_release(&names);
	}
	if (places_cnt > 1)
		strbuf_addf(s, " By role: %s.", strbuf_str(&all));
	strbuf_release(&all);
}

static void say_cost(const struct judgement *j, struct strbuf *s, enum verdict_fit fit)
{
	const struct fact_whatif *w = find_replay(j->view.facts, verdict_fit_name(fit));
	double bytes = view_worker_bytes(&j->view);

	if (w && j->current != fit)
		strbuf_addf(s, " Replayed so, the work runs at %.2fx (%.2f-%.2fx).", w->speedup,
			    w->low, w->high);
	if (fit == FIT_PROCESSES && j->current != FIT_PROCESSES && bytes >= 1e6)
		strbuf_addf(s,
			    " It costs up to %.0f MB for each worker, and what they exchange has "
			    "to be sent.",
			    bytes / 1e6);
	else if (fit == FIT_PROCESSES && j->current != FIT_PROCESSES)
		strbuf_addstr(s, " What they exchange has to be sent.");
	else if (fit == FIT_THREADS && j->current == FIT_PROCESSES)
		strbuf_addstr(s, " It costs the isolation: one crash then ends all.");
}

static void say_need(const struct judgement *j, struct strbuf *s)
{
	bool isolation = judgement_needs(j, "isolation");
	enum verdict_fit wanted = isolation ? FIT_PROCESSES : FIT_THREADS;

	if (!j->view.facts->recording.need_cnt || j->fit == FIT_INCONCLUSIVE)
		return;
	if (j->fit_by_need == wanted) {
		strbuf_addf(s,
			    " You need %s, which %s; nothing in the recording speaks "
			    "against it.",
			    isolation ? "crash isolation" : "fast sharing",
			    isolation ? "only processes have" : "threads of one process have");
		say_cost(j, s, wanted);
	} else if (j->fit == wanted) {
		strbuf_addf(s, " That also gives you the %s you need.",
			    isolation ? "crash isolation" : "fast sharing");
	} else if (isolation) {
		strbuf_addf(s, " The crash isolation you need takes processes all the same: that "
			       "costs speed or memory here.");
		say_cost(j, s, wanted);
	} else {
		strbuf_addf(s, " The fast sharing you need is lost with it: keep large data in "
			       "shared memory, or accept the speed of threads.");
	}
}

void explain_fit(const struct judgement *j, struct strbuf *s)
{
	say_why(j, s);
	say_replay(j, s);
	if (j->fit == FIT_HYBRID && roles_differ(j))
		say_roles(j, s);
	else if (j->fit == FIT_HYBRID && j->class != CLASS_MIXED && waits_and_computes(j))
		strbuf_addf(s,
			    " Its workers wait for I/O %.1f times as long as they compute: that "
			    "part suits threads, as many as it takes; what computes suits "
			    "processes, as many as there are CPUs.",
			    ratio(view_io_share(&j->view), view_share(&j->view, PART_CPU)));
	say_need(j, s);
}
