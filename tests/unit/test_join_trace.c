// SPDX-License-Identifier: MIT
/* Two small recordings, made packet by packet, and what becomes of them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "output/intern.h"
#include "output/join_trace.h"
#include "output/packet.h"
#include "output/pb.h"
#include "output/pb_fields.h"
#include "output/recording.h"
#include "output/recording_format.h"
#include "output/recording_scan.h"
#include "output/sched.h"
#include "output/tracks.h"
#include "files.h"

#define STAND_IN 0x7fffffffu	/* of CPU 0 */

static char dir[64], before[96], after[96], joined[96];

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/partrace-join-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(before, sizeof(before), "%s/before.pftrace", dir);
	snprintf(after, sizeof(after), "%s/after.pftrace", dir);
	snprintf(joined, sizeof(joined), "%s/joined.pftrace", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(before);
	unlink(after);
	unlink(joined);
	rmdir(dir);
	return 0;
}

/* One thread of process @pid that waits once, on two CPUs, from @begin_ns on. */
static void put_packets(struct strbuf *out, uint64_t begin_ns, uint32_t pid)
{
	struct packet_clocks clocks = { begin_ns, begin_ns - 5, 1700000000000000000 };
	struct track_slice slice = { .name = "read pipe:[7]", .category = "ipc" };
	struct strbuf key = { 0 };
	struct intern strings = { 0 };
	struct sched sched = { 0 };
	struct track track;

	packet_clocks(out, &clocks);
	packet_system(out, begin_ns, &(struct packet_system){ "Linux", "6.1", "x86_64", 2 });
	packet_process(out, begin_ns, pid, 1, "app", "app --fast");
	packet_process_track(out, begin_ns, 1 << 23, pid, "app", "app --fast");
	packet_thread_track(out, begin_ns, (1 << 23) + 1, pid, pid, "app");
	track_init(&track, (1 << 23) + 1, SEQ_THREADS, begin_ns);
	track_begin(out, &track, &strings, begin_ns + 100, &slice, &key);
	track_end(out, &track, begin_ns + 200);
	track_instant(out, &track, &strings, begin_ns + 300, "wakes", FLOW_BEGINS, 77);
	sched_name(&sched, pid, "app");
	for (uint32_t i = 0; i < 3; i++) {
		sched_switch(&sched, begin_ns + 100 + 100 * i, 1, i % 2 ? STAND_IN - 1 : pid,
			     i % 2 ? pid : STAND_IN - 1, 1);
		sched_waking(&sched, begin_ns + 150 + 100 * i, 1, 0, pid, 1);
	}
	sched_flush(&sched, out, true);
	sched_release(&sched);
	track_release(&track);
	intern_release(&strings);
}

static void record(const char *path, uint64_t begin_ns, uint32_t pid)
{
	struct strbuf packets = { 0 };
	struct recording r;

	put_packets(&packets, begin_ns, pid);
	assert_int_equal(recording_create(&r, path), 0);
	assert_int_equal(recording_append(&r, packets.buf, packets.len), 0);
	assert_int_equal(recording_put_facts(&r, "{}", true), 0);
	assert_int_equal(recording_close(&r), 0);
	strbuf_release(&packets);
}

static int join(void)
{
	const char *culprit;

	return join_trace(joined, before, after, &culprit);
}

/* All packets of a file, without their compression, as one string of bytes. */
static int collect(const unsigned char *body, size_t len, void *ctx)
{
	struct strbuf *out = ctx;
	unsigned char text[65536];
	uLongf text_len = sizeof(text);
	struct pb_field f;

	if (pb_get_field(body, len, &f) && f.number == PB_TRACE_PACKET_COMPRESSED_PACKETS) {
		assert_int_equal(uncompress(text, &text_len, f.data, f.len), Z_OK);
		strbuf_add(out, text, text_len);
	}
	return 0;
}

static struct strbuf packets_of(const char *path)
{
	struct strbuf out = { 0 };

	assert_int_equal(recording_each_packet(path, collect, &out), 0);
	return out;
}

static void what_was_after_has_other_times_and_numbers(void **state)
{
	struct strbuf is;

	(void)state;
	record(before, 1000000, 4242);
	record(after, 987654321, 4242);
	assert_int_equal(join(), 0);
	is = packets_of(joined);
	/* In two pieces, field 3 both: of one, Perfetto would take "before:" for the name. */
	assert_non_null(memmem(is.buf, is.len,
			       "\x1a\x0b"
			       "before: app\x1a\x06--fast",
			       21));
	assert_non_null(memmem(is.buf, is.len,
			       "\x1a\x0a"
			       "after: app\x1a\x06--fast",
			       20));
	assert_null(memmem(is.buf, is.len, "partrace recording", 18));
	strbuf_release(&is);
}

struct found {
	size_t pids[3];		/* packets of the process tree: BEFORE's, AFTER's, others */
	size_t late, bundles[4], systems, clocks;
};

static int look(const unsigned char *body, size_t len, void *ctx)
{
	struct found *found = ctx;
	struct pb_field f, inner, pid;
	uint64_t sequence = 0, ts_ns = 0;

	for (size_t at = 0, n; at < len; at += n) {
		n = pb_get_field(body + at, len - at, &f);
		assert_true(n > 0);
		if (f.number == PB_TRACE_PACKET_TRUSTED_PACKET_SEQUENCE_ID)
			sequence = f.value;
		if (f.number == PB_TRACE_PACKET_TIMESTAMP)
			ts_ns = f.value;
		found->systems += f.number == PB_TRACE_PACKET_SYSTEM_INFO;
		found->clocks += f.number == PB_TRACE_PACKET_CLOCK_SNAPSHOT;
		if (f.number == PB_TRACE_PACKET_FTRACE_EVENTS) {
			pb_get_field(f.data, f.len, &inner);
			assert_true(inner.value < 4);
			found->bundles[inner.value]++;
		}
		if (f.number != PB_TRACE_PACKET_PROCESS_TREE)
			continue;
		pb_get_field(f.data, f.len, &inner);
		pb_get_field(inner.data, inner.len, &pid);
		found->pids[pid.value == 4242 ? 0 : pid.value == 4242 + JOIN_PID_ADD ? 1 : 2]++;
	}
	/* Both recordings took 300 ns; differences in time are smaller still. */
	found->late += ts_ns > 1000300;
	assert_true(sequence <= 4);
	return 0;
}

static void nothing_is_taken_for_the_others(void **state)
{
	struct found found = { 0 };
	struct strbuf is;
	struct pb_field f;

	(void)state;
	record(before, 1000000, 4242);
	record(after, 987654321, 4242);
	assert_int_equal(join(), 0);
	is = packets_of(joined);
	for (size_t at = 0, n; at < is.len; at += n) {
		n = pb_get_field((unsigned char *)is.buf + at, is.len - at, &f);
		assert_true(n > 0);
		look(f.data, f.len, &found);
	}
	assert_int_equal(found.pids[0], 1);
	assert_int_equal(found.pids[1], 1);
	assert_int_equal(found.pids[2], 0);
	assert_int_equal(found.late, 0);
	/* CPU 1 of each; of BEFORE no other one was seen, so AFTER's begin at 2. */
	assert_int_equal(found.bundles[1], 1);
	assert_int_equal(found.bundles[3], 1);
	assert_int_equal(found.systems, 1);
	/* BEFORE's, and one of each thread. */
	assert_int_equal(found.clocks, 3);
	strbuf_release(&is);
}

/* Each byte changed, and the file cut there: an error or a trace, and nothing else. */
static void damage_is_an_error_or_is_not_seen(void **state)
{
	struct strbuf raw = { 0 }, whole;

	(void)state;
	record(before, 1000000, 4242);
	record(after, 2000000, 4243);
	/* Once more without compression, so that damage reaches every table. */
	whole = read_file(after);
	format_identity(&raw);
	put_packets(&raw, 2000000, 4243);
	for (size_t i = 0; i < raw.len; i++) {
		char was = raw.buf[i];

		raw.buf[i] = (char)(was ^ (1 << i % 8));
		write_file(after, raw.buf, raw.len);
		join();
		unlink(joined);
		raw.buf[i] = was;
		write_file(after, raw.buf, i);
		join();
		unlink(joined);
	}
	for (size_t i = 0; i < whole.len; i += 7) {
		whole.buf[i] ^= 0x20;
		write_file(after, whole.buf, whole.len);
		join();
		unlink(joined);
		whole.buf[i] ^= 0x20;
	}
	strbuf_release(&raw);
	strbuf_release(&whole);
}

static void what_is_no_recording_is_refused(void **state)
{
	struct stat st;

	(void)state;
	record(before, 1000000, 4242);
	assert_int_equal(join(), -ENOENT);
	write_file(after, "hello", 5);
	assert_int_equal(join(), -EPROTO);
	assert_int_equal(stat(joined, &st), -1);
	unlink(after);
	record(after, 1000000, 4242);
	write_file(joined, "mine", 4);
	assert_int_equal(join(), -EEXIST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_after_has_other_times_and_numbers, setup,
						teardown),
		cmocka_unit_test_setup_teardown(nothing_is_taken_for_the_others, setup, teardown),
		cmocka_unit_test_setup_teardown(damage_is_an_error_or_is_not_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_recording_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
