/* SPDX-License-Identifier: MIT */
/* A subcommand. All about one lives in its cmd_*.c; main.c holds the list. */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

/* Exit codes. */
enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_GATE = 3,		/* --slo, diff --fail-on */
};

struct command {
	const char *name;
	/* argv[0] is the command's own name. Returns an exit code. */
	int (*run)(int argc, char **argv);
	const char *args;	/* for the usage line */
	const char *summary;	/* one line, lower case */
};

extern const struct command cmd_record;
extern const struct command cmd_report;
extern const struct command cmd_diff;
extern const struct command cmd_export;
extern const struct command cmd_doctor;

#endif
