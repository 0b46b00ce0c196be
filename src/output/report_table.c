// SPDX-License-Identifier: MIT
/*
 * Owns the table. Columns that are nothing everywhere are left out; when those
 * that remain don't fit, the least ones are summed as "rest", so that a row
 * still adds up to a life.
 */
#include "output/report_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "base/xalloc.h"

#define ROWS_MAX   12
#define CELL	   6
#define ROLE_MIN   12
#define ROLE_MAX   30
#define SHOWN_MIN  0.005	/* of some role's life */

struct column {
	const char *title;
	uint64_t buckets;	/* bits */
	double max;		/* largest share in any role */
	bool is_kept;		/* never summed into "rest" */
};

#define BIT(b) (1ull << (b))

static const struct column narrow[] = {
	{ "CPU", BIT(BUCKET_CPU_USER) | BIT(BUCKET_CPU_KERNEL), 0, true },
	{ "queue", BIT(BUCKET_RUN_QUEUE), 0, false },
	{ "quota", BIT(BUCKET_THROTTLED), 0, false },
	{ "GIL", BIT(BUCKET_GIL), 0, false },
	{ "lock", BIT(BUCKET_LOCK), 0, false },
	{ "klock", BIT(BUCKET_KERNEL_LOCK), 0, false },
	{ "sync", BIT(BUCKET_SYNC), 0, false },
	{ "IPC", BIT(BUCKET_IPC), 0, false },
	{ "child", BIT(BUCKET_CHILD), 0, false },
	{ "disk", BIT(BUCKET_DISK), 0, false },
	{ "net", BIT(BUCKET_NETWORK), 0, false },
	{ "mem", BIT(BUCKET_MEMORY), 0, false },
	{ "sleep", BIT(BUCKET_SLEEP), 0, false },
	{ "idle", BIT(BUCKET_IDLE), 0, false },
	{ "stop", BIT(BUCKET_STOPPED), 0, false },
	{ "other", BIT(BUCKET_OTHER), 0, false },
};

#define COLUMN_CNT (sizeof(narrow) / sizeof(narrow[0]))
#define COLUMN_MAX (COLUMN_CNT + 2)	/* CPU in halves, and "rest" */

struct table {
	struct role_row *rows;
	size_t row_cnt;
	struct column columns[COLUMN_MAX];
	size_t column_cnt;
};

static size_t sum_rows(struct role_row *rows, const struct facts *f)
{
	size_t cnt = 0;

	for (size_t i = 0; i < f->thread_cnt; i++) {
		const struct fact_thread *th = &f->threads[i];
		const char *role = th->role ? th->role : "";
		struct role_row *r = rows;

		while (r < rows + cnt && strcmp(r->role, role))
			r++;
		if (r == rows + cnt)
			cnt++;
		r->role = role;
		r->threads++;
		for (int b = 0; b < BUCKET_CNT; b++) {
			enum bucket_group g = bucket_group((enum bucket)b);
			bool is_work = g == GROUP_CPU || g == GROUP_CPU_WAIT || g == GROUP_IO ||
				       g == GROUP_LOCK;

			r->time_ns[b] += th->time_ns[b];
			r->life_ns += th->time_ns[b];
			r->weight_ns += is_work ? th->time_ns[b] : 0;
		}
	}
	return cnt;
}

static int by_weight(const void *a, const void *b)
{
	const struct role_row *x = a, *y = b;

	return order_down(x->weight_ns, y->weight_ns) ?:
	       order_down(x->life_ns, y->life_ns) ?: strcmp(x->role, y->role);
}

struct role_row *report_rows(const struct facts *f, size_t *cnt)
{
	struct role_row *rows = xcalloc(f->thread_cnt, sizeof(*rows));

	*cnt = sum_rows(rows, f);
	qsort(rows, *cnt, sizeof(*rows), by_weight);
	return rows;
}

static double cell(const struct role_row *r, const struct column *c)
{
	uint64_t sum = 0;

	for (int b = 0; b < BUCKET_CNT; b++)
		if (c->buckets & BIT(b))
			sum += r->time_ns[b];
	return r->life_ns ? (double)sum / (double)r->life_ns : 0;
}

static void add_column(struct table *t, struct column c)
{
	for (size_t i = 0; i < t->row_cnt; i++)
		if (cell(&t->rows[i], &c) > c.max)
			c.max = cell(&t->rows[i], &c);
	if (c.is_kept || c.max >= SHOWN_MIN)
		t->columns[t->column_cnt++] = c;
}

static void merge_least(struct table *t, size_t room)
{
	struct column rest = { .title = "rest" };
	size_t least;

	if (t->column_cnt <= room)
		return;
	while (t->column_cnt + 1 > room) {
		least = t->column_cnt;
		for (size_t i = 0; i < t->column_cnt; i++)
			if (!t->columns[i].is_kept &&
			    (least == t->column_cnt || t->columns[i].max < t->columns[least].max))
				least = i;
		if (least == t->column_cnt)
			break;
		rest.buckets |= t->columns[least].buckets;
		t->column_cnt--;
		memmove(&t->columns[least], &t->columns[least + 1],
			(t->column_cnt - least) * sizeof(rest));
	}
	t->columns[t->column_cnt++] = rest;
}

/* Where there is room CPU is shown in its two halves. */
static void add_columns(struct table *t, size_t width)
{
	if (width >= WRAP_WIDE) {
		add_column(t, (struct column){ "user", BIT(BUCKET_CPU_USER), 0, true });
		add_column(t, (struct column){ "kern", BIT(BUCKET_CPU_KERNEL), 0, true });
	}
	for (size_t i = width >= WRAP_WIDE ? 1 : 0; i < COLUMN_CNT; i++)
		add_column(t, narrow[i]);
}

static void label_row(const struct role_row *r, size_t room, struct strbuf *s)
{
	struct strbuf cnt = { 0 };
	size_t keep;

	if (r->threads > 1)
		strbuf_addf(&cnt, " x%zu", r->threads);
	keep = room > cnt.len ? room - cnt.len : 1;
	/* wrap_add_safe() adds three dots to what it cuts. */
	if (wrap_columns(r->role, strlen(r->role)) > keep)
		wrap_add_safe(s, r->role, keep > 4 ? keep - 3 : 1);
	else
		wrap_add_safe(s, r->role, keep);
	strbuf_addstr(s, strbuf_str(&cnt));
	strbuf_release(&cnt);
}

static void put_cell(struct strbuf *out, double share)
{
	char text[16];

	if (share > 0 && share < SHOWN_MIN)
		strcpy(text, "<1 %");
	else
		snprintf(text, sizeof(text), "%.0f %%", 100 * (share > 1 ? 1 : share));
	strbuf_addf(out, "%*s", CELL, text);
}

/* Columns that the longest label takes, within bounds. */
static size_t role_width(const struct table *t)
{
	size_t widest = ROLE_MIN;

	for (size_t i = 0; i < t->row_cnt && i < ROWS_MAX; i++) {
		size_t len = wrap_columns(t->rows[i].role, strlen(t->rows[i].role)) + 5;

		widest = len > widest ? len : widest;
	}
	return widest < ROLE_MAX ? widest : ROLE_MAX;
}

static void put_row(struct wrap *w, const struct table *t, const struct role_row *r, size_t room)
{
	struct strbuf label = { 0 };
	size_t columns;

	label_row(r, room, &label);
	wrap_fit_charset(w, &label);
	columns = wrap_columns(strbuf_str(&label), label.len);
	strbuf_addf(w->out, "%*s%s%*s", WRAP_LABEL, "", strbuf_str(&label),
		    (int)(room > columns ? room - columns : 0), "");
	for (size_t i = 0; i < t->column_cnt; i++)
		put_cell(w->out, cell(r, &t->columns[i]));
	strbuf_addch(w->out, '\n');
	strbuf_release(&label);
}

void report_table(struct wrap *w, const struct facts *f)
{
	struct table t = { 0 };
	size_t room;

	t.rows = report_rows(f, &t.row_cnt);
	add_columns(&t, w->width);
	room = role_width(&t);
	merge_least(&t, (w->width - WRAP_LABEL - room) / CELL);

	wrap_label(w, "Time");
	strbuf_addf(w->out, "%-*s", (int)room, "thread");
	for (size_t i = 0; i < t.column_cnt; i++)
		strbuf_addf(w->out, "%*s", CELL, t.columns[i].title);
	strbuf_addch(w->out, '\n');
	for (size_t i = 0; i < t.row_cnt && i < ROWS_MAX; i++)
		put_row(w, &t, &t.rows[i], room);
	if (t.row_cnt > ROWS_MAX)
		strbuf_addf(w->out, "%*s%s %zu more\n", WRAP_LABEL, "", wrap_dots(w),
			    t.row_cnt - ROWS_MAX);
	free(t.rows);
}
