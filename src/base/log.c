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

static void print(const char *prefix, const char *fmt, va_list ap, int err)
{
	log_progress_end();
	fputs(prefix, stderr);
	vfprintf(stderr, fmt, ap);
	if (err)
		fprintf(stderr, ": %s", strerror(err));
	fputc('\n', stderr);
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
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fprintf(stderr, "\r\033[K%.*s", line_room(), line);
	fflush(stderr);
	progress_shown = true;
}
