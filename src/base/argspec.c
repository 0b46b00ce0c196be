// SPDX-License-Identifier: MIT
/*
 * Owns the way options are written. Not getopt_long(): that one speaks to
 * stderr in its own manner, keeps its state in globals, and takes "--js" for
 * "--json" until somebody adds "--jsonl".
 */
#include "base/argspec.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"

#define HELP_COLUMN 28
#define HELP_WIDTH  79

struct parser {
	const struct argspec *spec;
	char **argv;
	int argc, next;			/* argv[next] is looked at next */
};

static bool is_end(const struct arg_option *o)
{
	return !o->short_name && !o->long_name;
}

static bool takes_value(const struct arg_option *o)
{
	return o->type != ARG_FLAG && o->type != ARG_COUNT;
}

static const struct arg_option *find_short(const struct argspec *spec, char name)
{
	for (const struct arg_option *o = spec->options; !is_end(o); o++)
		if (o->short_name == name)
			return o;
	return NULL;
}

static const struct arg_option *find_long(const struct argspec *spec, const char *name, size_t len)
{
	for (const struct arg_option *o = spec->options; !is_end(o); o++)
		if (o->long_name && strlen(o->long_name) == len &&
		    !strncmp(o->long_name, name, len))
			return o;
	return NULL;
}

static void hint_help(const struct argspec *spec)
{
	log_hint("partrace %s%s--help lists the options", spec->command,
		 spec->command[0] ? " " : "");
}

int argspec_error(const struct argspec *spec, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	log_err(0, "%s", text);
	hint_help(spec);
	free(text);
	return -EINVAL;
}

static int parse_number(const char *s, uint64_t *out)
{
	char *end;

	if (s[0] < '0' || s[0] > '9')
		return -EINVAL;
	errno = 0;
	*out = strtoull(s, &end, 10);
	return errno || *end ? -EINVAL : 0;
}

static int store(const struct arg_option *o, const char *value)
{
	switch (o->type) {
	case ARG_STRING:
		*(const char **)o->out = value;
		return 0;
	case ARG_DURATION:
		return duration_parse(value, o->out);
	case ARG_NUMBER:
		return parse_number(value, o->out);
	case ARG_CALLBACK:
		return o->parse(o->out, value);
	default:
		return -EINVAL;
	}
}

static void set_flag(const struct arg_option *o)
{
	if (o->type == ARG_FLAG)
		*(bool *)o->out = true;
	else
		++*(int *)o->out;
}

/* @as: the option as the user wrote it. */
static int apply(struct parser *p, const struct arg_option *o, const char *as, const char *value)
{
	if (!takes_value(o)) {
		set_flag(o);
		return 0;
	}
	if (!value) {
		if (p->next == p->argc)
			return argspec_error(p->spec, "option '%s' needs a value: %s", as,
					     o->value ? o->value : "VALUE");
		value = p->argv[p->next++];
	}
	if (!store(o, value))
		return 0;
	return argspec_error(p->spec, "invalid value '%s' for option '%s'", value, as);
}

static int parse_long(struct parser *p, const char *arg)
{
	size_t len = strcspn(arg, "=");
	const struct arg_option *o = find_long(p->spec, arg + 2, len - 2);
	char *as;
	int err;

	if (!o && !strcmp(arg, "--help")) {
		argspec_help(p->spec, stdout);
		return ARG_HELP;
	}
	if (!o && !strcmp(arg, "--help=table")) {
		argspec_table(p->spec, stdout);
		return ARG_HELP;
	}
	as = xstrndup(arg, len);
	if (!o)
		err = argspec_error(p->spec, "unknown option '%s'", as);
	else if (arg[len] && !takes_value(o))
		err = argspec_error(p->spec, "option '%s' takes no value", as);
	else
		err = apply(p, o, as, arg[len] ? arg + len + 1 : NULL);
	free(as);
	return err;
}

static int parse_short(struct parser *p, const char *arg)
{
	for (const char *c = arg + 1; *c; c++) {
		const struct arg_option *o = find_short(p->spec, *c);
		char as[] = { '-', *c, 0 };
		int err;

		if (!o && *c == 'h') {
			argspec_help(p->spec, stdout);
			return ARG_HELP;
		}
		if (!o)
			return argspec_error(p->spec, "unknown option '%s'", as);
		if (takes_value(o))
			return apply(p, o, as, c[1] ? c + 1 : NULL);
		err = apply(p, o, as, NULL);
		if (err)
			return err;
	}
	return 0;
}

/* Operands gather at the front of argv, where what was parsed has left room. */
int argspec_parse(const struct argspec *spec, int argc, char **argv, struct arg_rest *rest)
{
	struct parser p = { .spec = spec, .argv = argv, .argc = argc, .next = 1 };
	int err = 0;

	*rest = (struct arg_rest){ .args = argv + 1, .dashes = -1 };
	while (p.next < argc && !err) {
		char *arg = argv[p.next++];
		bool is_operand = arg[0] != '-' || !arg[1];

		if (!strcmp(arg, "--")) {
			rest->dashes = rest->cnt;
			break;
		}
		if (is_operand)
			rest->args[rest->cnt++] = arg;
		else if (arg[1] == '-')
			err = parse_long(&p, arg);
		else
			err = parse_short(&p, arg);
		if (is_operand && spec->stops_at_operand)
			break;
	}
	while (p.next < argc && !err)
		rest->args[rest->cnt++] = argv[p.next++];
	if (argc > 0)
		rest->args[rest->cnt] = NULL;
	return err;
}

/*
 * @text from @column on, in lines that are narrow enough for any terminal and begin at
 * @indent; "\n\n" parts paragraphs.
 */
static void flow(const char *text, int column, int indent, FILE *to)
{
	bool is_first = true;

	while (*text) {
		int len = (int)strcspn(text, " \n");
		bool is_paragraph = text[len] == '\n' && text[len + 1] == '\n';

		if (!is_first && column + 1 + len > HELP_WIDTH) {
			fprintf(to, "\n%*s", indent, "");
			column = indent;
		} else if (!is_first) {
			fputc(' ', to);
			column++;
		}
		column += fprintf(to, "%.*s", len, text);
		is_first = is_paragraph;
		if (is_paragraph) {
			fprintf(to, "\n\n%*s", indent, "");
			column = indent;
		}
		text += len + (is_paragraph ? 2 : text[len] != '\0');
	}
	fputc('\n', to);
}

static void help_option(const struct arg_option *o, FILE *to)
{
	const char *value = o->value ? o->value : "VALUE";
	int len = 0;

	if (!o->help)
		return;
	len += fprintf(to, o->short_name ? "  -%c" : "    ", o->short_name);
	if (o->long_name)
		len += fprintf(to, "%s--%s", o->short_name ? ", " : "  ", o->long_name);
	if (takes_value(o))
		len += fprintf(to, " %s", value);
	if (len > HELP_COLUMN - 2)
		len = 0 * fprintf(to, "\n");
	fprintf(to, "%*s", HELP_COLUMN - len, "");
	flow(o->help, HELP_COLUMN, HELP_COLUMN, to);
}

void argspec_help(const struct argspec *spec, FILE *to)
{
	fprintf(to, "usage: partrace%s%s%s%s%s\n", spec->command[0] ? " " : "", spec->command,
		!is_end(spec->options) ? " [options]" : "", spec->args && spec->args[0] ? " " : "",
		spec->args ? spec->args : "");
	if (spec->summary) {
		fputc('\n', to);
		flow(spec->summary, 0, 0, to);
	}
	if (!is_end(spec->options))
		fputs("\n", to);
	for (const struct arg_option *o = spec->options; !is_end(o); o++)
		help_option(o, to);
	fprintf(to, "  -h, --help%*sthis text\n", HELP_COLUMN - 12, "");
	if (spec->notes) {
		fputc('\n', to);
		flow(spec->notes, 0, 0, to);
	}
}

/* A text on one line: where it is broken is --help's business. */
static void put_line(const char *title, const char *text, FILE *to)
{
	if (!text || !text[0])
		return;
	fprintf(to, "%s\t", title);
	for (; *text; text++)
		fputc(*text == '\n' ? ' ' : *text, to);
	fputc('\n', to);
}

void argspec_table(const struct argspec *spec, FILE *to)
{
	put_line("args", spec->args, to);
	put_line("summary", spec->summary, to);
	put_line("notes", spec->notes, to);
	for (const struct arg_option *o = spec->options; !is_end(o); o++) {
		char short_name[] = { o->short_name, 0 };

		if (o->help)
			fprintf(to, "option\t%s\t%s\t%s\t%s\n", short_name,
				o->long_name ? o->long_name : "",
				!takes_value(o) ? ""
				: o->value	? o->value
						: "VALUE",
				o->help);
	}
	fputs("option\th\thelp\t\tthis text\n", to);
}
