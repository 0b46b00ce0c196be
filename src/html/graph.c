// SPDX-License-Identifier: MIT
/*
 * Owns the layout: nodes of a column one below the other, edges spread over their sides.
 * It is so narrow that a phone, which shows all of it, still shows its words.
 */
#include "html/graph.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "html/markup.h"

#define NODE_HEIGHT 40
#define NODE_GAP    12
#define HEAD	    24		/* the columns' titles */
#define EDGE	    1		/* half of a border is outside of its node */
#define CHAR_WIDTH  0.6		/* of the font's size: what a node has room for */
#define TITLE_CHARS 200
#define STROKE_MIN  1.2
#define STROKE_MAX  11.0
#define ARROW	    9
#define OTHERS	    "others"

/* At which place of its column each node is drawn. */
struct layout {
	size_t place[GRAPH_COLUMNS_MAX][GRAPH_NODES_MAX];
};

size_t graph_node(struct graph *g, int column, const char *label, const char *detail)
{
	struct graph_node *nodes = g->nodes[column];
	size_t *cnt = &g->node_cnt[column];
	bool is_full = *cnt == GRAPH_NODES_MAX - 1;

	for (size_t i = 0; i < *cnt; i++)
		if (!strcmp(nodes[i].label, label) && !strcmp(nodes[i].detail, detail))
			return i;
	if (*cnt == GRAPH_NODES_MAX)
		return *cnt - 1;
	nodes[*cnt] = (struct graph_node){ xstrdup(is_full ? OTHERS : label),
					   xstrdup(is_full ? "" : detail) };
	return (*cnt)++;
}

void graph_edge(struct graph *g, int column, size_t from, size_t to, uint64_t weight, uint64_t cnt)
{
	struct graph_edge *e = g->edges;

	while (e < g->edges + g->edge_cnt &&
	       (e->column != column || e->from != from || e->to != to))
		e++;
	if (e == g->edges + g->edge_cnt) {
		*e = (struct graph_edge){ .from = from, .to = to, .column = column };
		g->edge_cnt++;
	}
	e->weight += weight;
	e->cnt += cnt;
}

void graph_release(struct graph *g)
{
	for (int c = 0; c < GRAPH_COLUMNS_MAX; c++) {
		for (size_t i = 0; i < g->node_cnt[c]; i++) {
			free(g->nodes[c][i].label);
			free(g->nodes[c][i].detail);
		}
	}
	*g = (struct graph){ 0 };
}

/* ---- layout ---- */

static size_t most_nodes(const struct graph *g)
{
	size_t most = 0;

	for (int c = 0; c < g->column_cnt; c++)
		most = g->node_cnt[c] > most ? g->node_cnt[c] : most;
	return most;
}

static int view_width(const struct graph *g)
{
	return g->column_cnt > 2 ? 468 : 400;
}

static int node_width(const struct graph *g)
{
	return g->column_cnt > 2 ? 132 : 140;
}

/* As in page.css: the more is drawn, the smaller a phone shows it. */
static size_t label_chars(const struct graph *g)
{
	return (size_t)(node_width(g) / (CHAR_WIDTH * (g->column_cnt > 2 ? 15 : 14)));
}

static size_t detail_chars(const struct graph *g)
{
	return (size_t)(node_width(g) / (CHAR_WIDTH * (g->column_cnt > 2 ? 13 : 12)));
}

static int node_x(const struct graph *g, int column)
{
	return column * (view_width(g) - node_width(g)) / (g->column_cnt > 2 ? 2 : 1);
}

/* Columns are centred. */
static double node_y(const struct graph *g, const struct layout *l, int column, size_t i)
{
	size_t missing = most_nodes(g) - g->node_cnt[column];

	return HEAD +
	       (NODE_HEIGHT + NODE_GAP) * ((double)l->place[column][i] + (double)missing / 2);
}

/* Where the edges that come from the column before begin, on average. */
static double mean_origin(const struct graph *g, const struct layout *l, int column, size_t node)
{
	double sum = 0, weights = 0;

	for (const struct graph_edge *e = g->edges; e < g->edges + g->edge_cnt; e++) {
		double weight = (double)e->weight + 1;

		if (e->column + 1 != column || e->to != node)
			continue;
		sum += weight * (double)l->place[column - 1][e->from];
		weights += weight;
	}
	return weights > 0 ? sum / weights : GRAPH_NODES_MAX;
}

/* The first column as it was filled, the others so that few edges cross. */
static void lay_out(const struct graph *g, struct layout *l)
{
	*l = (struct layout){ 0 };
	for (int c = 0; c < g->column_cnt; c++) {
		double origins[GRAPH_NODES_MAX];

		for (size_t i = 0; i < g->node_cnt[c]; i++)
			origins[i] = c ? mean_origin(g, l, c, i) : 0;
		for (size_t i = 0; i < g->node_cnt[c]; i++)
			for (size_t k = 0; k < g->node_cnt[c]; k++)
				if (origins[k] < origins[i] || (origins[k] == origins[i] && k < i))
					l->place[c][i]++;
	}
}

/* Where along a node's side an edge ends: in the order of the nodes at the other ends. */
static double port_y(const struct graph *g, const struct layout *l, const struct graph_edge *e,
		     int at_end)
{
	size_t node = at_end ? e->to : e->from, cnt = 0, before = 0;
	const size_t *far = l->place[e->column + !at_end];

	for (const struct graph_edge *o = g->edges; o < g->edges + g->edge_cnt; o++) {
		if (o->column != e->column || (at_end ? o->to : o->from) != node)
			continue;
		cnt++;
		before += far[at_end ? o->from : o->to] < far[at_end ? e->from : e->to];
	}
	return node_y(g, l, e->column + at_end, node) +
	       NODE_HEIGHT * ((double)before + 1) / ((double)cnt + 1);
}

/* ---- drawing ---- */

/* What comes in or goes out, whichever is more: of a channel, not all may have been read. */
static uint64_t total(const struct graph *g, int column, size_t node)
{
	uint64_t in = 0, out = 0;

	for (const struct graph_edge *e = g->edges; e < g->edges + g->edge_cnt; e++) {
		in += e->column + 1 == column && e->to == node ? e->weight : 0;
		out += e->column == column && e->from == node ? e->weight : 0;
	}
	return in > out ? in : out;
}

static void draw_node(const struct graph *g, const struct layout *l, int column, size_t i,
		      struct strbuf *out)
{
	const struct graph_node *node = &g->nodes[column][i];
	int x = node_x(g, column), width = node_width(g);
	double y = node_y(g, l, column, i);
	struct strbuf detail = { 0 };

	strbuf_addstr(&detail, node->detail);
	strbuf_addstr(&detail, node->detail[0] ? " · " : "");
	g->add_weight(&detail, total(g, column, i));

	strbuf_addstr(out, "<g><title>");
	markup_text(out, node->label, TITLE_CHARS);
	strbuf_addstr(out, ": ");
	markup_text(out, strbuf_str(&detail), TITLE_CHARS);
	strbuf_addf(out,
		    "</title><rect class=\"node\" x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%d\" "
		    "rx=\"6\"></rect><text x=\"%d\" y=\"%.1f\" text-anchor=\"middle\">",
		    x, y, width, NODE_HEIGHT, x + width / 2, y + NODE_HEIGHT * 0.42);
	markup_text(out, node->label, label_chars(g));
	strbuf_addf(out,
		    "</text><text class=\"detail\" x=\"%d\" y=\"%.1f\" text-anchor=\"middle\">",
		    x + width / 2, y + NODE_HEIGHT * 0.8);
	markup_text(out, strbuf_str(&detail), detail_chars(g));
	strbuf_addstr(out, "</text></g>\n");
	strbuf_release(&detail);
}

static void add_name(const struct graph_node *node, struct strbuf *text)
{
	strbuf_addf(text, "%s%s%s", node->label, node->detail[0] ? " " : "", node->detail);
}

static void draw_edge(const struct graph *g, const struct layout *l, const struct graph_edge *e,
		      uint64_t most, struct strbuf *out)
{
	double share = most ? (double)e->weight / (double)most : 0;
	double width = STROKE_MIN + (STROKE_MAX - STROKE_MIN) * share;
	double tip = ARROW + width / 2;
	double x1 = node_x(g, e->column) + node_width(g), x2 = node_x(g, e->column + 1);
	double y1 = port_y(g, l, e, 0), y2 = port_y(g, l, e, 1);
	double bend = (x2 - x1) / 2;
	struct strbuf s = { 0 };

	add_name(&g->nodes[e->column][e->from], &s);
	strbuf_addstr(&s, " → ");
	add_name(&g->nodes[e->column + 1][e->to], &s);
	strbuf_addstr(&s, ": ");
	g->say(e, &s);
	strbuf_addstr(out, "<g class=\"edge\"><title>");
	markup_text(out, strbuf_str(&s), 4UL * TITLE_CHARS);
	strbuf_addf(out,
		    "</title><path d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f\" "
		    "stroke-width=\"%.1f\"></path><polygon points=\"%.1f,%.1f %.1f,%.1f "
		    "%.1f,%.1f\"></polygon></g>\n",
		    x1, y1, x1 + bend, y1, x2 - bend, y2, x2 - tip + 1, y2, width, x2, y2, x2 - tip,
		    y2 - tip / 2, x2 - tip, y2 + tip / 2);
	strbuf_release(&s);
}

/* Each column's edges have a scale of their own. */
static uint64_t most_weight(const struct graph *g, int column)
{
	uint64_t most = 0;

	for (size_t i = 0; i < g->edge_cnt; i++)
		if (g->edges[i].column == column && g->edges[i].weight > most)
			most = g->edges[i].weight;
	return most;
}

void graph_draw(const struct graph *g, struct strbuf *out)
{
	size_t rows = most_nodes(g);
	struct layout l;

	if (!rows)
		return;
	lay_out(g, &l);
	strbuf_addf(out,
		    "<svg class=\"graph columns%d\" viewBox=\"%d 0 %d %zu\" role=\"img\" "
		    "aria-label=\"%s\">\n",
		    g->column_cnt, -EDGE, view_width(g) + 2 * EDGE,
		    HEAD + rows * (NODE_HEIGHT + NODE_GAP), g->label);
	for (int c = 0; c < g->column_cnt; c++)
		strbuf_addf(out,
			    "<text class=\"head\" x=\"%d\" y=\"15\" "
			    "text-anchor=\"middle\">%s</text>\n",
			    node_x(g, c) + node_width(g) / 2, g->titles[c]);
	for (size_t i = 0; i < g->edge_cnt; i++)
		draw_edge(g, &l, &g->edges[i], most_weight(g, g->edges[i].column), out);
	for (int c = 0; c < g->column_cnt; c++)
		for (size_t i = 0; i < g->node_cnt[c]; i++)
			draw_node(g, &l, c, i, out);
	strbuf_addstr(out, "</svg>\n");
}
