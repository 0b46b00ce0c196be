/* SPDX-License-Identifier: MIT */
/*
 * The strings of a trace, numbered. A string has one number whatever it is used
 * for; which sequence of packets has heard of it already is tracks.c's business.
 *
 * Bounded: a trace may have any number of different names (files, addresses),
 * so past a limit strings are no longer remembered.
 */
#ifndef OUTPUT_INTERN_H
#define OUTPUT_INTERN_H

#include <stdint.h>

#include "base/htab.h"

#define INTERN_MAX_STRINGS 4096
#define INTERN_MAX_LEN	   256

/* Zeroed memory is an empty table. */
struct intern {
	struct htab by_hash;	/* (hash, length) -> struct interned */
};

/* The number of @s, from 1; 0 if @s can't be remembered. */
uint32_t intern_get(struct intern *in, const char *s);
void intern_release(struct intern *in);

#endif
