/* SPDX-License-Identifier: MIT */
/*
 * Text from outside: made fit for a terminal, for JSON and for a trace, which all three
 * choke on control characters or on bytes that are not UTF-8; and taken apart.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Overwrite control characters, what changes the direction of text or breaks its lines, and
 * stray bytes in @s[0 … len) by '?'. A character cut off at the end, as the kernel does to thread names, is left out:
 * returns the new length, and @s[that] is 0 if it is shorter than @len.
 */
size_t text_clean(char *s, size_t len);

/* Bytes of the character that @s begins with; 0: none, or one that text_clean() overwrites. */
size_t text_char_len(const char *s);

/* A copy of @s after text_clean(), malloc'ed. */
char *text_clean_copy(const char *s);

/* What stands behind the last slash of @path, inside of it. */
const char *text_base_name(const char *path);

/* NULL is the same as "". */
bool text_is_same(const char *a, const char *b);

/*
 * The decimal number that @s begins with, and in *@end what follows it. Not strtod()
 * alone: it takes blanks, signs, "inf", "nan" and "0x1p3".
 */
bool text_number(const char *s, double *out, char **end);

bool text_is_one_of(const char *s, const char *const *list, size_t cnt);

#endif
