// SPDX-License-Identifier: MIT
/* Owns nothing: whoever allocates, frees. */
#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *check(void *ptr)
{
	if (ptr)
		return ptr;
	fputs("partrace: out of memory\n", stderr);
	abort();
}

void *xmalloc(size_t size)
{
	return check(malloc(size ? size : 1));
}

void *xcalloc(size_t cnt, size_t size)
{
	return check(calloc(cnt ? cnt : 1, size ? size : 1));
}

void *xrealloc(void *ptr, size_t size)
{
	return check(realloc(ptr, size ? size : 1));
}

char *xstrdup(const char *s)
{
	return check(strdup(s));
}

char *xstrndup(const char *s, size_t max)
{
	return check(strndup(s, max));
}

char *xvasprintf(const char *fmt, va_list ap)
{
	char *s = NULL;

	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	return check(s);
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	return s;
}

void *xgrow(void *arr, size_t *cap, size_t need, size_t size)
{
	size_t grown;

	if (need <= *cap)
		return arr;
	grown = *cap + *cap / 2 + 8;
	if (grown < need)
		grown = need;
	if (grown > (size_t)-1 / size)
		check(NULL);
	*cap = grown;
	return xrealloc(arr, grown * size);
}

void *xreach(void *arr, size_t *cnt, size_t index, size_t size)
{
	size_t before = *cnt;
	char *grown = xgrow(arr, cnt, index + 1, size);

	if (*cnt > before)
		memset(grown + before * size, 0, (*cnt - before) * size);
	return grown;
}
