// SPDX-License-Identifier: MIT
/* Keeps no state. Knows UTF-8 as far as RFC 3629 says what is well formed. */
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* Bytes that a character with this first byte has; 0: none starts like that. */
static size_t char_len(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

/* The second byte rules out overlong forms, surrogates and what is past U+10FFFF. */
static bool second_is_valid(unsigned char first, unsigned char second)
{
	unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;

	return second >= low && second <= high;
}

/* How many of the @need bytes of the character at @s are there and well formed. */
static size_t valid_prefix(const unsigned char *s, size_t left, size_t need)
{
	size_t i = 1;

	while (i < need && i < left) {
		if (i == 1 ? !second_is_valid(s[0], s[1]) : (s[i] & 0xc0) != 0x80)
			break;
		i++;
	}
	return i;
}

/*
 * U+0080 … U+009F are control characters, U+2028 and U+2029 end lines, U+202A … U+202E and
 * U+2066 … U+2069 let the text behind them run the other way.
 */
static bool is_control(const unsigned char *s, size_t len)
{
	if (len == 1)
		return s[0] < 0x20 || s[0] == 0x7f;
	if (len == 2)
		return s[0] == 0xc2 && s[1] < 0xa0;
	return len == 3 && s[0] == 0xe2 &&
	       ((s[1] == 0x80 && s[2] >= 0xa8 && s[2] <= 0xae) ||
		(s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9));
}

size_t text_clean(char *s, size_t len)
{
	size_t i = 0;

	while (i < len) {
		const unsigned char *u = (const unsigned char *)s + i;
		size_t need = char_len(*u);
		size_t got = need ? valid_prefix(u, len - i, need) : 1;

		if (got < need && i + got == len) {
			s[i] = 0;
			return i;
		}
		if (got != need || is_control(u, need)) {
			for (size_t k = 0; k < got; k++)
				s[i + k] = '?';
		}
		i += got;
	}
	return len;
}

size_t text_char_len(const char *s)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t need = char_len(*u);

	/* The string's end is no byte of a character, so there is nothing to read behind it. */
	return need && valid_prefix(u, need, need) == need && !is_control(u, need) ? need : 0;
}

char *text_clean_copy(const char *s)
{
	char *copy = xstrdup(s);

	text_clean(copy, strlen(copy));
	return copy;
}

const char *text_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool text_number(const char *s, double *out, char **end)
{
	if (!*s || !strchr("0123456789.", *s) || (s[0] == '0' && (s[1] | 32) == 'x'))
		return false;
	*out = strtod(s, end);
	return *end != s && isfinite(*out);
}

bool text_is_same(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

bool text_is_one_of(const char *s, const char *const *list, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		if (!strcmp(s, list[i]))
			return true;
	return false;
}
