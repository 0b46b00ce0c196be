/* SPDX-License-Identifier: MIT */
/*
 * Single values of the text form of an event: docs/event-text.md has the
 * notation. What put() writes, get() reads back to the same value.
 *
 * get() moves *@p behind what it read, stops at the first character that does
 * not belong to it, and returns false (with *@p and the value anywhere) if there
 * is no such value.
 */
#ifndef EVENT_VALUE_H
#define EVENT_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "event/event.h"

/* Decimal, 0x…, or -1 for UINT64_MAX and so on. */
bool value_get_uint(const char **p, uint64_t *v);

/* Decimal while that is readable, then hexadecimal. */
void value_put_id(struct strbuf *out, uint64_t v);

/* "2.5ms". */
bool value_get_time(const char **p, uint64_t *ns);
void value_put_time(struct strbuf *out, uint64_t ns);

/* Bare, or between quotes; @size has room for the 0, which fills the rest. */
bool value_get_string(const char **p, char *buf, size_t size);
void value_put_string(struct strbuf *out, const char *s, size_t size);

/* task->__state: "S", or hexadecimal. */
bool value_get_state(const char **p, uint16_t *state);
void value_put_state(struct strbuf *out, uint16_t state);

/* "futex", "#999" if it has no name. */
bool value_get_sysno(const char **p, int32_t *sysno);
void value_put_sysno(struct strbuf *out, int32_t sysno);

/* "futex(0x7f00,0x80,2)": sets @sysno and @args. */
bool value_get_call(const char **p, struct par_cause *cause);
void value_put_call(struct strbuf *out, const struct par_cause *cause);

/* enum par_shape and enum par_klock: "condvar", "#99" if it has no name. */
bool value_get_shape(const char **p, uint8_t *shape);
void value_put_shape(struct strbuf *out, uint8_t shape);
bool value_get_klock(const char **p, uint8_t *klock);
void value_put_klock(struct strbuf *out, uint8_t klock);

/* "pipe:123", "tcp:8080>127.0.0.1:5432,loopback". */
bool value_get_file(const char **p, struct par_file_ref *ref);
void value_put_file(struct strbuf *out, const struct par_file_ref *ref);

/* "1ms:10:S>12<13". */
bool value_get_gap(const char **p, struct par_cpu_gap *gap);
void value_put_gap(struct strbuf *out, const struct par_cpu_gap *gap);

#endif
