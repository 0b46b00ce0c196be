// SPDX-License-Identifier: MIT
/* Owns all parts of one recording, and introduces them to each other. */
#include "cmd/collector.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "event/sysno.h"
#include "facts/facts_json.h"
#include "record/privilege.h"
#include "record/stats.h"
#include "symbol/futex_look.h"
#include "verdict/verdict.h"

/*
 * Interim facts are for recordings that get killed. They come soon at first, and
 * ever more seldom, so that they stay a small part of a long recording.
 */
#define INTERIM_FIRST_NS NS_PER_S
#define INTERIM_MOST_NS (60 * NS_PER_S)

static void feed_model(void *ctx, const struct event *ev)
{
	struct collector *c = ctx;

	model_feed(&c->model, ev);
}

/* Blocked: what on is asked of its memory, now. */
static void look_at(struct par_task *rec)
{
	if (!(rec->hdr.flags & (PAR_OUT_RUNNING | PAR_OUT_READY)))
		futex_look(rec->hdr.tid, &rec->cause);
}

static void on_event(void *ctx, const struct event *ev)
{
	struct collector *c = ctx;
	struct event looked;

	if (ev->hdr.kind == PAR_TASK || ev->hdr.kind == PAR_OPEN) {
		looked = *ev;
		look_at(&looked.task);
		ev = &looked;
	}
	inspect_before(&c->inspect, ev);
	model_feed(&c->model, ev);
	inspect_after(&c->inspect, ev);
}

static void watch_python(void *ctx, uint32_t pid, const struct python_info *python)
{
	struct collector *c = ctx;
	struct python_site site = {
		.pid = pid,
		.path = python->path,
		.has_gil = python->global_lock,
		.place = { .lock_addr = python->lock_addr,
			   .lock_size = python->lock_size,
			   .eval_addr = python->eval_addr,
			   .eval_size = python->eval_size },
	};

	memcpy(site.offsets, python->functions, sizeof(site.offsets));
	session_watch_python(&c->session, &site);
}

static void watch_gvl(void *ctx, uint32_t pid)
{
	struct collector *c = ctx;

	session_watch_gvl(&c->session, pid);
}

/* Name what is wrong with the output file. Returns @err. */
static int say_file_error(const struct collector *c, int err)
{
	const char *path = c->file.culprit ? c->file.culprit : c->path;

	if (err == -EEXIST) {
		log_err(0, "cannot write '%s': it exists and is not a partrace recording", path);
		log_hint("remove it, or choose another name with -o FILE");
	} else if (err == -ELOOP) {
		log_err(0, "cannot write '%s': somebody else's symbolic link or pipe is in the way",
			path);
		log_hint("choose another directory with -o FILE");
	} else if (err == -EBUSY) {
		log_err(0, "cannot write '%s': another partrace is writing it", path);
		log_hint("choose another name with -o FILE");
	} else {
		log_err(err, "cannot write '%s'", path);
		if (err == -ENOSPC)
			log_hint("free some space, or choose another file system with -o FILE");
		else
			log_hint("choose another name with -o FILE");
	}
	return err;
}

static void open_outputs(struct collector *c, const struct collector_opts *opts)
{
	struct facts_build_options build = {
		.sysno_name = sysno_name,
		.request_function = opts->request_name,
	};
	struct trace_writer_options writer = {
		.boot_offset_ns = c->about.boot0_ns,
		.wall_offset_ns = c->about.wall0_ns,
		.sysname = c->about.uname.sysname,
		.release = c->about.uname.release,
		.machine = c->about.uname.machine,
		.cpu_cnt = c->about.cpus_online,
		.is_light = opts->probes.light,
	};

	model_init(&c->model);
	facts_build_init(&c->build, &build);
	c->writer = trace_writer_new(&c->file, &writer);
	model_observe(&c->model, facts_build_observer(&c->build));
	model_observe(&c->model, trace_writer_observer(c->writer));
	inspect_init(&c->inspect, &c->model.tasks, feed_model, c);
	c->inspect.on_python = watch_python;
	c->inspect.on_gvl = watch_gvl;
}

static void *load_symbols(void *arg)
{
	struct kallsyms *k = arg;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL); /* they are for the main thread */
	kallsyms_load(k, NULL);
	return NULL;
}

/*
 * Reading the kernel's symbols and loading the programs take about 0.1 s each, and
 * neither needs the other.
 */
static int open_session(struct collector *c, struct target *target,
			const struct session_opts *opts)
{
	struct kallsyms *k = &c->inspect.kernel.symbols;
	struct par_lock_text text;
	pthread_t thread;
	bool started;
	int err;

	if (opts->probes.light)
		return session_open(&c->session, target, opts);
	started = !pthread_create(&thread, NULL, load_symbols, k);
	err = session_open(&c->session, target, opts);
	if (started)
		pthread_join(thread, NULL);
	if (err)
		return err;
	if (!k->cnt)
		log_info("no names for kernel locks: /proc/kallsyms shows no addresses");
	text = (struct par_lock_text){ k->sched_text.addr, k->sched_text.bytes, k->lock_text.addr,
				       k->lock_text.bytes };
	probes_lock_text(c->session.probes, &text);
	return 0;
}

int collector_open(struct collector *c, struct target *target, const struct about *about,
		   const struct collector_opts *opts, const char *path)
{
	struct session_opts session = {
		.probes = opts->probes,
		.request = opts->request,
		.feed = on_event,
		.ctx = c,
	};
	int err;

	*c = (struct collector){ .about = *about, .slo = opts->slo, .path = path };
	c->max_overhead = opts->max_overhead;
	err = recording_create(&c->file, path);
	if (err)
		say_file_error(c, err);
	c->file_open = true;
	open_outputs(c, opts);
	if (!err)
		err = open_session(c, target, &session);
	if (err) {
		collector_close(c);
		return err;
	}
	c->session_open = true;
	return 0;
}

/* All is attached, and nothing that others wrote has been looked at yet. */
static int give_up_privilege(const struct collector *c)
{
	const struct target *t = c->session.target;
	struct privilege_needs needs = {
		.late_uprobes = !c->session.opts.probes.light,
		.child = t->launched ? t->pids[0] : 0,
		.file_dir_fd = c->file.is_special ? -1 : c->file.dir_fd,
	};

	return privilege_drop(&needs);
}

/* Somebody else's process, and no right to look into it: a recording without its insides. */
static void say_unreadable(struct collector *c)
{
	const struct target *t = c->session.target;

	for (size_t i = 0; i < t->pid_cnt && !c->lacks_memory; i++) {
		if (!privilege_can_look((uint32_t)t->pids[i])) {
			c->lacks_memory = true;
			log_warn("CAP_SYS_PTRACE missing: of process %d no GIL, locks, names of "
				 "files, memory",
				 (int)t->pids[i]);
		}
	}
	/* Of the whole machine some belong to others. */
	c->lacks_memory |= !t->pid_cnt && !privilege_can_look(1);
}

int collector_begin(struct collector *c)
{
	int err;

	err = give_up_privilege(c);
	if (err)
		return err;
	c->cpu0_ns = clock_process_cpu_ns();
	err = session_begin(&c->session);
	say_unreadable(c);
	c->has_begun = !err;
	c->about.start_mono_ns = c->session.begin_ns;
	c->about.start_wall_ns = clock_wall_ns() - (clock_mono_ns() - c->session.begin_ns);
	budget_begin(&c->budget, c->max_overhead, c->session.begin_ns, 0);
	c->interim_step_ns = INTERIM_FIRST_NS;
	c->interim_ns = c->session.begin_ns + INTERIM_FIRST_NS;
	return err;
}

/* How much of the timeline is not in the trace, as of @now_ns. */
static uint64_t left_out_ns(const struct collector *c, uint64_t now_ns)
{
	uint64_t since_ns = c->left_out_since_ns;

	return c->left_out_ns + (since_ns && now_ns > since_ns ? now_ns - since_ns : 0);
}

static uint64_t own_cost_ns(const struct collector *c, uint64_t now_ns)
{
	return clock_process_cpu_ns() - c->cpu0_ns + session_bpf_ns(&c->session, now_ns);
}

/* Look at the own cost, and do without what is too dear. */
static void keep_budget(struct collector *c, uint64_t now_ns)
{
	bool was_written = !c->left_out_since_ns, is_written;
	bool is_behind = session_was_behind(&c->session);
	uint64_t cost_ns = 0;

	is_behind |= recording_is_behind(&c->file);

	if (budget_is_due(&c->budget, now_ns))
		cost_ns = own_cost_ns(c, now_ns);
	if (budget_look(&c->budget, now_ns, cost_ns, is_behind) &&
	    c->budget.step == BUDGET_NO_CALLS && !c->session.opts.probes.light) {
		log_info("the own cost is above the limit: no more system calls are counted");
		session_leave_calls(&c->session);
		c->build.calls_until_ns = now_ns - c->session.begin_ns;
	}
	is_written = budget_has_timeline(&c->budget, now_ns);
	if (is_written == was_written)
		return;
	log_info("the timeline is %s", is_written ? "written again" : "left out from here on");
	c->left_out_ns = left_out_ns(c, now_ns);
	c->left_out_since_ns = is_written ? 0 : now_ns;
	trace_writer_pause(c->writer, !is_written);
}

static void take_facts(struct collector *c, struct facts *facts, uint64_t now_ns,
		       bool is_complete)
{
	struct about_cost cost = {
		.events = c->session.record_cnt,
		.passed_over = probes_passed_over(c->session.probes),
		.bpf_ns = session_bpf_ns(&c->session, now_ns),
		.collector_ns = clock_process_cpu_ns() - c->cpu0_ns,
		.is_complete = is_complete,
		.limit = c->max_overhead,
		.left_out_ns = left_out_ns(c, now_ns),
		.lacks_klocks = !c->session.opts.probes.light &&
				!probes_tell_klocks(c->session.probes),
		.lacks_bpf_time = stats_are_refused(),
		.lacks_memory = c->lacks_memory,
	};

	facts_build_take(&c->build, &c->model, facts);
	about_fill(&c->about, &c->model, &cost, facts);
	if (is_complete)
		facts_build_replay(&c->build, &c->model, facts);
	slo_judge(&c->slo, facts);
	verdict_judge(facts, &facts->verdict);
}

static int put_facts(struct collector *c, const struct facts *facts, bool is_complete)
{
	struct strbuf json = { 0 };
	int err;

	facts_json_format(facts, &json, false);
	err = recording_put_facts(&c->file, strbuf_str(&json), is_complete);
	strbuf_release(&json);
	return err;
}

static void add_open(void *ctx, const struct par_task *rec)
{
	struct collector *c = ctx;
	struct par_task looked = *rec;
	struct blocked b;

	look_at(&looked);
	if (model_blocked(&c->model, &looked, &b)) {
		facts_build_add_blocked(&c->build, &b);
		free(b.lock);
	}
	inspect_look(&c->inspect, &looked);
	model_peek(&c->model, &looked, facts_build_add_open, &c->build);
}

static int put_interim(struct collector *c, uint64_t now_ns)
{
	struct facts facts = { 0 };
	int err;

	session_feed_counts(&c->session);
	session_look(&c->session, add_open, c);
	about_refresh(&c->about);
	take_facts(c, &facts, now_ns, false);
	err = put_facts(c, &facts, false);
	if (!err)
		err = trace_writer_flush(c->writer);
	facts_release(&facts);

	c->interim_step_ns += c->interim_step_ns / 4;
	if (c->interim_step_ns > INTERIM_MOST_NS)
		c->interim_step_ns = INTERIM_MOST_NS;
	c->interim_ns = now_ns + c->interim_step_ns;
	return err;
}

int collector_step(struct collector *c)
{
	uint64_t now_ns = clock_mono_ns();
	int err;

	session_step(&c->session);
	inspect_tick(&c->inspect, now_ns);
	keep_budget(c, now_ns);
	if (now_ns < c->interim_ns)
		return 0;
	err = put_interim(c, now_ns);
	return err ? say_file_error(c, err) : 0;
}

uint64_t collector_pause_ns(const struct collector *c, uint64_t now_ns)
{
	if (inspect_is_eager(&c->inspect, now_ns))
		return SESSION_STEP_NS;
	return session_pause_ns(&c->session);
}

/* The verdict and its reasons, as a track of their own. */
static void write_verdict(struct collector *c, const struct fact_verdict *v)
{
	size_t cnt = v->evidence_cnt + v->advice_cnt;
	struct trace_note *notes = xcalloc(cnt, sizeof(*notes));
	size_t n = 0;

	for (size_t i = 0; i < v->evidence_cnt; i++)
		notes[n++] = (struct trace_note){ v->evidence[i].rule, v->evidence[i].text };
	for (size_t i = 0; i < v->advice_cnt; i++)
		notes[n++] = (struct trace_note){ "advice", v->advice[i] };
	trace_writer_verdict(c->writer, v->summary ? v->summary : verdict_headline(v), notes, n);
	free(notes);
}

int collector_end(struct collector *c, struct facts *facts)
{
	int err, file_err;

	inspect_memory(&c->inspect);
	err = session_end(&c->session);
	take_facts(c, facts, c->session.end_ns, true);
	write_verdict(c, &facts->verdict);
	trace_writer_free(c->writer);
	c->writer = NULL;
	file_err = put_facts(c, facts, true);
	if (file_err)
		recording_abort(&c->file);
	else
		file_err = recording_close(&c->file);
	c->file_open = false;
	if (file_err)
		say_file_error(c, file_err);
	return err ? err : file_err;
}

void collector_forget(struct collector *c)
{
	c->has_begun = false;
}

void collector_close(struct collector *c)
{
	if (c->session_open)
		session_close(&c->session);
	trace_writer_free(c->writer);
	if (c->file_open && c->has_begun)
		recording_abort(&c->file);
	else if (c->file_open)
		recording_discard(&c->file);
	facts_build_release(&c->build);
	inspect_release(&c->inspect);
	model_release(&c->model);
	*c = (struct collector){ 0 };
}

double collector_overhead(const struct collector *c, uint64_t now_ns)
{
	if (now_ns <= c->session.begin_ns)
		return 0;
	return (double)own_cost_ns(c, now_ns) / (double)(now_ns - c->session.begin_ns);
}
