// SPDX-License-Identifier: MIT
/* `partrace doctor`: can this machine and this user record; if not, why, and what to do. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/argspec.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/trial.h"
#include "record/btf_file.h"
#include "record/features.h"
#include "version.h"

static const char *const group_titles[FEATURES_CNT] = {
	[FEATURES_KERNEL] = "Kernel",
	[FEATURES_RIGHTS] = "Rights",
	[FEATURES_LIMITS] = "Limits",
};

static const char *const state_words[] = {
	[FEATURE_OK] = "ok",
	[FEATURE_LESS] = "less",
	[FEATURE_NONE] = "MISSING",
};

static int parse_options(int argc, char **argv, const char **btf)
{
	int verbose = 0;
	const struct arg_option table[] = {
		{ 'v', "verbose", ARG_COUNT, NULL, "show what the kernel says of the programs",
		  &verbose, NULL },
		{ 0, "btf", ARG_STRING, "FILE",
		  "take the kernel's types from a copy of its /sys/kernel/btf/vmlinux", btf, NULL },
		{ 0 },
	};
	const struct argspec spec = {
		.command = cmd_doctor.name,
		.args = cmd_doctor.args,
		.summary =
			"Lists what a recording needs of this kernel and this user, and what each "
			"missing part costs.",
		.notes = "ok: it is there. less: a recording is possible, and lacks what is said. "
			 "MISSING: no recording is possible. Exit status: 0 recording is possible, "
			 "1 it is not.",
		.options = table,
	};
	struct arg_rest rest;
	int err = argspec_parse(&spec, argc, argv, &rest);

	if (err)
		return err;
	if (rest.cnt)
		return argspec_error(&spec, "unexpected '%s'", rest.args[0]);
	log_set_level(verbose ? LOG_VERBOSE : LOG_NORMAL);
	return 0;
}

static void print_state(enum feature_state state, const char *name, const char *found)
{
	printf("  %-8s %s%s%s\n", state_words[state], name, found ? ": " : "", found ? found : "");
}

static void print_features(const struct features *fs)
{
	for (int group = 0; group < FEATURES_CNT; group++) {
		printf("\n%s\n", group_titles[group]);
		for (size_t i = 0; i < fs->cnt; i++) {
			const struct feature *f = &fs->all[i];

			if ((int)f->group != group)
				continue;
			print_state(f->state, f->name, f->found);
			if (f->state != FEATURE_OK)
				printf("           %s\n", f->cost);
			if (f->state != FEATURE_OK && f->remedy)
				printf("           to do: %s\n", f->remedy);
		}
	}
}

/*
 * The proof: all programs pass the verifier, attach, and tell what a command does that
 * sleeps. Counts what is lacking in @less.
 */
static int try_recording(size_t *less)
{
	struct trial trial;
	int err;

	fflush(stdout); /* a failure is said on standard error, in between */
	err = trial_run(&trial);
	puts("\nProof");
	print_state(err ? FEATURE_NONE : FEATURE_OK, "a recording of sleep(1)",
		    trial.found ? trial.found
		    : err       ? strerror(-err)
				: NULL);
	if (trial.lacks_storage) {
		print_state(FEATURE_LESS, "storage in tasks", NULL);
		puts("           threads are looked up in a table: recording costs more, and "
		     "knows 32,768 threads\n"
		     "           to do: a CPU with cmpxchg16b (emulators may hide it)");
		(*less)++;
	}
	trial_release(&trial);
	return err;
}

static void print_sum(const struct features *fs, bool can_record, size_t less)
{
	for (size_t i = 0; i < fs->cnt; i++)
		less += fs->all[i].state == FEATURE_LESS;
	if (!can_record)
		puts("\nRecording is impossible here. Reports, diffs and exports work.");
	else if (less)
		printf("\nRecording is possible, with less: see the %zu line%s above.\n", less,
		       less == 1 ? "" : "s");
	else
		puts("\nRecording is possible.");
}

static int doctor_run(int argc, char **argv)
{
	struct features fs = { 0 };
	bool can_record;
	struct utsname u;
	const char *btf = NULL;
	size_t less = 0;
	int err = parse_options(argc, argv, &btf);

	if (err)
		return err == ARG_HELP ? EXIT_DONE : EXIT_USAGE;
	uname(&u);
	printf("partrace %s (%s) on %s %s, %s\n", PARTRACE_VERSION, PARTRACE_COMMIT, u.sysname,
	       u.release, u.machine);
	btf_file_use(btf);
	features_look(&fs, btf);
	print_features(&fs);
	can_record = features_suffice(&fs);
	if (can_record)
		can_record = !try_recording(&less);
	print_sum(&fs, can_record, less);
	features_release(&fs);
	return can_record ? EXIT_DONE : EXIT_FAILED;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.run = doctor_run,
	.args = "",
	.summary = "can this machine record; if not, why",
};
