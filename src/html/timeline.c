// SPDX-License-Identifier: MIT
/*
 * Owns the lanes and the curve of CPUs in use, which share a scale: x is time, one unit
 * per cell, stretched to the page's width. So what stands in words is outside of the
 * drawing.
 *
 * A lane is drawn back to front: the path of a cause goes up to the sum of it and those
 * before it, and those before it are drawn over it. A path only speaks where it changes.
 */
#include "html/timeline.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "base/xalloc.h"
#include "html/markup.h"

/* All lanes together have so many cells, and one lane no more, nor fewer, than that. */
#define CELLS_MAX      32000
#define LANE_CELLS_MAX 3000
#define LANE_CELLS_MIN 200

#define LANE_HEIGHT  14		/* also steps that a cell is divided in */
#define LANE_PITCH   18		/* in pixels where there are many */
#define FEW_LANES    12
#define FEW_PITCH    32
#define CURVE_HEIGHT 100
#define CURVE_MOST   4		/* times the usable CPUs: one peak must not flatten the rest */
#define LABEL_CHARS  40
#define TICKS	     5

/* Threads at once: more are a damaged file's, and would end the drawing's scale. */
#define COUNT_MAX 1e7

static uint64_t busy_ns(const struct fact_thread *t)
{
	uint64_t idle_ns = fact_thread_group_ns(t, GROUP_IDLE);

	return t->lifetime_ns > idle_ns ? t->lifetime_ns - idle_ns : 0;
}

struct candidate {
	size_t thread;
	uint64_t weight_ns;
};

/* Of those that do the same amount the earlier, as in the facts. */
static int by_weight(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return order_down(x->weight_ns, y->weight_ns) ?: order_up(x->thread, y->thread);
}

static int by_index(const void *a, const void *b)
{
	return order_up(*(const size_t *)a, *(const size_t *)b);
}

/* CPU time counts more than waits: who does something comes before who waits for it. */
static void choose_lanes(struct timeline *tl, const struct facts *f)
{
	struct candidate *all = xcalloc(f->thread_cnt, sizeof(*all));

	for (size_t i = 0; i < f->thread_cnt; i++)
		all[i] = (struct candidate){ i, busy_ns(&f->threads[i]) / 8 +
							fact_thread_group_ns(&f->threads[i],
									     GROUP_CPU) };
	qsort(all, f->thread_cnt, sizeof(*all), by_weight);
	for (size_t i = 0; i < f->thread_cnt && i < TIMELINE_LANES_MAX; i++)
		tl->lanes[tl->lane_cnt++] = all[i].thread;
	qsort(tl->lanes, tl->lane_cnt, sizeof(*tl->lanes), by_index);
	free(all);
}

static uint64_t width_of(const struct timeline *tl, const struct facts *f)
{
	uint64_t cells = CELLS_MAX / tl->lane_cnt;

	if (cells > LANE_CELLS_MAX)
		cells = LANE_CELLS_MAX;
	if (cells < LANE_CELLS_MIN)
		cells = LANE_CELLS_MIN;
	return f->recording.duration_ns / cells + 1;
}

void timeline_read(struct timeline *tl, const char *path, const struct facts *f)
{
	timeline_read_all(tl, &path, 1, f);
}

void timeline_read_all(struct timeline *tl, const char *const *paths, size_t path_cnt,
		       const struct facts *f)
{
	bool *wanted;

	*tl = (struct timeline){ 0 };
	choose_lanes(tl, f);
	if (!tl->lane_cnt || !f->recording.duration_ns) {
		tl->err = -ENODATA;
		return;
	}
	wanted = xcalloc(f->thread_cnt, sizeof(*wanted));
	for (size_t i = 0; i < tl->lane_cnt; i++)
		wanted[tl->lanes[i]] = true;
	tl->err = windows_read_all(&tl->windows, paths, path_cnt, f, width_of(tl, f), wanted);
	free(wanted);
}

void timeline_release(struct timeline *tl)
{
	if (tl->windows.of)
		windows_release(&tl->windows);
	*tl = (struct timeline){ 0 };
}

/* ---- lanes ---- */

/* A thread's cells: up to which of LANE_HEIGHT steps each cause goes, sums of those before included. */
struct lane {
	size_t first, cnt;
	unsigned char (*tops)[COLUMN_CNT];
	uint32_t causes;	/* bits of those that are anywhere */
};

/* @merge windows are one cell. */
static void fill_lane(struct lane *l, const struct thread_windows *tw, uint64_t width_ns,
		      size_t merge)
{
	uint64_t cell_ns = width_ns * merge;

	*l = (struct lane){ .first = (size_t)(tw->first / merge) };
	if (!tw->cnt)
		return;
	l->cnt = (size_t)((tw->first + tw->cnt - 1) / merge) - l->first + 1;
	l->tops = xcalloc(l->cnt, sizeof(*l->tops));
	for (size_t i = 0, at = 0; i < l->cnt; i++) {
		uint64_t sums[COLUMN_CNT] = { 0 }, sum = 0;
		unsigned char below = 0;

		for (; at < tw->cnt && (tw->first + at) / merge == l->first + i; at++)
			for (int c = 0; c < COLUMN_CNT; c++)
				sums[c] += tw->ns[at][c];
		for (int c = 0; c < COLUMN_CNT; c++) {
			double share;

			sum += sums[c];
			share = (double)sum / (double)cell_ns;
			l->tops[i][c] = (unsigned char)(LANE_HEIGHT * (share < 1 ? share : 1) +
							0.5);
			if (l->tops[i][c] > below)
				l->causes |= 1u << c;
			below = l->tops[i][c];
		}
	}
}

/* Where there is nothing of the cause itself its path stays down: what is below is drawn over it. */
static unsigned int top_of(const struct lane *l, size_t cell, int cause)
{
	unsigned int top = l->tops[cell][cause];

	return cause && top == l->tops[cell][cause - 1] ? 0 : top;
}

static void draw_cause(const struct lane *l, int cause, struct strbuf *out)
{
	unsigned int now = 0;

	strbuf_addf(out, "<path class=\"%s\" d=\"M%zu %d",
		    window_column_name((enum window_column)cause), l->first, LANE_HEIGHT);
	for (size_t i = 0; i <= l->cnt; i++) {
		unsigned int top = i < l->cnt ? top_of(l, i, cause) : 0;

		if (top == now)
			continue;
		strbuf_addf(out, "H%zuV%u", l->first + i, LANE_HEIGHT - top);
		now = top;
	}
	strbuf_addf(out, "z\"><title>%s</title></path>\n",
		    markup_cause_label((enum window_column)cause));
}

static uint32_t draw_lanes(const struct timeline *tl, size_t merge, struct strbuf *out)
{
	uint32_t causes = 0;

	for (size_t i = 0; i < tl->lane_cnt; i++) {
		struct lane l;

		fill_lane(&l, &tl->windows.of[tl->lanes[i]], tl->windows.width_ns, merge);
		strbuf_addf(out, "<g transform=\"translate(0,%zu)\">\n", i * LANE_PITCH + 2);
		for (int c = COLUMN_CNT; c-- > 0;)
			if (l.causes & 1u << c)
				draw_cause(&l, c, out);
		strbuf_addstr(out, "</g>\n");
		causes |= l.causes;
		free(l.tops);
	}
	return causes;
}

/* Cells so long that the drawing is not too large. Returns how many windows each has. */
static size_t draw_bounded(const struct timeline *tl, size_t bytes_max, struct strbuf *out,
			   uint32_t *causes)
{
	size_t merge = 1;

	for (;; merge *= 2) {
		strbuf_reset(out);
		*causes = draw_lanes(tl, merge, out);
		if (out->len <= bytes_max)
			return merge;
	}
}

/* ---- CPUs in use ---- */

static double in_use(const struct fact_window *w, bool with_waiting)
{
	double cnt = w->groups[GROUP_CPU] + (with_waiting ? w->groups[GROUP_CPU_WAIT] : 0);

	return cnt > 0 ? fmin(cnt, COUNT_MAX) : 0;
}

static double peak_of(const struct facts *f)
{
	double peak = fmin(f->recording.cpus_usable, COUNT_MAX);

	for (size_t i = 0; i < f->series_cnt; i++)
		peak = fmax(peak, in_use(&f->series[i], true));
	return peak;
}

double timeline_top(const struct facts *f)
{
	double peak = peak_of(f), usable = fmin(f->recording.cpus_usable, COUNT_MAX);

	if (usable > 0)
		peak = fmin(peak, CURVE_MOST * usable);
	return peak > 0 ? peak * 1.05 : 1;
}

static void draw_curve(const struct facts *f, const struct timeline_view *v, double cells,
		       bool with_waiting, struct strbuf *out)
{
	double axis_ns = (double)v->axis_ns;
	double end = (double)f->recording.duration_ns / axis_ns;

	strbuf_addf(out, "<path class=\"%s\" d=\"M0 %d",
		    window_column_name(with_waiting ? COLUMN_CPU_WAIT : COLUMN_CPU), CURVE_HEIGHT);
	for (size_t i = 0; i < f->series_cnt; i++) {
		double x = (double)f->series[i].t_ns / axis_ns;

		strbuf_addf(out, "H%.0fV%.1f", cells * (x < end ? x : end),
			    CURVE_HEIGHT *
				    (1 - fmin(in_use(&f->series[i], with_waiting) / v->top, 1)));
	}
	strbuf_addf(out, "H%.0fV%dz\"><title>%s</title></path>\n", cells * end, CURVE_HEIGHT,
		    with_waiting ? "threads that wait for a CPU" : "threads on a CPU");
}

static void draw_curves(const struct facts *f, const struct timeline_view *v, double cells,
			struct strbuf *out)
{
	double y = CURVE_HEIGHT * (1 - f->recording.cpus_usable / v->top);

	strbuf_addf(out,
		    "<svg class=\"curve\" viewBox=\"0 0 %.0f %d\" height=\"%d\" "
		    "preserveAspectRatio=\"none\" role=\"img\" aria-label=\"threads on a CPU and "
		    "waiting for one, over time\">\n",
		    cells, CURVE_HEIGHT, CURVE_HEIGHT);
	draw_curve(f, v, cells, true, out);
	draw_curve(f, v, cells, false, out);
	strbuf_addf(out,
		    "<line class=\"usable\" x1=\"0\" x2=\"%.0f\" y1=\"%.1f\" y2=\"%.1f\"></line>\n"
		    "</svg>\n",
		    cells, y, y);
}

/* ---- around them ---- */

static void put_lane_label(const struct facts *f, const struct fact_thread *t,
			   const struct threads *th, struct strbuf *out)
{
	struct strbuf s = { 0 };

	strbuf_addstr(out, "<li title=\"");
	strbuf_addf(&s, "thread %u (", t->tid);
	strbuf_addstr(&s, t->name ? t->name : "");
	strbuf_addf(&s, ") of %s %u", threads_process(th, t), t->pid);
	markup_text(out, strbuf_str(&s), 3UL * LABEL_CHARS);
	strbuf_addstr(out, "\">");
	strbuf_reset(&s);
	markup_thread(&s, f, t->tid);
	markup_text(out, strbuf_str(&s), LABEL_CHARS);
	strbuf_addstr(out, "</li>\n");
	strbuf_release(&s);
}

/* "CPUs in use" beside the curve, with the dashed line's meaning at its height. */
static void put_labels(const struct timeline *tl, const struct facts *f, double top,
		       struct strbuf *out)
{
	double usable = f->recording.cpus_usable;

	strbuf_addf(out,
		    "<div class=\"names\">\n<div class=\"curve-name\"><span style=\"top:%.0f%%\">"
		    "%.4g usable CPU%s</span></div>\n<ol>\n",
		    100 * (1 - usable / top), usable, usable == 1 ? "" : "s");
	for (size_t i = 0; i < tl->lane_cnt; i++)
		put_lane_label(f, &f->threads[tl->lanes[i]], &tl->windows.threads, out);
	strbuf_addstr(out, "</ol>\n</div>\n");
}

static void put_ticks(uint64_t axis_ns, struct strbuf *out)
{
	strbuf_addstr(out, "<div class=\"ticks\">");
	for (int i = 0; i < TICKS; i++) {
		strbuf_addf(out, "<span style=\"left:%d%%\">", 100 * i / TICKS);
		markup_duration(out, axis_ns / TICKS * (uint64_t)i);
		strbuf_addstr(out, "</span>");
	}
	strbuf_addstr(out, "</div>\n");
}

static void put_head(const struct facts *f, const struct timeline_view *v, uint32_t causes,
		     struct strbuf *out)
{
	strbuf_addf(out, "<section id=\"%s\" class=\"times\">\n<h2>%s</h2>\n", v->id, v->title);
	if (v->note) {
		strbuf_addstr(out, "<p class=\"note\">");
		markup_text(out, v->note, SIZE_MAX);
		strbuf_addstr(out, "</p>\n");
	}
	strbuf_addf(
		out,
		"<p>On average %.2f threads on a CPU and %.2f that could have been, at most %u at once; "
		"%.4g usable CPU%s.</p>\n",
		f->concurrency.on_cpu_avg, f->concurrency.runnable_avg, f->concurrency.on_cpu_max,
		f->recording.cpus_usable, f->recording.cpus_usable == 1 ? "" : "s");
	markup_legend(out, causes | 1u << COLUMN_CPU | 1u << COLUMN_CPU_WAIT);
}

static void put_zoom(struct strbuf *out)
{
	strbuf_addstr(out, "<p class=\"zoom\" hidden=\"hidden\">"
			   "<button type=\"button\" data-zoom=\"2\">Zoom in</button> "
			   "<button type=\"button\" data-zoom=\"0.5\">Zoom out</button> "
			   "<button type=\"button\" data-zoom=\"0\">Show all</button> "
			   "<output></output></p>\n");
}

static void put_drawing(const struct timeline *tl, const struct facts *f,
			const struct timeline_view *v, struct strbuf *out)
{
	struct strbuf lanes = { 0 };
	uint64_t cell_ns;
	uint32_t causes;
	double cells;
	int pitch;

	pitch = tl->lane_cnt <= FEW_LANES ? FEW_PITCH : LANE_PITCH;
	cell_ns = tl->windows.width_ns * draw_bounded(tl, v->bytes_max, &lanes, &causes);
	cells = (double)v->axis_ns / (double)cell_ns;
	put_head(f, v, causes, out);
	put_zoom(out);
	strbuf_addf(out, "<div class=\"timeline%s\" style=\"--pitch:%dpx;--lanes:%zu\">\n",
		    pitch == FEW_PITCH ? "" : " many", pitch, tl->lane_cnt);
	put_labels(tl, f, v->top, out);
	strbuf_addf(out,
		    "<div class=\"scroll\" tabindex=\"0\" role=\"group\" data-ns=\"%llu\" "
		    "aria-label=\"Timeline: plus and minus zoom, arrows move, 0 shows "
		    "all\">\n<div class=\"wide\">\n",
		    (unsigned long long)v->axis_ns);
	draw_curves(f, v, cells, out);
	strbuf_addf(out,
		    "<svg class=\"lanes\" viewBox=\"0 0 %.3f %zu\" "
		    "preserveAspectRatio=\"none\" role=\"img\" aria-label=\"what each thread did, "
		    "over time\">\n",
		    cells, tl->lane_cnt * LANE_PITCH);
	strbuf_add(out, strbuf_str(&lanes), lanes.len);
	strbuf_addstr(out, "</svg>\n");
	put_ticks(v->axis_ns, out);
	strbuf_addstr(out, "</div>\n</div>\n</div>\n<p class=\"note\">Each cell is ");
	markup_duration(out, cell_ns);
	strbuf_addstr(out, ", divided by the causes of its time. ");
	if (peak_of(f) > v->top)
		strbuf_addf(out, "The curve is cut off at %.0f threads; at most it was %.0f. ",
			    v->top, peak_of(f));
	strbuf_addstr(out, "The recording itself has every "
			   "wait: open it at https://ui.perfetto.dev.</p>\n");
	markup_more(out, tl->lane_cnt, f->thread_cnt, "threads, which did less");
	strbuf_addstr(out, "</section>\n");
	strbuf_release(&lanes);
}

void timeline_format(const struct timeline *tl, const struct facts *f,
		     const struct timeline_view *view, struct strbuf *out)
{
	const struct timeline_view own = { .id = "timeline",
					   .title = "What threads did when",
					   .axis_ns = f->recording.duration_ns,
					   .top = timeline_top(f),
					   .bytes_max = TIMELINE_BYTES_MAX };

	view = view ? view : &own;
	if (!tl->err) {
		put_drawing(tl, f, view, out);
		return;
	}
	put_head(f, view, 0, out);
	strbuf_addf(out, "<p class=\"note\">No timeline: %s.</p>\n</section>\n",
		    tl->err == -ENODATA   ? "nothing was recorded"
		    : tl->err == -EBADMSG ? "the recording's trace is damaged"
					  : "the recording's trace can't be read");
}
