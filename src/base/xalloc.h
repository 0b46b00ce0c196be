/* SPDX-License-Identifier: MIT */
/*
 * Allocation that aborts. A profiler that runs out of memory cannot go on, its
 * BPF programs die with it, and branches nobody can test are worse than an end.
 */
#ifndef BASE_XALLOC_H
#define BASE_XALLOC_H

#include <stdarg.h>
#include <stddef.h>

void *xmalloc(size_t size);
void *xcalloc(size_t cnt, size_t size);
void *xrealloc(void *ptr, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t max);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

/* Used by XGROW(): @arr with room for at least @need elements; updates @cap. */
void *xgrow(void *arr, size_t *cap, size_t need, size_t size);

/* Make room for one more element at the end of a growable array. */
#define XGROW(arr, cnt, cap) \
	((arr) = xgrow((arr), &(cap), (size_t)(cnt) + 1, sizeof(*(arr))))

/* Used by XREACH(): @arr, longer than @index, with what is new zeroed; updates @cnt. */
void *xreach(void *arr, size_t *cnt, size_t index, size_t size);

/* Make arr[index], zeroed if it is new, in a growable array of @cnt elements. */
#define XREACH(arr, cnt, index) \
	((arr) = (index) < (cnt) ? (arr) : xreach((arr), &(cnt), (index), sizeof(*(arr))))

#endif
