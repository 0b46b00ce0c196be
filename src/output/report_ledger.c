// SPDX-License-Identifier: MIT
/*
 * Owns the ledger's layout and the words for a channel's ends. Decides nothing but
 * which channels are alike enough for one line, and which too small to be worth one.
 */
#include "output/report_ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define CHANNELS_SHOWN 6
#define MEMORY_SHOWN   3
#define NAMES_SHOWN    2
#define NAME_MAX_CHARS 24
#define ID_MAX_CHARS   60
#define USE_MAX_CHARS  100

/* In a wide terminal what is told of a channel stands beside it, not below. */
#define WAY_MAX_WIDE  56
#define NAME_MIN_WIDE 24

#define KIND_CELL  9
#define COUNT_CELL 9
#define BYTES_CELL 8
#define WAIT_CELL  9
#define CELLS	   (KIND_CELL + COUNT_CELL + BYTES_CELL + 2 * WAIT_CELL)

struct side {
	const char *names[NAMES_SHOWN];
	uint32_t pids[NAMES_SHOWN];
	bool untraced[NAMES_SHOWN];
	size_t cnt;
	bool all_alike;		/* one name fits all */
	bool is_anonymous;	/* what they are, not who */
};

static void side_add(struct side *s, const char *name, uint32_t pid, bool traced)
{
	s->all_alike = !s->cnt || (s->all_alike && !strcmp(name, s->names[0]));
	if (s->cnt < NAMES_SHOWN) {
		s->names[s->cnt] = name;
		s->pids[s->cnt] = pid;
		s->untraced[s->cnt] = !traced;
	}
	s->cnt++;
}

/* A recording of before ends were told has the traced ones' numbers only. */
static void side_add_pids(const struct facts *f, struct side *s, const uint32_t *pids, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		side_add(s, facts_process_label(f, pids[i], NULL), pids[i], true);
}

static void add_member(const struct side *s, size_t i, struct strbuf *out)
{
	bool has_pid = s->pids[i] && !(s->is_anonymous && s->names[i][0]);

	if (s->names[i][0]) {
		wrap_add_safe(out, s->names[i], NAME_MAX_CHARS);
		strbuf_addstr(out, has_pid ? " " : "");
	}
	if (has_pid)
		strbuf_addf(out, "%u", s->pids[i]);
	if (s->untraced[i])
		strbuf_addstr(out, " (not traced)");
}

/* "worker 4250", "worker x4", "nginx 7 and 12 more", "outside" */
static void add_side(const struct side *s, struct strbuf *out)
{
	if (!s->cnt)
		strbuf_addstr(out, "outside");
	if (s->cnt > (s->is_anonymous ? 1 : NAMES_SHOWN) && s->all_alike && s->names[0][0]) {
		wrap_add_safe(out, s->names[0], NAME_MAX_CHARS);
		strbuf_addf(out, " x%zu", s->cnt);
		return;
	}
	for (size_t i = 0; i < s->cnt && i < NAMES_SHOWN; i++) {
		if (i)
			strbuf_addstr(out, ", ");
		add_member(s, i, out);
	}
	if (s->cnt > NAMES_SHOWN)
		strbuf_addf(out, " and %zu more", s->cnt - NAMES_SHOWN);
}

/* All its ends, each once. */
static void sides_of(const struct facts *f, const struct fact_channel *c, struct side *from,
		     struct side *to, struct side *both)
{
	*from = *to = *both = (struct side){ 0 };
	for (size_t i = 0; i < c->end_cnt; i++) {
		const struct fact_channel_end *e = &c->ends[i];
		const char *name = facts_process_label(f, e->pid, e->name);

		if (e->reads && e->writes)
			side_add(both, name, e->pid, e->traced);
		else if (e->writes)
			side_add(from, name, e->pid, e->traced);
		else
			side_add(to, name, e->pid, e->traced);
	}
	if (!c->end_cnt) {
		side_add_pids(f, from, c->writers, c->writer_cnt);
		side_add_pids(f, to, c->readers, c->reader_cnt);
	}
}

/* Both ends send: one at each, or several that can't be told apart. */
static void add_two_way(const struct side *both, const struct side *other, const char *arrow,
			struct strbuf *out)
{
	if (both->cnt == 2 && !other->cnt) {
		add_member(both, 0, out);
		strbuf_addstr(out, arrow);
		add_member(both, 1, out);
		return;
	}
	add_side(both, out);
	if (!other->cnt)
		return;
	strbuf_addstr(out, arrow);
	add_side(other, out);
}

/* A process that talks to itself, as through a self-pipe. */
static void add_within(const struct side *both, struct strbuf *out)
{
	strbuf_addstr(out, "within ");
	wrap_add_safe(out, both->names[0], NAME_MAX_CHARS);
	if (!both->is_anonymous)
		strbuf_addf(out, " (%u)", both->pids[0]);
}

static bool is_connection(const struct fact_channel *c)
{
	return c->kind && (!strcmp(c->kind, "tcp") || !strcmp(c->kind, "unix"));
}

static void add_way(const struct wrap *w, const struct facts *f, const struct fact_channel *c,
		    bool is_anonymous, struct strbuf *out)
{
	const char *arrow = w->utf8 ? " ↔ " : " <-> ";
	struct side from, to, both;

	sides_of(f, c, &from, &to, &both);
	from.is_anonymous = to.is_anonymous = both.is_anonymous = is_anonymous;
	if (both.cnt == 1 && !from.cnt && !to.cnt && !is_connection(c)) {
		add_within(&both, out);
	} else if (both.cnt == 1 && !from.cnt && !to.cnt) {
		add_side(&both, out);
		strbuf_addf(out, "%soutside", arrow);
	} else if (both.cnt) {
		add_two_way(&both, from.cnt ? &from : &to, arrow, out);
	} else if (!from.cnt && !to.cnt) {
		strbuf_addstr(out, "others");
	} else {
		add_side(&from, out);
		strbuf_addstr(out, w->utf8 ? " → " : " -> ");
		add_side(&to, out);
	}
}

static void pad(struct strbuf *out, size_t len, size_t width)
{
	strbuf_addf(out, "%*s", (int)(width > len ? width - len : 0), "");
}

static void put_cell(struct strbuf *out, void (*add)(struct strbuf *, uint64_t), uint64_t value,
		     size_t width)
{
	struct strbuf s = { 0 };

	add(&s, value);
	pad(out, wrap_columns(strbuf_str(&s), s.len), width);
	strbuf_addstr(out, strbuf_str(&s));
	strbuf_release(&s);
}

/* Channels of one kind between the same ends, as the connections of a pool are. */
struct line {
	struct strbuf way, name;
	const char *kind;
	uint64_t messages, bytes, read_wait_ns, write_wait_ns;
	size_t cnt;
};

static void put_numbers(struct wrap *w, const struct line *c)
{
	const char *kind = c->kind;

	strbuf_addstr(w->out, "  ");
	wrap_add_safe(w->out, kind, KIND_CELL - 2);
	pad(w->out, wrap_columns(kind, strlen(kind)), KIND_CELL - 2);
	put_cell(w->out, wrap_add_count, c->messages, COUNT_CELL);
	put_cell(w->out, wrap_add_bytes, c->bytes, BYTES_CELL);
	put_cell(w->out, wrap_add_duration, c->read_wait_ns, WAIT_CELL);
	put_cell(w->out, wrap_add_duration, c->write_wait_ns, WAIT_CELL);
}

/* What it is called or used as, unless that only says its kind again. */
static void add_name(const struct fact_channel *c, struct strbuf *out)
{
	bool is_named = c->id && c->id[0] && !strstr(c->id, ":[") && strcmp(c->id, c->kind);

	if (is_named)
		wrap_add_safe(out, c->id, ID_MAX_CHARS);
	if (c->used_as && c->used_as[0]) {
		strbuf_addstr(out, is_named ? ": " : "");
		wrap_add_safe(out, c->used_as, USE_MAX_CHARS);
	}
}

static void add_to_line(struct line *l, const struct fact_channel *c)
{
	l->messages += c->messages;
	l->bytes += c->bytes;
	l->read_wait_ns += c->read_wait_ns;
	l->write_wait_ns += c->write_wait_ns;
	l->cnt++;
}

static bool is_alike(const struct line *a, const struct line *b)
{
	return !strcmp(a->kind, b->kind) && !strcmp(strbuf_str(&a->way), strbuf_str(&b->way)) &&
	       !strcmp(strbuf_str(&a->name), strbuf_str(&b->name));
}

static void line_release(struct line *l)
{
	strbuf_release(&l->way);
	strbuf_release(&l->name);
}

/* Into the line of its like, or a new one. */
static void add_channel(const struct wrap *w, const struct facts *f, const struct fact_channel *c,
			bool is_anonymous, struct line *lines, size_t *cnt)
{
	struct line *l = &lines[*cnt];

	*l = (struct line){ .kind = c->kind };
	add_way(w, f, c, is_anonymous, &l->way);
	add_name(c, &l->name);
	for (size_t i = 0; i < *cnt; i++) {
		if (is_alike(&lines[i], l)) {
			line_release(l);
			add_to_line(&lines[i], c);
			return;
		}
	}
	add_to_line(l, c);
	(*cnt)++;
}

static void put_line(struct wrap *w, struct line *l, size_t room)
{
	size_t beside = w->width - WRAP_LABEL - room - CELLS, columns;

	wrap_fit_charset(w, &l->way);
	wrap_fit_charset(w, &l->name);
	columns = wrap_columns(strbuf_str(&l->way), l->way.len);
	if (columns > room) {
		wrap_text(w, "", WRAP_LABEL, strbuf_str(&l->way));
		pad(w->out, 0, WRAP_LABEL + room);
	} else {
		pad(w->out, 0, WRAP_LABEL);
		strbuf_addstr(w->out, strbuf_str(&l->way));
		pad(w->out, columns, room);
	}
	put_numbers(w, l);
	columns = wrap_columns(strbuf_str(&l->name), l->name.len);
	if (columns && columns + 2 <= beside)
		strbuf_addf(w->out, "  %s", strbuf_str(&l->name));
	strbuf_addch(w->out, '\n');
	if (columns && columns + 2 > beside)
		wrap_text(w, "", WRAP_LABEL + 2, strbuf_str(&l->name));
}

/* As wide as the longest needs, where there is room beside it; else all there is. */
static size_t way_width(const struct wrap *w, const struct line *lines, size_t cnt)
{
	size_t all = w->width - WRAP_LABEL - CELLS, longest = 0;

	if (w->width < WRAP_WIDE)
		return all;
	for (size_t i = 0; i < cnt; i++) {
		size_t columns = wrap_columns(strbuf_str(&lines[i].way), lines[i].way.len);

		if (columns > longest)
			longest = columns;
	}
	if (longest > WAY_MAX_WIDE)
		longest = WAY_MAX_WIDE;
	return longest < NAME_MIN_WIDE ? NAME_MIN_WIDE : longest < all ? longest : all;
}

/* A shell's pipe to `basename` tells nobody anything. */
static bool is_worth_showing(const struct facts *f, const struct line *c)
{
	return c->messages >= 1000 || c->bytes >= 1000000 ||
	       c->read_wait_ns + c->write_wait_ns > facts_life_ns(f) / 100;
}

static void put_head(struct wrap *w, size_t room)
{
	const char *title = w->utf8 ? "from → to" : "from -> to";

	wrap_gap(w);
	wrap_label(w, "IPC");
	strbuf_addstr(w->out, title);
	pad(w->out, wrap_columns(title, strlen(title)), room);
	strbuf_addf(w->out, "  %-*s%*s%*s%*s%*s\n", KIND_CELL - 2, "kind", COUNT_CELL, "messages",
		    BYTES_CELL, "bytes", WAIT_CELL, "to read", WAIT_CELL, "to write");
}

static bool all_are_helpers(const struct facts *f, const uint32_t *pids, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		const struct fact_process *p = facts_process(f, pids[i]);

		if (!p || !p->helper)
			return false;
	}
	return cnt > 0;
}

/* What a runtime's own processes wait for is its business. */
static bool is_helpers(const struct facts *f, const struct fact_channel *c)
{
	return all_are_helpers(f, c->readers, c->reader_cnt) ||
	       all_are_helpers(f, c->writers, c->writer_cnt);
}

static size_t find_lines(const struct wrap *w, const struct facts *f, bool is_anonymous,
			 struct line *lines)
{
	size_t cnt = 0;

	for (size_t i = 0; i < f->channel_cnt; i++)
		if (!fact_channel_is_memory(&f->channels[i]) && !is_helpers(f, &f->channels[i]))
			add_channel(w, f, &f->channels[i], is_anonymous, lines, &cnt);
	return cnt;
}

static void put_traffic(struct wrap *w, const struct facts *f)
{
	struct line *lines = xcalloc(f->channel_cnt + 1, sizeof(*lines));
	size_t room, cnt, shown = 0, more = 0;

	cnt = find_lines(w, f, false, lines);
	/* Of a pool that is made again and again each has its own. */
	if (cnt > CHANNELS_SHOWN) {
		for (size_t i = 0; i < cnt; i++)
			line_release(&lines[i]);
		cnt = find_lines(w, f, true, lines);
	}
	for (size_t i = 0; i < cnt; i++)
		if (lines[i].cnt > 1)
			strbuf_addf(&lines[i].way, ", %zu of them", lines[i].cnt);
	room = way_width(w, lines, cnt);
	for (size_t i = 0; i < cnt; i++) {
		if (shown == CHANNELS_SHOWN || !is_worth_showing(f, &lines[i])) {
			more += lines[i].cnt;
		} else {
			if (!shown++)
				put_head(w, room);
			put_line(w, &lines[i], room);
		}
		line_release(&lines[i]);
	}
	free(lines);
	if (shown && more) {
		pad(w->out, 0, WRAP_LABEL);
		strbuf_addf(w->out, "%s %zu more\n", wrap_dots(w), more);
	}
}

static void put_memory(struct wrap *w, const struct facts *f)
{
	struct side from, to, both;
	struct strbuf s = { 0 };
	size_t shown = 0;

	for (size_t i = 0; i < f->channel_cnt && shown < MEMORY_SHOWN; i++) {
		const struct fact_channel *c = &f->channels[i];

		if (!fact_channel_has_data(c))
			continue;
		if (!shown)
			wrap_gap(w);
		strbuf_reset(&s);
		wrap_add_safe(&s, c->id ? c->id : "", ID_MAX_CHARS);
		strbuf_addstr(&s, ", ");
		wrap_add_bytes(&s, c->size_bytes);
		sides_of(f, c, &from, &to, &both);
		strbuf_addstr(&s, both.cnt ? ", written and read by " : ", read by ");
		add_side(both.cnt ? &both : &to, &s);
		if (c->used_as) {
			strbuf_addstr(&s, ": ");
			wrap_add_safe(&s, c->used_as, USE_MAX_CHARS);
		}
		wrap_text(w, shown ? "" : "Shared", WRAP_LABEL, strbuf_str(&s));
		shown++;
	}
	if (shown)
		wrap_text(w, "", WRAP_LABEL, "(what goes through shared memory can't be seen)");
	strbuf_release(&s);
}

void report_ledger(struct wrap *w, const struct facts *f)
{
	put_traffic(w, f);
	put_memory(w, f);
}
