/* SPDX-License-Identifier: MIT */
/*
 * Exports of one small recording: two seconds of the shop, whose clerk waits for the
 * oven and then naps, while the baker works, waits for a CPU, and dies.
 */
#include <errno.h>

#include "make_trace.h"
#include "make_facts.h"

#include <jansson.h>
#include <zlib.h>

#include "base/strbuf.h"
#include "export/export.h"
#include "export/windows.h"
#include "output/pb.h"

#define MS NS_PER_MS

/*
 *	baker  runs 0-1200, waits for a CPU 1200-1500, ends
 *	clerk  mutex 0-400, runs 400-1100, sleeps 1100-1900; the rest is not in the trace
 */
static struct facts shop_facts(void)
{
	struct facts f = recording(2000, 2);

	process(&f, 100, 1, "shop");
	thread(&f, 100, 100, "baker", CPU(1100), KERNEL(100), QUEUE(300));
	f.threads[0].time_ns[BUCKET_IDLE] = 0;
	f.threads[0].lifetime_ns = 1500 * MS;
	thread(&f, 101, 100, "clerk", LOCK(400), CPU(700), SLEEP(800), OTHER(100));
	return f;
}

static void make_shop(void)
{
	const struct span oven_wait = { .task = &clerk,
					.start_ns = BEGIN_NS,
					.end_ns = BEGIN_NS + 400 * MS,
					.bucket = BUCKET_LOCK,
					.name = "mutex",
					.lock = &oven,
					.sysno = PAR_NO_SYSCALL };

	open_trace();
	obs->span(obs->ctx, &oven_wait);
	cpu(400 * MS, 1, 0, 101, 0);
	cpu(1100 * MS, 1, 101, 0, 1);
	cpu(1200 * MS, 0, 100, 0, 256);
	span(&clerk, 1100 * MS, 1900 * MS, BUCKET_SLEEP, "nap");
	span(&clerk, 1900 * MS, 2000 * MS, BUCKET_OTHER, "records lost");
	close_trace("{}", 2000 * MS);
}

/* What an export writes. */
static struct strbuf export_of(enum export_format format, uint64_t window_ns, int times)
{
	struct strbuf out = { 0 };
	struct facts f = shop_facts();
	char *text = NULL;
	size_t len = 0;
	struct export e = {
		.format = format,
		.to = open_memstream(&text, &len),
		.window_ns = window_ns,
		.version = "0.1.0",
	};

	assert_non_null(e.to);
	export_begin(&e);
	for (int i = 0; i < times; i++)
		assert_int_equal(export_add(&e, path, &f), 0);
	export_end(&e);
	export_release(&e);
	assert_int_equal(fclose(e.to), 0);
	strbuf_add(&out, text, len);
	free(text);
	facts_release(&f);
	return out;
}

static void assert_export(enum export_format format, uint64_t window_ns, int times,
			  const char *want)
{
	struct strbuf out = export_of(format, window_ns, times);

	assert_string_equal(strbuf_str(&out), want);
	strbuf_release(&out);
}

static void folded_has_the_facts_times_and_the_traces_objects(void **state)
{
	(void)state;
	make_shop();
	assert_export(EXPORT_FOLDED, 0, 1,
		      "shop;baker;cpu_user 1100000000\n"
		      "shop;baker;cpu_kernel 100000000\n"
		      "shop;baker;run_queue 300000000\n"
		      "shop;clerk;cpu_user 700000000\n"
		      "shop;clerk;lock;mutex 0x1000 400000000\n"
		      "shop;clerk;sleep 800000000\n"
		      "shop;clerk;other 100000000\n");
}

static void several_recordings_are_one_profile(void **state)
{
	struct strbuf out;

	(void)state;
	make_shop();
	out = export_of(EXPORT_FOLDED, 0, 2);
	assert_non_null(strstr(out.buf, "shop;clerk;lock;mutex 0x1000 800000000\n"));
	strbuf_release(&out);
}

static void a_semicolon_in_a_name_ends_no_frame(void **state)
{
	struct strbuf out;

	(void)state;
	oven.name = "a;b";
	make_shop();
	out = export_of(EXPORT_FOLDED, 0, 1);
	assert_non_null(strstr(out.buf, "shop;clerk;lock;a,b 400000000\n"));
	strbuf_release(&out);
}

/* A trace that is cut off tells less than the facts, which still count. */
static void what_the_trace_does_not_tell_has_no_object(void **state)
{
	struct strbuf out;

	(void)state;
	open_trace();
	close_trace("{}", 2000 * MS);
	out = export_of(EXPORT_FOLDED, 0, 1);
	assert_non_null(strstr(out.buf, "shop;clerk;lock 400000000\n"));
	strbuf_release(&out);
}

static const char csv_header[] =
	"recording,start,t_ns,life_ns,pid,process,tid,thread,role,usable_cpus,verdict,fit,"
	"cpu_ns,cpu_wait_ns,gil_ns,lock_ns,kernel_lock_ns,sync_ns,ipc_ns,child_ns,disk_ns,"
	"network_ns,memory_ns,sleep_ns,idle_ns,stopped_ns,other_ns\n";

static void csv_has_a_row_per_thread_and_window(void **state)
{
	char *want;

	(void)state;
	make_shop();
	want = xasprintf(
		"%s"
		"%s,2023-11-14T22:13:20.000Z,0,1000000000,100,shop,100,baker,baker,2,inconclusive,"
		"inconclusive,1000000000,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n"
		"%s,2023-11-14T22:13:21.000Z,1000000000,500000000,100,shop,100,baker,baker,2,"
		"inconclusive,inconclusive,200000000,300000000,0,0,0,0,0,0,0,0,0,0,0,0,0\n"
		"%s,2023-11-14T22:13:20.000Z,0,1000000000,100,shop,101,clerk,clerk,2,inconclusive,"
		"inconclusive,600000000,0,0,400000000,0,0,0,0,0,0,0,0,0,0,0\n"
		"%s,2023-11-14T22:13:21.000Z,1000000000,1000000000,100,shop,101,clerk,clerk,2,"
		"inconclusive,inconclusive,100000000,0,0,0,0,0,0,0,0,0,0,800000000,0,0,"
		"100000000\n",
		csv_header, path, path, path, path);
	assert_export(EXPORT_CSV, NS_PER_S, 1, want);
	free(want);
}

static void csv_has_one_header_and_quotes_what_it_must(void **state)
{
	struct rows rows = { .format = ROWS_CSV, .width_ns = NS_PER_S };
	struct facts f = shop_facts();
	char *text = NULL;
	size_t len = 0;

	(void)state;
	make_shop();
	free(f.threads[0].name);
	f.threads[0].name = xstrdup("a \"b\", c");
	rows.to = open_memstream(&text, &len);
	rows_begin(&rows);
	assert_int_equal(rows_add(&rows, path, &f), 0);
	assert_int_equal(rows_add(&rows, path, &f), 0);
	rows_end(&rows);
	fclose(rows.to);
	assert_non_null(strstr(text, ",\"a \"\"b\"\", c\","));
	assert_null(strstr(text + strlen(csv_header), "recording,start"));
	free(text);
	facts_release(&f);
}

/* Whatever the width: sums are the facts', and a window's columns are the life in it. */
static void windows_add_up_to_the_facts(void **state)
{
	static const uint64_t widths[] = { MS, 7 * MS, 333 * MS, 2000 * MS, 100000 * MS };
	struct facts f = shop_facts();

	(void)state;
	make_shop();
	for (size_t i = 0; i < sizeof(widths) / sizeof(*widths); i++) {
		uint64_t sums[2][COLUMN_CNT] = { 0 };
		struct windows w;

		assert_int_equal(windows_read(&w, path, &f, widths[i], NULL), 0);
		for (size_t t = 0; t < 2; t++)
			for (size_t n = 0; n < w.of[t].cnt; n++)
				for (int c = 0; c < COLUMN_CNT; c++)
					sums[t][c] += w.of[t].ns[n][c];
		assert_int_equal(sums[0][COLUMN_CPU], 1200 * MS);
		assert_int_equal(sums[0][COLUMN_CPU_WAIT], 300 * MS);
		assert_int_equal(sums[1][COLUMN_CPU], 700 * MS);
		assert_int_equal(sums[1][COLUMN_CPU_WAIT], 0);
		assert_int_equal(sums[1][COLUMN_GIL + BUCKET_LOCK - BUCKET_GIL], 400 * MS);
		assert_int_equal(sums[1][COLUMN_GIL + BUCKET_SLEEP - BUCKET_GIL], 800 * MS);
		windows_release(&w);
	}
	facts_release(&f);
}

static void who_is_not_wanted_has_no_windows(void **state)
{
	const bool wanted[] = { false, true };
	struct facts f = shop_facts();
	struct windows w;

	(void)state;
	make_shop();
	assert_int_equal(windows_read(&w, path, &f, NS_PER_S, wanted), 0);
	assert_int_equal(w.of[0].cnt, 0);
	assert_true(w.of[1].cnt > 0);
	assert_true(w.of[1].ns[0][COLUMN_CPU] > 0);
	windows_release(&w);
	facts_release(&f);
}

static void a_thread_id_given_twice_is_two_threads(void **state)
{
	struct facts f = shop_facts();
	struct windows w;

	(void)state;
	make_shop();
	/* Another baker, from 1600 to 1900, of which the trace tells nothing. */
	thread(&f, 100, 100, "baker", QUEUE(300));
	f.threads[2].time_ns[BUCKET_IDLE] = 0;
	f.threads[2].started_ns = 1600 * MS;
	f.threads[2].lifetime_ns = 300 * MS;
	assert_int_equal(windows_read(&w, path, &f, NS_PER_S, NULL), 0);
	assert_int_equal(w.of[0].ns[0][COLUMN_CPU], 1000 * MS);
	assert_int_equal(w.of[2].first, 1);
	assert_int_equal(w.of[2].cnt, 1);
	assert_int_equal(w.of[2].ns[0][COLUMN_CPU], 0);
	assert_int_equal(w.of[2].ns[0][COLUMN_CPU_WAIT], 300 * MS);
	windows_release(&w);
	facts_release(&f);
}

static void too_many_windows_are_refused(void **state)
{
	struct facts f = shop_facts();
	struct windows w;

	(void)state;
	make_shop();
	assert_int_equal(windows_read(&w, path, &f, 1, NULL), -E2BIG);
	windows_release(&w);
	/* Facts that claim a life outside of the recording. */
	f.threads[1].started_ns = UINT64_MAX - 5;
	assert_int_equal(windows_read(&w, path, &f, NS_PER_S, NULL), -EBADMSG);
	windows_release(&w);
	facts_release(&f);
}

static void json_and_ndjson_have_the_same_rows(void **state)
{
	struct strbuf whole, lines;
	json_error_t err;
	json_t *array;
	const char *line;

	(void)state;
	make_shop();
	whole = export_of(EXPORT_JSON, NS_PER_S, 1);
	lines = export_of(EXPORT_NDJSON, NS_PER_S, 1);
	array = json_loads(whole.buf, 0, &err);
	assert_int_equal(json_array_size(array), 4);
	line = lines.buf;
	for (size_t i = 0; i < 4; i++) {
		const char *end = strchr(line, '\n');
		json_t *row = json_loadb(line, (size_t)(end - line), 0, &err);

		assert_true(json_equal(row, json_array_get(array, i)));
		json_decref(row);
		line = end + 1;
	}
	assert_string_equal(line, "");
	json_decref(array);
	strbuf_release(&whole);
	strbuf_release(&lines);
}

/* The sum of a profile's weights. */
static json_int_t weigh(const json_t *profile)
{
	const json_t *weights = json_object_get(profile, "weights");
	json_int_t sum = 0;

	assert_int_equal(json_array_size(weights),
			 json_array_size(json_object_get(profile, "samples")));
	for (size_t i = 0; i < json_array_size(weights); i++)
		sum += json_integer_value(json_array_get(weights, i));
	assert_int_equal(sum, json_integer_value(json_object_get(profile, "endValue")));
	return sum;
}

static void speedscope_has_three_profiles_of_the_same_frames(void **state)
{
	struct strbuf out;
	json_t *file, *frames, *profiles, *sample;
	const json_t *leaf;
	json_error_t err;

	(void)state;
	make_shop();
	out = export_of(EXPORT_SPEEDSCOPE, 0, 1);
	file = json_loads(out.buf, 0, &err);
	frames = json_object_get(json_object_get(file, "shared"), "frames");
	profiles = json_object_get(file, "profiles");
	assert_int_equal(json_array_size(profiles), 3);
	assert_int_equal(weigh(json_array_get(profiles, 0)), 3500 * MS);
	assert_int_equal(weigh(json_array_get(profiles, 1)), 1900 * MS);
	assert_int_equal(weigh(json_array_get(profiles, 2)), 800 * MS);

	/* Waiting: the baker's run queue, the clerk's lock with its object, what is unknown. */
	sample = json_array_get(json_object_get(json_array_get(profiles, 2), "samples"), 1);
	assert_int_equal(json_array_size(sample), 4);
	leaf = json_array_get(frames, (size_t)json_integer_value(json_array_get(sample, 3)));
	assert_string_equal(json_string_value(json_object_get(leaf, "name")), "mutex 0x1000");
	json_decref(file);
	strbuf_release(&out);
}

static struct strbuf gunzip(const struct strbuf *in)
{
	z_stream z = { .next_in = (unsigned char *)in->buf, .avail_in = (unsigned int)in->len };
	unsigned char plain[65536];
	struct strbuf out = { 0 };

	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	z.next_out = plain;
	z.avail_out = sizeof(plain);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	strbuf_add(&out, plain, z.total_out);
	inflateEnd(&z);
	return out;
}

/* A decoded profile.proto, as far as these tests look. */
struct decoded {
	char *strings[64];
	uint64_t string_cnt;
	uint64_t functions[64], locations[64];	/* id -> name, id -> function */
	struct pb_field samples[64];
	size_t sample_cnt, type_cnt;
};

static uint64_t sub(const struct pb_field *message, uint64_t number)
{
	struct pb_field f;

	for (size_t at = 0, n; (n = pb_get_field(message->data + at, message->len - at, &f));
	     at += n)
		if (f.number == number)
			return f.value;
	return 0;
}

static void decode(struct decoded *d, const struct strbuf *profile)
{
	const unsigned char *in = (unsigned char *)profile->buf;
	struct pb_field f;
	size_t at = 0, n;

	*d = (struct decoded){ 0 };
	for (; (n = pb_get_field(in + at, profile->len - at, &f)); at += n) {
		if (f.number == 6)
			d->strings[d->string_cnt++] = xstrndup((const char *)f.data, f.len);
		if (f.number == 5)
			d->functions[sub(&f, 1)] = sub(&f, 2);
		if (f.number == 4) {
			struct pb_field line = { 0 };

			assert_int_equal(sub(&f, 2), 1);
			for (size_t in_f = 0, m; line.number != 4; in_f += m)
				assert_true((m = pb_get_field(f.data + in_f, f.len - in_f, &line)) >
					    0);
			d->locations[sub(&f, 1)] = sub(&line, 1);
		}
		if (f.number == 2)
			d->samples[d->sample_cnt++] = f;
		d->type_cnt += f.number == 1;
	}
	assert_int_equal(at, profile->len);
}

/* "leaf<…<root: value value …" of a sample. */
static void tell_sample(const struct decoded *d, const struct pb_field *sample, struct strbuf *out)
{
	struct pb_field ids, values;
	size_t skip = pb_get_field(sample->data, sample->len, &ids), n;
	uint64_t v;

	assert_true(pb_get_field(sample->data + skip, sample->len - skip, &values) > 0);
	for (; (n = pb_get_varint(ids.data, ids.len, &v)); ids.data += n, ids.len -= n)
		strbuf_addf(out, "%s<", d->strings[d->functions[d->locations[v]]]);
	for (; (n = pb_get_varint(values.data, values.len, &v)); values.data += n, values.len -= n)
		strbuf_addf(out, " %llu", (unsigned long long)(v / (v < MS ? 1 : MS)));
	strbuf_addch(out, '\n');
}

static void pprof_is_a_profile_that_a_decoder_understands(void **state)
{
	struct strbuf out, profile, told = { 0 };
	struct decoded d;

	(void)state;
	make_shop();
	out = export_of(EXPORT_PPROF, 0, 1);
	profile = gunzip(&out);
	decode(&d, &profile);
	assert_int_equal(d.type_cnt, 4);
	assert_string_equal(d.strings[0], "");
	for (size_t i = 0; i < d.sample_cnt; i++)
		tell_sample(&d, &d.samples[i], &told);
	assert_string_equal(told.buf, "cpu_user<baker<shop< 1100 1100 0 0\n"
				      "cpu_kernel<baker<shop< 100 100 0 0\n"
				      "run_queue<baker<shop< 300 0 300 0\n"
				      "cpu_user<clerk<shop< 700 700 0 0\n"
				      "mutex 0x1000<lock<clerk<shop< 400 0 400 1\n"
				      "sleep<clerk<shop< 800 0 0 1\n"
				      "other<clerk<shop< 100 0 100 1\n");
	for (uint64_t i = 0; i < d.string_cnt; i++)
		free(d.strings[i]);
	strbuf_release(&told);
	strbuf_release(&profile);
	strbuf_release(&out);
}

static void every_format_has_a_name_and_the_way_back(void **state)
{
	(void)state;
	for (int i = 0; i < EXPORT_CNT; i++)
		assert_int_equal(export_format_from_name(export_format_name(i)), i);
	assert_int_equal(export_format_from_name("xml"), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(folded_has_the_facts_times_and_the_traces_objects),
		TEST(several_recordings_are_one_profile),
		TEST(a_semicolon_in_a_name_ends_no_frame),
		TEST(what_the_trace_does_not_tell_has_no_object),
		TEST(csv_has_a_row_per_thread_and_window),
		TEST(csv_has_one_header_and_quotes_what_it_must),
		TEST(windows_add_up_to_the_facts),
		TEST(who_is_not_wanted_has_no_windows),
		TEST(a_thread_id_given_twice_is_two_threads),
		TEST(too_many_windows_are_refused),
		TEST(json_and_ndjson_have_the_same_rows),
		TEST(speedscope_has_three_profiles_of_the_same_frames),
		TEST(pprof_is_a_profile_that_a_decoder_understands),
		TEST(every_format_has_a_name_and_the_way_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
