// SPDX-License-Identifier: MIT
/* Owns the list of commands, and what `partrace` alone says. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cmd/command.h"
#include "version.h"

static const struct command *const commands[] = {
	&cmd_record,
	&cmd_report,
	&cmd_diff,
	&cmd_export,
	&cmd_doctor,
	NULL,
};

static void print_usage(FILE *to)
{
	fputs("usage: partrace [record] [options] -p PID[,PID]    watch running processes\n"
	      "       partrace [record] [options] -- CMD [ARG]...   run a command and watch it\n"
	      "       partrace [record] [options] -a                watch the whole machine\n"
	      "       partrace COMMAND [options] ...\n",
	      to);
}

static void print_help(void)
{
	print_usage(stdout);
	fputs("\nTells whether threads, processes or an event loop fit a workload, and why.\n\n"
	      "commands:\n",
	      stdout);
	for (int i = 0; commands[i]; i++)
		printf("  %-10s%s\n", commands[i]->name, commands[i]->summary);
	fputs("\npartrace COMMAND --help tells more. Without a command it is `record`.\n", stdout);
}

/* For tools/make-man.sh and tools/make-completions.sh, like each command's own. */
static void print_table(void)
{
	for (int i = 0; commands[i]; i++)
		printf("command\t%s\t%s\n", commands[i]->name, commands[i]->summary);
}

static const struct command *find_command(const char *name)
{
	for (int i = 0; commands[i]; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int run(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		print_usage(stderr);
		log_hint("partrace --help tells more");
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		print_help();
		return EXIT_DONE;
	}
	if (!strcmp(argv[1], "--help=table")) {
		print_table();
		return EXIT_DONE;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("partrace %s (%s)\n", PARTRACE_VERSION, PARTRACE_COMMIT);
		return EXIT_DONE;
	}
	if (argv[1][0] == '-')
		return cmd_record.run(argc, argv);

	command = find_command(argv[1]);
	if (!command) {
		log_err(0, "unknown command '%s'", argv[1]);
		log_hint("to run and watch a program: partrace -- %s", argv[1]);
		return EXIT_USAGE;
	}
	return command->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	int code = run(argc, argv);

	/* What did not reach its reader was not done. */
	if ((fflush(stdout) || ferror(stdout)) && code == EXIT_DONE) {
		log_err(errno, "cannot write to standard output");
		code = EXIT_FAILED;
	}
	return code;
}
