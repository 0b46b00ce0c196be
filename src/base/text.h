/* SPDX-License-Identifier: MIT */
/*
 * Text from outside made fit for a terminal, for JSON and for a trace: all three
 * choke on control characters or on bytes that are not UTF-8.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>

/*
 * Overwrite control characters and stray bytes in @s[0 … len) by '?'. A
 * character cut off at the end, as the kernel does to thread names, is left out:
 * returns the new length, and @s[that] is 0 if it is shorter than @len.
 */
size_t text_clean(char *s, size_t len);

#endif
