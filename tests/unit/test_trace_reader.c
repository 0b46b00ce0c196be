/* SPDX-License-Identifier: MIT */
/* What trace_writer.c wrote, read back; and what anybody may have made of it since. */
#include <errno.h>
#include <sys/mman.h>

#include "make_trace.h"

#include "base/strbuf.h"
#include "base/xalloc.h"
#include "output/pb.h"
#include "output/pb_fields.h"
#include "output/recording_format.h"
#include "output/recording_scan.h"
#include "output/trace_reader.h"
#include "files.h"

/* All that was told, a line each. */
static void note_wait(void *ctx, const struct trace_wait *w)
{
	strbuf_addf(ctx, "%u/%u %llu-%llu %s '%s' %s %s %s %s\n", w->pid, w->tid,
		    (unsigned long long)w->start_ns, (unsigned long long)w->end_ns,
		    bucket_name(w->bucket), w->name, w->syscall ? w->syscall : "-",
		    w->object ? w->object : "-", w->lock ? w->lock : "-",
		    w->channel ? w->channel : "-");
}

static void note_run(void *ctx, const struct trace_run *r)
{
	strbuf_addf(ctx, "cpu%u %u %llu-%llu\n", r->cpu, r->tid, (unsigned long long)r->start_ns,
		    (unsigned long long)r->end_ns);
}

static char *read_back(uint64_t duration_ns, bool wants_waits, bool wants_runs)
{
	struct strbuf told = { 0 };
	const struct trace_visitor v = {
		.ctx = &told,
		.wait = wants_waits ? note_wait : NULL,
		.run = wants_runs ? note_run : NULL,
	};

	assert_int_equal(trace_read(path, duration_ns, &v), 0);
	return strbuf_take(&told);
}

static void assert_told(uint64_t duration_ns, bool wants_waits, bool wants_runs, const char *want)
{
	char *told = read_back(duration_ns, wants_waits, wants_runs);

	assert_string_equal(told ? told : "", want);
	free(told);
}

static void a_wait_comes_back_with_all_that_is_known(void **state)
{
	struct channel pipe = { .name = "pipe:[7]" };
	struct span s = { .task = &clerk,
			  .start_ns = BEGIN_NS + 100,
			  .end_ns = BEGIN_NS + 400,
			  .bucket = BUCKET_LOCK,
			  .name = "mutex",
			  .lock = &oven,
			  .object = oven.name,
			  .holder = &baker,
			  .sysno = PAR_NO_SYSCALL };

	(void)state;
	open_trace();
	obs->span(obs->ctx, &s);
	s.start_ns = BEGIN_NS + 500;
	s.end_ns = BEGIN_NS + 600;
	s.bucket = BUCKET_IPC;
	s.name = "read pipe:[7]";
	s.lock = NULL;
	s.channel = &pipe;
	s.object = "pipe:[7]";
	s.sysno = 0;
	obs->span(obs->ctx, &s);
	close_trace("{}", 1000);
	assert_told(1000, true, false,
		    "100/101 100-400 lock 'mutex' - mutex 0x1000 mutex 0x1000 -\n"
		    "100/101 500-600 ipc 'read pipe:[7]' read pipe:[7] - pipe:[7]\n");
}

static void threads_have_their_own_clocks_and_strings(void **state)
{
	(void)state;
	open_trace();
	for (uint64_t i = 0; i < 3; i++) {
		span(&baker, 100 * i, 100 * i + 10, BUCKET_SLEEP, "nap");
		span(&clerk, 100 * i + 20, 100 * i + 30, BUCKET_SYNC, "join");
	}
	close_trace("{}", 1000);
	assert_told(1000, true, false,
		    "100/100 0-10 sleep 'nap' - - - -\n100/100 100-110 sleep 'nap' - - - -\n"
		    "100/100 200-210 sleep 'nap' - - - -\n100/101 20-30 sync 'join' - - - -\n"
		    "100/101 120-130 sync 'join' - - - -\n100/101 220-230 sync 'join' - - - -\n");
}

static void a_cpu_runs_one_thread_after_the_other_until_the_end(void **state)
{
	(void)state;
	open_trace();
	cpu(200, 0, 100, 101, 1);
	cpu(300, 1, 0, 100, 0);
	cpu(450, 0, 101, 0, 1);
	close_trace("{}", 1000);
	assert_told(1000, false, true,
		    "cpu0 100 0-200\ncpu0 101 200-450\ncpu1 0 0-300\n"
		    "cpu0 0 450-1000\ncpu1 100 300-1000\n");
}

static void nothing_goes_past_the_duration(void **state)
{
	(void)state;
	open_trace();
	span(&clerk, 100, 900, BUCKET_SLEEP, "nap");
	span(&clerk, 950, 960, BUCKET_SLEEP, "nap");
	cpu(800, 0, 100, 101, 1);
	close_trace("{}", 1000);
	assert_told(500, true, true, "100/101 100-500 sleep 'nap' - - - -\ncpu0 100 0-500\n");
}

/* Many periods, so that chunks are compressed and sequences go on in the next one. */
static void a_long_trace_is_read_to_its_end(void **state)
{
	const uint64_t cnt = 200000;
	char name[32], *told;
	size_t lines = 0;

	(void)state;
	open_trace();
	for (uint64_t i = 0; i < cnt; i++) {
		snprintf(name, sizeof(name), "file %d", (int)(i % 5000));
		span(i % 2 ? &baker : &clerk, i * 10, i * 10 + 5, BUCKET_DISK, name);
	}
	close_trace("{}", cnt * 10);
	told = read_back(cnt * 10, true, false);
	for (const char *c = told; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, cnt);
	free(told);
}

static void what_is_no_recording_is_refused(void **state)
{
	const struct trace_visitor v = { 0 };
	FILE *f = fopen(path, "w");

	(void)state;
	assert_non_null(f);
	fputs("no trace", f);
	fclose(f);
	assert_int_equal(trace_read(path, 1000, &v), -EPROTO);
	unlink(path);
	assert_int_equal(trace_read(path, 1000, &v), -ENOENT);
}

#define MOVES 12

static void make_both(void)
{
	open_trace();
	for (uint64_t i = 0; i < MOVES; i++) {
		cpu(i * 20, 0, i % 2 ? 100 : 101, i % 2 ? 101 : 100, 1);
		span(i % 2 ? &baker : &clerk, i * 20, i * 20 + 10, BUCKET_SLEEP, "nap");
	}
	close_trace("{}", 1000);
}

/* A file of that content, in memory: thousands of them keep no disk busy. */
static const char *file_of(const struct strbuf *sb, size_t len)
{
	static char name[32];
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("trace", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, sb->buf, len, 0), len);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return name;
}

/* Whoever reads must get on with it: no crash, and nothing outside of the recording. */
static void assert_inside(void *ctx, const struct trace_wait *w)
{
	++*(int *)ctx;
	assert_true(w->start_ns < w->end_ns && w->end_ns <= 1000);
}

static void assert_run_inside(void *ctx, const struct trace_run *r)
{
	(void)ctx;
	assert_true(r->start_ns < r->end_ns && r->end_ns <= 1000);
}

static void cut_anywhere_it_is_read_up_to_there(void **state)
{
	int told = 0, most = 0;
	const struct trace_visitor v = { &told, assert_inside, assert_run_inside };
	struct strbuf whole;

	(void)state;
	make_both();
	whole = read_file(path);
	for (size_t len = 0; len <= whole.len; len++) {
		told = 0;
		if (!trace_read(file_of(&whole, len), 1000, &v))
			assert_true(told >= most);
		most = told > most ? told : most;
	}
	assert_int_equal(told, MOVES);
	strbuf_release(&whole);
}

static int add_packet(const unsigned char *body, size_t len, void *ctx)
{
	pb_bytes(ctx, PB_TRACE_PACKET, body, len);
	return 0;
}

/* Of a compressed packet zlib sees the damage, so this file has none. */
static void any_damaged_byte_does_no_harm(void **state)
{
	int told = 0;
	const struct trace_visitor v = { &told, assert_inside, assert_run_inside };
	struct strbuf bytes = { 0 };

	(void)state;
	make_both();
	format_identity(&bytes);
	assert_int_equal(recording_each_unpacked(path, add_packet, &bytes), 0);
	assert_int_equal(trace_read(file_of(&bytes, bytes.len), 1000, &v), 0);
	assert_int_equal(told, MOVES);
	for (size_t i = 0; i < bytes.len; i++) {
		char was = bytes.buf[i];

		for (int flip = 1; flip < 256; flip <<= 1) {
			bytes.buf[i] = (char)(was ^ flip);
			trace_read(file_of(&bytes, bytes.len), 1000, &v);
		}
		bytes.buf[i] = was;
	}
	strbuf_release(&bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_wait_comes_back_with_all_that_is_known),
		TEST(threads_have_their_own_clocks_and_strings),
		TEST(a_cpu_runs_one_thread_after_the_other_until_the_end),
		TEST(nothing_goes_past_the_duration),
		TEST(a_long_trace_is_read_to_its_end),
		TEST(what_is_no_recording_is_refused),
		TEST(cut_anywhere_it_is_read_up_to_there),
		TEST(any_damaged_byte_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
