/* SPDX-License-Identifier: MIT */
/* Owns the columns, and how a row looks in each format. */
#include "export/rows.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "export/windows.h"

/* Long enough for "kernel_lock_ns". */
#define NAME_LEN 24

#define CELL_CNT (12 + COLUMN_CNT)

struct cell {
	char name[NAME_LEN];
	enum { CELL_TEXT, CELL_COUNT, CELL_REAL } kind;
	const char *text;
	uint64_t count;
	double real;
};

struct row {
	struct cell cells[CELL_CNT];
	size_t cnt;
};

static struct cell *add_cell(struct row *row, const char *name)
{
	struct cell *c = &row->cells[row->cnt++];

	snprintf(c->name, sizeof(c->name), "%s", name);
	return c;
}

static void add_text(struct row *row, const char *name, const char *text)
{
	struct cell *c = add_cell(row, name);

	c->kind = CELL_TEXT;
	c->text = text ? text : "";
}

static void add_count(struct row *row, const char *name, uint64_t count)
{
	struct cell *c = add_cell(row, name);

	c->kind = CELL_COUNT;
	c->count = count;
}

static void add_real(struct row *row, const char *name, double real)
{
	struct cell *c = add_cell(row, name);

	c->kind = CELL_REAL;
	c->real = real;
}

/*
 * Quoted when it must be. What a spreadsheet would take for a formula gets an apostrophe, which
 * spreadsheets take for "this is text".
 */
static void put_csv_text(FILE *to, const char *text)
{
	const char *mark = text[0] && strchr("=+-@", text[0]) ? "'" : "";

	if (!strpbrk(text, ",\"\n\r")) {
		fprintf(to, "%s%s", mark, text);
		return;
	}
	fprintf(to, "\"%s", mark);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', to);
		fputc(*text, to);
	}
	fputc('"', to);
}

static void put_csv(FILE *to, const struct row *row)
{
	for (size_t i = 0; i < row->cnt; i++) {
		const struct cell *c = &row->cells[i];

		if (i)
			fputc(',', to);
		if (c->kind == CELL_TEXT)
			put_csv_text(to, c->text);
		else if (c->kind == CELL_REAL)
			fprintf(to, "%g", c->real);
		else
			fprintf(to, "%llu", (unsigned long long)c->count);
	}
	fputc('\n', to);
}

static void put_csv_header(FILE *to, const struct row *row)
{
	for (size_t i = 0; i < row->cnt; i++)
		fprintf(to, "%s%s", i ? "," : "", row->cells[i].name);
	fputc('\n', to);
}

static void put_object(FILE *to, const struct row *row)
{
	json_t *o = json_object();

	for (size_t i = 0; i < row->cnt; i++) {
		const struct cell *c = &row->cells[i];

		json_object_set_new(o, c->name,
				    c->kind == CELL_TEXT   ? json_string(c->text)
				    : c->kind == CELL_REAL ? json_real(c->real)
							   : json_integer((json_int_t)c->count));
	}
	json_dumpf(o, to, JSON_COMPACT);
	json_decref(o);
}

static void put(struct rows *r, const struct row *row)
{
	switch (r->format) {
	case ROWS_CSV:
		if (!r->cnt)
			put_csv_header(r->to, row);
		put_csv(r->to, row);
		break;
	case ROWS_JSON:
		fputs(r->cnt ? ",\n" : "\n", r->to);
		put_object(r->to, row);
		break;
	case ROWS_NDJSON:
		put_object(r->to, row);
		fputc('\n', r->to);
		break;
	}
	r->cnt++;
}

static void put_window(struct rows *r, const char *recording, const struct windows *w,
		       const struct fact_thread *t, size_t window)
{
	const struct facts *f = w->threads.f;
	const struct thread_windows *tw = &w->of[t - f->threads];
	uint64_t start_ns = (tw->first + window) * w->width_ns, end_ns = start_ns + w->width_ns;
	uint64_t t_ns = start_ns;
	struct row row = { .cnt = 0 };
	char start[32], name[NAME_LEN];

	if (!threads_clip(t, &start_ns, &end_ns))
		return;
	clock_format_rfc3339(start, f->recording.start_wall_ns + t_ns);
	add_text(&row, "recording", recording);
	add_text(&row, "start", start);
	add_count(&row, "t_ns", t_ns);
	add_count(&row, "life_ns", end_ns - start_ns);
	add_count(&row, "pid", t->pid);
	add_text(&row, "process", threads_process(&w->threads, t));
	add_count(&row, "tid", t->tid);
	add_text(&row, "thread", t->name);
	add_text(&row, "role", t->role);
	add_real(&row, "usable_cpus", f->recording.cpus_usable);
	add_text(&row, "verdict", verdict_class_name(f->verdict.class));
	add_text(&row, "fit", verdict_fit_name(f->verdict.fit));
	for (int c = 0; c < COLUMN_CNT; c++) {
		snprintf(name, sizeof(name), "%s_ns", window_column_name((enum window_column)c));
		add_count(&row, name, tw->ns[window][c]);
	}
	put(r, &row);
}

void rows_begin(struct rows *r)
{
	r->cnt = 0;
	if (r->format == ROWS_JSON)
		fputc('[', r->to);
}

int rows_add(struct rows *r, const char *path, const struct facts *f)
{
	struct windows w;
	int err = windows_read(&w, path, f, r->width_ns, NULL);
	char *name = text_clean_copy(path);

	for (size_t i = 0; !err && i < f->thread_cnt; i++)
		for (size_t window = 0; window < w.of[i].cnt; window++)
			put_window(r, name, &w, &f->threads[i], window);
	free(name);
	windows_release(&w);
	return err;
}

void rows_end(struct rows *r)
{
	if (r->format == ROWS_JSON)
		fputs("\n]\n", r->to);
}
