// SPDX-License-Identifier: MIT
/* Owns standard error: the verbosity and the progress line that may stand on it. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "base/text.h"

static enum log_level current_level = LOG_NORMAL;
static bool progress_shown;

void log_set_level(enum log_level level)
{
	current_level = level;
}

enum log_level log_level(void)
{
	return current_level;
}

bool log_terminal_is_dumb(void)
{
	const char *term = getenv("TERM");

	return !term || !term[0] || !strcmp(term, "dumb");
}

/* A line that wraps could not be erased: only its last part is on the cursor's row. */
static int line_room(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || !size.ws_col ? 79 : size.ws_col - 1;
}

void log_progress_end(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}

/*
 * One write per line, so that lines of several programs don't mix. Messages name files,
 * processes and what a damaged file holds: nothing of that may steer a terminal.
 */
static void print(const char *prefix, const char *fmt, va_list ap, int err)
{
	struct strbuf line = { 0 };

	strbuf_addstr(&line, prefix);
	strbuf_vaddf(&line, fmt, ap);
	if (err)
		strbuf_addf(&line, ": %s", strerror(err));
	text_clean(line.buf, line.len);
	log_progress_end();
	fprintf(stderr, "%s\n", line.buf);
	strbuf_release(&line);
}

int log_err(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print("partrace: ", fmt, ap, abs(err));
	va_end(ap);
	return err ? -abs(err) : -EINVAL;
}

void log_hint(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print("  hint: ", fmt, ap, 0);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	if (current_level < LOG_NORMAL)
		return;
	va_start(ap, fmt);
	print("partrace: warning: ", fmt, ap, 0);
	va_end(ap);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	if (current_level < LOG_VERBOSE)
		return;
	va_start(ap, fmt);
	print("partrace: ", fmt, ap, 0);
	va_end(ap);
}

void log_progress(const char *fmt, ...)
{
	struct strbuf line = { 0 };
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&line, fmt, ap);
	va_end(ap);
	text_clean(line.buf, line.len);
	fprintf(stderr, "\r\033[K%.*s", line_room(), line.buf);
	fflush(stderr);
	strbuf_release(&line);
	progress_shown = true;
}
