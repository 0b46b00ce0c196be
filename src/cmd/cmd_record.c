// SPDX-License-Identifier: MIT
/* `partrace [record]`: watch programs, judge them, leave a trace. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/argspec.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "cmd/budget.h"
#include "cmd/collector.h"
#include "cmd/command.h"
#include "cmd/gate.h"
#include "cmd/need.h"
#include "cmd/request_option.h"
#include "cmd/show.h"
#include "record/btf_file.h"

#define PROGRESS_NS (200 * NS_PER_MS)

#define PID_MAX (1 << 22)	/* the kernel's PID_MAX_LIMIT */

struct options {
	struct probes_opts probes;
	pid_t *pids;
	size_t pid_cnt, pid_cap;
	char **command;			/* NULL: none */
	uint64_t duration_ns;		/* 0: until it ends or is ended */
	const char *output;
	char *own_output;		/* the default name, when it is used */
	const char *btf;		/* NULL: the kernel's own */
	bool quiet;
	int verbose;
	bool no_follow;
	struct need need;
	enum show_color color;
	struct request_option request;
	struct gate gate;
	double max_overhead;		/* of one CPU; 0: no limit */
};

static volatile sig_atomic_t signal_cnt;

static void on_signal(int signum)
{
	(void)signum;
	signal_cnt++;
}

static bool hurry(void)
{
	return signal_cnt > 1;
}

/* "12,34": adds to what earlier -p options named. */
static int parse_pids(void *out, const char *value)
{
	struct options *o = out;

	do {
		char *end;
		long pid;

		if (*value < '0' || *value > '9')
			return -EINVAL;
		errno = 0;
		pid = strtol(value, &end, 10);
		if (errno || pid <= 0 || pid > PID_MAX || (*end && *end != ','))
			return -EINVAL;
		XGROW(o->pids, o->pid_cnt, o->pid_cap);
		o->pids[o->pid_cnt++] = (pid_t)pid;
		value = end;
	} while (*value++ == ',');
	return 0;
}

static int check_options(const struct argspec *spec, struct options *o,
			 const struct arg_rest *rest)
{
	int targets = (o->pid_cnt > 0) + (o->command != NULL) + o->probes.trace_all;

	if (rest->cnt && rest->dashes != 0)
		return argspec_error(spec, "unexpected '%s': a command goes behind '--'",
				     rest->args[0]);
	if (rest->dashes == 0 && !rest->cnt)
		return argspec_error(spec, "missing command behind '--'");
	if (!targets)
		return argspec_error(spec, "nothing to record: give -p PID, -a, or -- CMD");
	if (targets > 1)
		return argspec_error(spec, "-p, -a and a command exclude each other");
	if (need_is_contradiction(&o->need))
		return argspec_error(spec, NEED_CONTRADICTION);
	return gate_parse(&o->gate, spec);
}

static void settle_options(struct options *o)
{
	o->probes.follow_children = !o->no_follow;
	btf_file_use(o->btf);
	log_set_level(o->quiet ? LOG_QUIET : o->verbose ? LOG_VERBOSE : LOG_NORMAL);
	if (o->output)
		return;
	if (o->pid_cnt)
		o->own_output = xasprintf("partrace-%d.pftrace", (int)o->pids[0]);
	else if (o->probes.trace_all)
		o->own_output = xstrdup("partrace-all.pftrace");
}

static int parse_options(struct options *o, int argc, char **argv)
{
	const struct arg_option table[] = {
		{ 'p', "pid", ARG_CALLBACK, "PID[,PID]", "attach to running processes", o,
		  parse_pids },
		{ 'a', "all", ARG_FLAG, NULL, "record the whole machine", &o->probes.trace_all,
		  NULL },
		{ 'd', "duration", ARG_DURATION, "TIME",
		  "stop after this time: 10, 10s, 500ms, 2m; without, at the target's end or at "
		  "Ctrl-C",
		  &o->duration_ns, NULL },
		{ 'o', "output", ARG_STRING, "FILE",
		  "write the trace there (default partrace-PID.pftrace)", &o->output, NULL },
		{ 0, "no-follow", ARG_FLAG, NULL, "leave the targets' child processes out",
		  &o->no_follow, NULL },
		{ 0, "light", ARG_FLAG, NULL,
		  "scheduler only: less overhead, but no counts of system calls and bytes",
		  &o->probes.light, NULL },
		{ 0, "max-overhead", ARG_CALLBACK, "SHARE",
		  "of one CPU, as 2%: while the own cost is above, do without counts of system "
		  "calls, then without the timeline",
		  &o->max_overhead, budget_parse },
		{ 0, "need", ARG_CALLBACK, "WHAT",
		  "what counts besides speed: isolation (a crash takes no other worker along) or "
		  "sharing (of data, at no cost)",
		  &o->need, need_parse },
		{ 0, "slo", ARG_CALLBACK, "LIMITS", SLO_HELP, &o->gate, gate_add },
		{ 0, "request", ARG_CALLBACK, "FUNC[@BINARY]",
		  "a call of this function is a request; without it, requests are those of "
		  "served connections",
		  &o->request, request_option_parse },
		{ 0, "btf", ARG_STRING, "FILE",
		  "take the kernel's types from a copy of its /sys/kernel/btf/vmlinux", &o->btf,
		  NULL },
		{ 'q', "quiet", ARG_FLAG, NULL, "print errors only", &o->quiet, NULL },
		{ 'v', "verbose", ARG_COUNT, NULL,
		  "say what is being done, and what predictions are based on", &o->verbose, NULL },
		{ 0, "color", ARG_CALLBACK, "WHEN", "auto, always or never", &o->color,
		  show_parse_color },
		{ 0 },
	};
	const struct argspec spec = {
		.command = cmd_record.name,
		.args = cmd_record.args,
		.summary = "Records running or launched programs, prints a verdict on threads or "
			   "processes, and writes a Perfetto trace.",
		.notes = "Children and new threads of a target are recorded too. A command that "
			 "still runs when the recording ends is sent SIGTERM. Exit status: 0 done, "
			 "1 failed, 2 usage, 3 a limit of --slo was missed, whatever the command's "
			 "own; else, of a command that ended by itself, its own, and 126 or "
			 "127 when it can't be run.",
		.options = table,
		.stops_at_operand = true,
	};
	struct arg_rest rest;
	int err = argspec_parse(&spec, argc, argv, &rest);

	if (err)
		return err;
	if (rest.dashes == 0 && rest.cnt)
		o->command = rest.args;
	err = check_options(&spec, o, &rest);
	if (!err)
		settle_options(o);
	return err;
}

/* What they were, for the command. */
static struct {
	int signum;
	struct sigaction before;
} caught[] = { { .signum = SIGINT }, { .signum = SIGTERM }, { .signum = SIGHUP } };

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	for (size_t i = 0; i < ARRAY_CNT(caught); i++)
		sigaction(caught[i].signum, &sa, &caught[i].before);
	/* As nohup(1) wants it. The others end a recording, whoever started it. */
	if (caught[2].before.sa_handler == SIG_IGN)
		sigaction(SIGHUP, &caught[2].before, NULL);
}

static void restore_signals(void)
{
	for (size_t i = 0; i < ARRAY_CNT(caught); i++)
		sigaction(caught[i].signum, &caught[i].before, NULL);
}

static void show_progress(const struct collector *c, uint64_t now_ns)
{
	log_progress("recording %.1f s: %llu events, %llu lost, %.1f %% of one CPU used; Ctrl-C "
		     "ends it",
		     (double)(now_ns - c->session.begin_ns) / 1e9,
		     (unsigned long long)c->session.record_cnt,
		     (unsigned long long)session_lost(&c->session),
		     100 * collector_overhead(c, now_ns));
}

/* Until the time is up, the targets have ended, or somebody says stop. */
static int watch(struct collector *c, struct target *target, const struct options *o)
{
	uint64_t end_ns = o->duration_ns ? c->session.begin_ns + o->duration_ns : UINT64_MAX;
	/* On a launched command's terminal it would run into what that writes. */
	bool shows_progress = !o->quiet && !o->command && isatty(STDERR_FILENO) &&
			      !log_terminal_is_dumb();
	uint64_t progress_ns = c->session.begin_ns + PROGRESS_NS;
	int err = 0;

	while (!err && !signal_cnt && (target_reap(target) || o->probes.trace_all)) {
		uint64_t now_ns = clock_mono_ns(), pause_ns = collector_pause_ns(c, now_ns);

		if (now_ns >= end_ns)
			break;
		if (shows_progress && now_ns >= progress_ns) {
			show_progress(c, now_ns);
			progress_ns = now_ns + PROGRESS_NS;
		}
		target_wait(target, end_ns - now_ns < pause_ns ? end_ns - now_ns : pause_ns);
		err = collector_step(c);
	}
	log_progress_end();
	log_info(signal_cnt                  ? "stopped by a signal"
		 : clock_mono_ns() >= end_ns ? "the time is up"
					     : "the target has ended");
	return err;
}

/* Let the command go. One that can't be run leaves no recording. */
static int release_command(struct collector *c, struct target *target, const struct options *o)
{
	int err = target_release(target);

	if (!err)
		return 0;
	collector_forget(c);
	return log_err(err, "cannot run '%s'", o->command[0]);
}

static int say_no_thread(const struct options *o)
{
	if (o->pid_cnt)
		return log_err(ESRCH, "process %d ended before it could be recorded",
			       (int)o->pids[0]);
	return log_err(0, "nothing was recorded");
}

/* The recording proper. @facts is filled on success. */
static int record(struct collector *c, struct target *target, const struct options *o,
		  struct facts *facts)
{
	struct about about = {
		.command = o->command,
		.pids = (const uint32_t *)target->pids,
		.pid_cnt = target->pid_cnt,
		.need = need_name(&o->need),
		.main_pid = target->pid_cnt ? (uint32_t)target->pids[0] : 0,
	};
	struct collector_opts opts = {
		.probes = o->probes,
		.request = { o->request.path, o->request.offset },
		.request_name = o->request.function,
		.slo = o->gate.slo,
		.max_overhead = o->max_overhead,
	};
	int err;

	about_init(&about);
	err = collector_open(c, target, &about, &opts, o->output ? o->output : o->own_output);
	if (err)
		return err;
	err = collector_begin(c);
	if (!err)
		err = release_command(c, target, o);
	if (err)
		return err;
	err = watch(c, target, o);
	if (err)
		return err;
	err = collector_end(c, facts);
	if (!err && !facts->thread_cnt)
		err = say_no_thread(o);
	return err;
}

static int find_target(struct target *target, struct options *o)
{
	int err = 0;

	*target = (struct target){ .exec_fd = -1 };
	if (o->command)
		err = target_launch(target, o->command, restore_signals);
	else if (o->pid_cnt)
		err = target_attach(target, o->pids, o->pid_cnt);
	if (!err && o->command && !o->output)
		o->own_output = xasprintf("partrace-%d.pftrace", (int)target->pids[0]);
	return err;
}

static int find_request(struct options *o)
{
	o->probes.request_function = o->request.function;
	if (!o->request.function)
		return 0;
	return request_option_find(&o->request, o->pid_cnt ? (uint32_t)o->pids[0] : 0,
				   o->command ? o->command[0] : NULL);
}

/*
 * A missed limit first: who set one asks for that. Then the command's own status if it
 * ended by itself, ours otherwise.
 */
static int exit_code(const struct target *target, int err, bool is_missed, bool ended_by_itself)
{
	if (target->exec_err)
		return target_exec_status(target->exec_err);
	if (err)
		return EXIT_FAILED;
	if (is_missed) {
		if (target->launched && ended_by_itself && target_exit_status(target))
			log_hint("the command itself ended with status %d",
				 target_exit_status(target));
		return EXIT_GATE;
	}
	return target->launched && ended_by_itself ? target_exit_status(target) : EXIT_DONE;
}

static int record_and_show(struct options *o, struct target *target)
{
	struct collector c = { 0 };
	struct facts facts = { 0 };
	bool ended_by_itself, is_missed;
	int err;

	err = record(&c, target, o, &facts);
	ended_by_itself = !target_reap(target);
	collector_close(&c);
	target_finish(target, hurry);
	if (!err && !o->quiet)
		err = show_report(&facts, o->output ? o->output : o->own_output, o->color,
				  o->verbose > 0);
	is_missed = !err && gate_is_missed(&facts);
	facts_release(&facts);
	return exit_code(target, err, is_missed, ended_by_itself);
}

static int record_run(int argc, char **argv)
{
	struct options o = { 0 };
	struct target target;
	int err = parse_options(&o, argc, argv);
	int code = EXIT_USAGE;

	if (err == ARG_HELP)
		code = EXIT_DONE;
	if (err)
		goto out;
	catch_signals();
	code = EXIT_FAILED;
	err = find_target(&target, &o);
	if (err)
		goto out;
	err = find_request(&o);
	if (err) {
		target_finish(&target, hurry);
		target_close(&target);
		goto out;
	}
	code = record_and_show(&o, &target);
	target_close(&target);
out:
	free(o.pids);
	free(o.own_output);
	request_option_release(&o.request);
	gate_release(&o.gate);
	return code;
}

const struct command cmd_record = {
	.name = "record",
	.run = record_run,
	.args = "-p PID[,PID] | -a | -- CMD [ARG]...",
	.summary = "record programs and judge them (the default)",
};
