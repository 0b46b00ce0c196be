// SPDX-License-Identifier: MIT
/* Owns what makes text harmless, and the words and classes of causes. */
#include "html/markup.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "output/report_wrap.h"

#define ROLE_CHARS 24

static void escape(struct strbuf *out, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&':
			strbuf_addstr(out, "&amp;");
			break;
		case '<':
			strbuf_addstr(out, "&lt;");
			break;
		case '>':
			strbuf_addstr(out, "&gt;");
			break;
		case '"':
			strbuf_addstr(out, "&quot;");
			break;
		case '\'':
			strbuf_addstr(out, "&#39;");
			break;
		default:
			strbuf_addch(out, *s);
		}
	}
}

void markup_text(struct strbuf *out, const char *s, size_t max)
{
	struct strbuf cut = { 0 };
	char *clean;

	if (!s)
		return;
	clean = text_clean_copy(s);
	wrap_add_safe(&cut, clean, max);
	escape(out, strbuf_str(&cut));
	strbuf_release(&cut);
	free(clean);
}

void markup_take(struct strbuf *out, struct strbuf *text)
{
	char *lines = strbuf_take(text);

	/* Lines are laid out already; a line break is the only control character in them. */
	for (char *line = lines, *end; line && *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end) {
			markup_text(out, line, SIZE_MAX);
			break;
		}
		*end = 0;
		markup_text(out, line, SIZE_MAX);
		strbuf_addch(out, '\n');
	}
	free(lines);
}

void markup_duration(struct strbuf *out, uint64_t ns)
{
	wrap_add_duration(out, ns);
}

/* With a blank where no line breaks. */
void markup_percent(struct strbuf *out, double share)
{
	if (share > 0 && share < 0.005)
		strbuf_addstr(out, "&lt;1\xc2\xa0%");
	else
		strbuf_addf(out, "%.0f\xc2\xa0%%", 100 * (share > 1 ? 1 : share));
}

enum window_column markup_cause(enum bucket b)
{
	switch (b) {
	case BUCKET_CPU_USER:
	case BUCKET_CPU_KERNEL:
		return COLUMN_CPU;
	case BUCKET_RUN_QUEUE:
	case BUCKET_THROTTLED:
		return COLUMN_CPU_WAIT;
	default:
		return COLUMN_GIL + (enum window_column)(b - BUCKET_GIL);
	}
}

const char *markup_cause_label(enum window_column c)
{
	static const char *const labels[BUCKET_CNT] = {
		[BUCKET_CPU_USER]    = "on a CPU",
		[BUCKET_RUN_QUEUE]   = "waiting for a CPU",
		[BUCKET_GIL]	     = "GIL",
		[BUCKET_LOCK]	     = "lock",
		[BUCKET_KERNEL_LOCK] = "kernel lock",
		[BUCKET_SYNC]	     = "waiting for a thread",
		[BUCKET_IPC]	     = "IPC",
		[BUCKET_CHILD]	     = "child process",
		[BUCKET_DISK]	     = "disk",
		[BUCKET_NETWORK]     = "network",
		[BUCKET_MEMORY]	     = "memory",
		[BUCKET_SLEEP]	     = "sleeping",
		[BUCKET_IDLE]	     = "idle",
		[BUCKET_STOPPED]     = "stopped",
		[BUCKET_OTHER]	     = "unexplained",
	};

	if (c == COLUMN_CPU)
		return labels[BUCKET_CPU_USER];
	if (c == COLUMN_CPU_WAIT)
		return labels[BUCKET_RUN_QUEUE];
	return labels[c - COLUMN_GIL + BUCKET_GIL];
}

void markup_legend(struct strbuf *out, uint32_t causes)
{
	strbuf_addstr(out, "<ul class=\"legend\">\n");
	for (int c = 0; c < COLUMN_CNT; c++)
		if (causes & 1u << c)
			strbuf_addf(out, "<li><i class=\"%s\"></i>%s</li>\n",
				    window_column_name((enum window_column)c),
				    markup_cause_label((enum window_column)c));
	strbuf_addstr(out, "</ul>\n");
}

void markup_thread(struct strbuf *text, const struct facts *f, uint32_t tid)
{
	const struct fact_thread *t = facts_thread(f, tid);

	if (!tid) {
		strbuf_addstr(text, "unknown");
		return;
	}
	if (t && t->role && t->role[0]) {
		wrap_add_safe(text, t->role, ROLE_CHARS);
		strbuf_addch(text, ' ');
	}
	strbuf_addf(text, "%u", tid);
}

void markup_more(struct strbuf *out, size_t shown, size_t all, const char *what)
{
	if (all > shown)
		strbuf_addf(out, "<p class=\"note\">… %zu more %s</p>\n", all - shown, what);
}
