// SPDX-License-Identifier: MIT
/* Owns the layout: nodes of a column one below the other, edges spread over their sides. */
#include "html/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "html/markup.h"

#define VIEW_WIDTH  640
#define NODE_HEIGHT 30
#define NODE_GAP    14
#define HEAD	    26		/* the columns' titles */
#define CHAR_WIDTH  9.5		/* of a wide one: what a node has room for */
#define TITLE_CHARS 200
#define EDGE_MIN    1.2		/* width of strokes */
#define EDGE_MAX    11.0
#define ARROW	    9
#define OTHERS	    "others"

size_t graph_node(struct graph *g, int column, const char *label)
{
	char **nodes = g->nodes[column];
	size_t *cnt = &g->node_cnt[column];

	for (size_t i = 0; i < *cnt; i++)
		if (!strcmp(nodes[i], label))
			return i;
	if (*cnt == GRAPH_NODES_MAX)
		return *cnt - 1;
	nodes[*cnt] = xstrdup(*cnt == GRAPH_NODES_MAX - 1 ? OTHERS : label);
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
	for (int c = 0; c < GRAPH_COLUMNS_MAX; c++)
		for (size_t i = 0; i < g->node_cnt[c]; i++)
			free(g->nodes[c][i]);
	*g = (struct graph){ 0 };
}

static size_t most_nodes(const struct graph *g)
{
	size_t most = 0;

	for (int c = 0; c < g->column_cnt; c++)
		most = g->node_cnt[c] > most ? g->node_cnt[c] : most;
	return most;
}

static int node_width(const struct graph *g)
{
	return g->column_cnt > 2 ? 166 : 190;
}

static int node_x(const struct graph *g, int column)
{
	return column * (VIEW_WIDTH - node_width(g)) / (g->column_cnt - 1);
}

/* Columns are centred. */
static double node_y(const struct graph *g, int column, size_t i)
{
	size_t missing = most_nodes(g) - g->node_cnt[column];

	return HEAD + (NODE_HEIGHT + NODE_GAP) * ((double)i + (double)missing / 2);
}

/* Where along a node's side an edge ends: each has its place, in the order they were added. */
static double port_y(const struct graph *g, const struct graph_edge *e, int at_end)
{
	size_t node = at_end ? e->to : e->from, cnt = 0, place = 0;

	for (const struct graph_edge *o = g->edges; o < g->edges + g->edge_cnt; o++) {
		if (o->column != e->column || (at_end ? o->to : o->from) != node)
			continue;
		cnt++;
		if (o <= e)
			place++;
	}
	return node_y(g, e->column + at_end, node) +
	       NODE_HEIGHT * (double)place / ((double)cnt + 1);
}

static void draw_node(const struct graph *g, int column, size_t i, struct strbuf *out)
{
	int x = node_x(g, column), width = node_width(g);
	double y = node_y(g, column, i);

	strbuf_addstr(out, "<g><title>");
	markup_text(out, g->nodes[column][i], TITLE_CHARS);
	strbuf_addf(out,
		    "</title><rect class=\"node\" x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%d\" "
		    "rx=\"6\"></rect><text x=\"%d\" y=\"%.1f\" text-anchor=\"middle\">",
		    x, y, width, NODE_HEIGHT, x + width / 2, y + NODE_HEIGHT * 0.66);
	markup_text(out, g->nodes[column][i], (size_t)(width / CHAR_WIDTH));
	strbuf_addstr(out, "</text></g>\n");
}

static void draw_edge(const struct graph *g, const struct graph_edge *e, uint64_t most,
		      struct strbuf *out)
{
	double share = most ? (double)e->weight / (double)most : 0;
	double width = EDGE_MIN + (EDGE_MAX - EDGE_MIN) * share;
	double tip = ARROW + width / 2;
	double x1 = node_x(g, e->column) + node_width(g), x2 = node_x(g, e->column + 1);
	double y1 = port_y(g, e, 0), y2 = port_y(g, e, 1);
	double bend = (x2 - x1) / 2;
	struct strbuf s = { 0 };

	strbuf_addf(&s, "%s → %s: ", g->nodes[e->column][e->from], g->nodes[e->column + 1][e->to]);
	g->say(e, &s);
	strbuf_addstr(out, "<g class=\"edge\"><title>");
	markup_text(out, strbuf_str(&s), 4 * TITLE_CHARS);
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

	if (!rows)
		return;
	strbuf_addf(out,
		    "<div class=\"graph\" tabindex=\"0\" role=\"group\" aria-label=\"%s\">"
		    "<svg viewBox=\"0 0 %d %zu\" role=\"img\" aria-label=\"%s\">\n",
		    g->label, VIEW_WIDTH, HEAD + rows * (NODE_HEIGHT + NODE_GAP), g->label);
	for (int c = 0; c < g->column_cnt; c++)
		strbuf_addf(out,
			    "<text class=\"head\" x=\"%d\" y=\"16\" "
			    "text-anchor=\"middle\">%s</text>\n",
			    node_x(g, c) + node_width(g) / 2, g->titles[c]);
	for (size_t i = 0; i < g->edge_cnt; i++)
		draw_edge(g, &g->edges[i], most_weight(g, g->edges[i].column), out);
	for (int c = 0; c < g->column_cnt; c++)
		for (size_t i = 0; i < g->node_cnt[c]; i++)
			draw_node(g, c, i, out);
	strbuf_addstr(out, "</svg></div>\n");
}
