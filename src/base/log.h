/* SPDX-License-Identifier: MIT */
/*
 * One line per error on standard error, lower case, no full stop, and after it
 * at most one hint line that says what to do. Only the code that can name the
 * object prints; everybody below returns -errno.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level {
	LOG_QUIET,	/* errors only */
	LOG_NORMAL,	/* and warnings */
	LOG_VERBOSE,	/* and what is being done */
};

void log_set_level(enum log_level level);
enum log_level log_level(void);

/*
 * "partrace: <message>: <strerror(err)>". Returns -|err|, so that a caller can
 * write `return log_err(err, …)`. With err == 0 no cause is added and -EINVAL
 * comes back.
 */
int log_err(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The line under an error: what the user can do about it. */
void log_hint(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* As TERM says: it knows no sequences. */
bool log_terminal_is_dumb(void);

/*
 * Replace the progress line, on a terminal only. Every message above and
 * log_progress_end() erase it first.
 */
void log_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_progress_end(void);

#endif
