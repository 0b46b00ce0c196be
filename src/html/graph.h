/* SPDX-License-Identifier: MIT */
/*
 * Who gives what to whom, drawn in columns from left to right. Bounded: who comes late
 * to a full column shares its last node. So add what weighs most first.
 */
#ifndef HTML_GRAPH_H
#define HTML_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

#define GRAPH_COLUMNS_MAX 3
#define GRAPH_NODES_MAX	  12	/* per column */
#define GRAPH_EDGES_MAX	  (2 * GRAPH_NODES_MAX * GRAPH_NODES_MAX)

struct graph_node {
	char *label;
	char *detail;		/* below it; "": nothing but the node's total */
};

struct graph_edge {
	size_t from, to;	/* nodes of @column and the next one */
	int column;
	uint64_t weight;	/* how wide it is drawn */
	uint64_t cnt;
};

struct graph {
	const char *titles[GRAPH_COLUMNS_MAX]; /* of the columns, safe; the caller's */
	int column_cnt;		/* the caller's */
	const char *label;	/* of the drawing, safe; the caller's */
	/* A weight in words; what is said of an edge, after its ends; the caller's. */
	void (*add_weight)(struct strbuf *text, uint64_t weight);
	void (*say)(const struct graph_edge *e, struct strbuf *text);

	struct graph_node nodes[GRAPH_COLUMNS_MAX][GRAPH_NODES_MAX];
	size_t node_cnt[GRAPH_COLUMNS_MAX];
	struct graph_edge edges[GRAPH_EDGES_MAX];
	size_t edge_cnt;
};

/* The node of that label and detail in @column, there already or new. */
size_t graph_node(struct graph *g, int column, const char *label, const char *detail);

/* From @from in @column to @to in the next one; what was there already gets wider. */
void graph_edge(struct graph *g, int column, size_t from, size_t to, uint64_t weight, uint64_t cnt);
void graph_draw(const struct graph *g, struct strbuf *out);
void graph_release(struct graph *g);

#endif
