/* SPDX-License-Identifier: MIT */
/*
 * A command's options as a table: parsed and printed as --help from the same
 * rows. All take -o VALUE, -oVALUE, --option VALUE and --option=VALUE; flags
 * bundle (-qv). Options and operands may come in any order; "--" ends options.
 */
#ifndef BASE_ARGSPEC_H
#define BASE_ARGSPEC_H

#include <stdbool.h>
#include <stdio.h>

enum arg_type {
	ARG_FLAG,	/* bool: set */
	ARG_COUNT,	/* int: counted up */
	ARG_STRING,	/* const char *: lent by argv */
	ARG_DURATION,	/* uint64_t: nanoseconds, see duration_parse() */
	ARG_NUMBER,	/* uint64_t: decimal */
	ARG_CALLBACK,	/* whatever parse() makes of the value */
};

struct arg_option {
	char short_name;		/* 0: none */
	const char *long_name;		/* NULL: none; with no short name either: end of table */
	enum arg_type type;
	const char *value;		/* "PID[,PID]", for --help; NULL: "VALUE" */
	/*
	 * One sentence in lower case; NULL: not shown. One that is nothing but
	 * "a, b or c" lists the values, which completions then offer.
	 */
	const char *help;
	void *out;			/* where it goes, by type */

	/* ARG_CALLBACK. -EINVAL: not a valid value, and the caller says so. */
	int (*parse)(void *out, const char *value);
};

struct argspec {
	const char *command;		/* "report"; "" is partrace itself */
	const char *args;		/* "FILE", for the usage line */
	const char *summary;		/* first line of --help */
	const char *notes;		/* what follows the options in --help, or NULL */
	const struct arg_option *options; /* up to one without names */
	bool stops_at_operand;		/* the first operand ends options, as for env(1) */
};

/* What is left of the command line; points into argv. */
struct arg_rest {
	char **args;			/* [cnt], then NULL */
	int cnt;
	int dashes;			/* how many operands stood before "--"; -1: there was none */
};

#define ARG_HELP 1			/* --help or -h was asked for and printed on stdout */

/*
 * Parse argv[1…]; operands are moved to its end. 0, ARG_HELP, or -EINVAL after
 * one line on stderr.
 */
int argspec_parse(const struct argspec *spec, int argc, char **argv, struct arg_rest *rest);
void argspec_help(const struct argspec *spec, FILE *to);

/*
 * --help=table: the same for tools/make-man.sh and tools/make-completions.sh. Lines of
 * fields between tabs: "args", "summary", "notes" and a text; "option", its short
 * name, its long name, what its value is called (empty: it takes none), its help.
 */
void argspec_table(const struct argspec *spec, FILE *to);

/* A usage error that parsing can't see: "missing FILE". Returns -EINVAL. */
int argspec_error(const struct argspec *spec, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
