// SPDX-License-Identifier: MIT
/*
 * Owns the section on channels: who sends, through what, to whom. Channels of one kind
 * between the same processes are drawn as one; what is too small is counted only.
 */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "html/exchange.h"
#include "html/graph.h"
#include "html/markup.h"
#include "output/report_wrap.h"

#define DRAWN_MAX     (GRAPH_NODES_MAX - 1)
#define MEMORY_SHOWN  5
#define NAME_CHARS    60
#define NAMED_MAX     8		/* more processes than these go by their names alone */
#define ENDS_MAX      64	/* of one channel */

/* Worth drawing: one of these. */
#define MESSAGES_SHOWN 1000
#define BYTES_SHOWN    1000000
#define WAIT_SHARE     0.01

struct bundle {
	const struct fact_channel *first;
	char *key;			/* its kind and its ends */
	size_t cnt;
	uint64_t messages, bytes, wait_ns;
};

/* A process as the drawing calls it. */
struct party {
	struct strbuf label, detail;
};

static void party_release(struct party *p)
{
	strbuf_release(&p->label);
	strbuf_release(&p->detail);
}

static void name_party(struct party *p, const struct facts *f, uint32_t pid, const char *name,
		       bool traced)
{
	const char *label = facts_process_label(f, pid, name);

	strbuf_reset(&p->label);
	strbuf_reset(&p->detail);
	strbuf_addstr(&p->label, label[0] ? label : "others");
	if (!traced)
		strbuf_addstr(&p->detail, "outside");
	else if (pid && f->process_cnt <= NAMED_MAX)
		strbuf_addf(&p->detail, "%u", pid);
}

/* Called with each end of @c that sends, or that receives. */
typedef void end_fn(void *ctx, const struct party *p, uint64_t messages, uint64_t bytes);

static void each_end(const struct facts *f, const struct fact_channel *c, bool sends, end_fn *fn,
		     void *ctx)
{
	size_t told = 0, cnt = sends ? c->writer_cnt : c->reader_cnt;
	const uint32_t *pids = sends ? c->writers : c->readers;
	struct party p = { 0 };

	for (size_t i = 0; i < c->end_cnt && told < ENDS_MAX; i++) {
		const struct fact_channel_end *e = &c->ends[i];

		if (!(sends ? e->writes : e->reads))
			continue;
		name_party(&p, f, e->pid, e->name, e->traced);
		fn(ctx, &p, sends ? e->messages_sent : e->messages_received,
		   sends ? e->bytes_sent : e->bytes_received);
		told++;
	}
	/* A recording of before ends were told. */
	for (size_t i = 0; !c->end_cnt && i < cnt && told < ENDS_MAX; i++) {
		name_party(&p, f, pids[i], NULL, true);
		fn(ctx, &p, c->messages / cnt, c->bytes / cnt);
		told++;
	}
	if (!told) {
		party_release(&p);
		strbuf_addstr(&p.label, "outside");
		fn(ctx, &p, c->messages, c->bytes);
	}
	party_release(&p);
}

static void add_to_key(void *ctx, const struct party *p, uint64_t messages, uint64_t bytes)
{
	(void)messages;
	(void)bytes;
	strbuf_addf(ctx, "%s\n%s\n", strbuf_str(&p->label), strbuf_str(&p->detail));
}

static char *key_of(const struct facts *f, const struct fact_channel *c)
{
	struct strbuf s = { 0 };

	strbuf_addf(&s, "%s\n", c->kind);
	each_end(f, c, true, add_to_key, &s);
	strbuf_addch(&s, '\n');
	each_end(f, c, false, add_to_key, &s);
	return strbuf_take(&s);
}

/* Returns the number of the bundle it is in. */
static size_t add_channel(struct bundle *all, size_t *cnt, const struct facts *f,
			  const struct fact_channel *c)
{
	char *key = key_of(f, c);
	struct bundle *b = all;

	while (b < all + *cnt && strcmp(b->key, key))
		b++;
	if (b == all + *cnt) {
		*b = (struct bundle){ .first = c, .key = key };
		(*cnt)++;
	} else {
		free(key);
	}
	b->cnt++;
	b->messages += c->messages;
	b->bytes += c->bytes;
	b->wait_ns += c->read_wait_ns + c->write_wait_ns;
	return (size_t)(b - all);
}

static bool is_worth_drawing(const struct facts *f, const struct bundle *b)
{
	return b->messages >= MESSAGES_SHOWN || b->bytes >= BYTES_SHOWN ||
	       (double)b->wait_ns > WAIT_SHARE * (double)facts_life_ns(f);
}

struct drawing {
	struct graph *g;
	size_t channel;
	bool sends;
};

static void add_end(void *ctx, const struct party *p, uint64_t messages, uint64_t bytes)
{
	struct drawing *d = ctx;
	size_t node = graph_node(d->g, d->sends ? 0 : 2, strbuf_str(&p->label),
				 strbuf_str(&p->detail));

	if (d->sends)
		graph_edge(d->g, 0, node, d->channel, bytes, messages);
	else
		graph_edge(d->g, 1, d->channel, node, bytes, messages);
}

/* "2. pipe ×3": by its number the reader finds it in the table. */
static void add_label(const struct bundle *b, size_t number, struct strbuf *s)
{
	strbuf_addf(s, "%zu. %s", number, b->first->kind);
	if (b->cnt > 1)
		strbuf_addf(s, " ×%zu", b->cnt);
}

static void add_bundle(struct graph *g, const struct facts *f, const size_t *bundle_of,
		       size_t bundle, const char *label)
{
	struct drawing d = { .g = g, .channel = graph_node(g, 1, label, "") };

	for (size_t i = 0; i < f->channel_cnt; i++) {
		for (int sends = 0; bundle_of[i] == bundle && sends < 2; sends++) {
			d.sends = sends;
			each_end(f, &f->channels[i], sends, add_end, &d);
		}
	}
}

static void say_traffic(const struct graph_edge *e, struct strbuf *text)
{
	wrap_add_count(text, e->cnt);
	strbuf_addstr(text, e->cnt == 1 ? " message, " : " messages, ");
	wrap_add_bytes(text, e->weight);
}

static void put_row(const struct bundle *b, size_t number, struct strbuf *out)
{
	const struct fact_channel *c = b->first;
	struct strbuf s = { 0 };

	add_label(b, number, &s);
	if (c->used_as && c->used_as[0])
		strbuf_addf(&s, " (%s)", c->used_as);
	strbuf_addstr(out, "<tr><th scope=\"row\">");
	markup_text(out, strbuf_str(&s), 2UL * NAME_CHARS);
	strbuf_addstr(out, "</th><td>");
	wrap_add_bytes(out, b->bytes);
	strbuf_addstr(out, "</td><td>");
	wrap_add_count(out, b->messages);
	strbuf_addstr(out, "</td><td>");
	wrap_add_bytes(out, b->messages ? b->bytes / b->messages : 0);
	strbuf_addstr(out, "</td><td>");
	wrap_add_duration(out, b->wait_ns);
	strbuf_addstr(out, "</td></tr>\n");
	strbuf_release(&s);
}

static void begin_table(struct strbuf *out)
{
	strbuf_addstr(out,
		      "<div class=\"table\" tabindex=\"0\" role=\"group\" aria-label=\"table of "
		      "channels\">\n<table>\n<thead><tr><th scope=\"col\">channel</th>"
		      "<th scope=\"col\">bytes</th><th scope=\"col\">messages</th>"
		      "<th scope=\"col\">bytes each</th>"
		      "<th scope=\"col\">waited at it</th></tr></thead>\n<tbody>\n");
}

static void draw(const struct facts *f, const struct bundle *bundles, size_t cnt,
		 const size_t *bundle_of, struct strbuf *out)
{
	struct graph *g = xcalloc(1, sizeof(*g));
	struct strbuf rows = { 0 }, label = { 0 };
	size_t drawn = 0;

	*g = (struct graph){ .titles = { "sends", "through", "receives" },
			     .column_cnt = 3,
			     .label = "who sent how much to whom, through which channels",
			     .add_weight = wrap_add_bytes,
			     .say = say_traffic };
	for (size_t i = 0; i < cnt && drawn < DRAWN_MAX; i++) {
		if (!is_worth_drawing(f, &bundles[i]))
			continue;
		strbuf_reset(&label);
		add_label(&bundles[i], ++drawn, &label);
		add_bundle(g, f, bundle_of, i, strbuf_str(&label));
		put_row(&bundles[i], drawn, &rows);
	}
	if (drawn) {
		graph_draw(g, out);
		begin_table(out);
		strbuf_add(out, strbuf_str(&rows), rows.len);
		strbuf_addstr(out, "</tbody>\n</table>\n</div>\n");
		markup_more(out, drawn, cnt, "with less in them");
	}
	strbuf_release(&rows);
	strbuf_release(&label);
	graph_release(g);
	free(g);
}

static void put_memory(const struct facts *f, struct strbuf *out)
{
	size_t cnt = 0;

	for (size_t i = 0; i < f->channel_cnt; i++) {
		const struct fact_channel *c = &f->channels[i];

		if (!fact_channel_has_data(c) || cnt++ >= MEMORY_SHOWN)
			continue;
		if (cnt == 1)
			strbuf_addstr(out, "<h3>Shared memory</h3>\n<p class=\"note\">What goes "
					   "through it can't be seen.</p>\n<ul>\n");
		strbuf_addstr(out, "<li>");
		markup_text(out, c->id, NAME_CHARS);
		strbuf_addstr(out, ", ");
		wrap_add_bytes(out, c->size_bytes);
		strbuf_addf(out, ", %zu process%s</li>\n", c->end_cnt, c->end_cnt == 1 ? "" : "es");
	}
	if (cnt)
		strbuf_addstr(out, "</ul>\n");
	markup_more(out, MEMORY_SHOWN, cnt, "mappings");
}

void exchange_channels(const struct facts *f, struct strbuf *out)
{
	struct bundle *bundles;
	size_t *bundle_of, cnt = 0;
	struct strbuf parts = { 0 };

	if (!f->channel_cnt)
		return;
	bundles = xcalloc(f->channel_cnt, sizeof(*bundles));
	bundle_of = xcalloc(f->channel_cnt, sizeof(*bundle_of));
	for (size_t i = 0; i < f->channel_cnt; i++)
		bundle_of[i] = fact_channel_is_memory(&f->channels[i])
				       ? SIZE_MAX
				       : add_channel(bundles, &cnt, f, &f->channels[i]);
	draw(f, bundles, cnt, bundle_of, &parts);
	put_memory(f, &parts);
	if (parts.len) {
		strbuf_addstr(out, "<section id=\"channels\">\n"
				   "<h2>Who exchanged what with whom</h2>\n");
		strbuf_add(out, strbuf_str(&parts), parts.len);
		strbuf_addstr(out, "</section>\n");
	}
	strbuf_release(&parts);
	for (size_t i = 0; i < cnt; i++)
		free(bundles[i].key);
	free(bundle_of);
	free(bundles);
}
