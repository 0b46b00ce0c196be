/* SPDX-License-Identifier: MIT */
/*
 * One event as one readable line, and back: tests feed the model with such
 * lines.
 *
 *	5ms cycle tid=11 cpu=1 out=1ms state=S wake=4ms waker=10@0 sys=futex(0x1000,0x80,2)
 *
 * docs/event-text.md has the notation. Exact in both directions, but for bytes
 * that carry no meaning: padding, and what follows the end of a string.
 */
#ifndef EVENT_EVENT_TEXT_H
#define EVENT_EVENT_TEXT_H

#include "base/strbuf.h"
#include "event/event.h"

/*
 * 0; 1 if @line is blank or only a comment; -EINVAL, then @why (may be NULL)
 * gets one more line that says what is wrong.
 */
int event_text_parse(const char *line, struct event *ev, struct strbuf *why);

/* No newline at the end. */
void event_text_format(struct strbuf *out, const struct event *ev);

#endif
