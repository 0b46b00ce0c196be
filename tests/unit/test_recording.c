/* SPDX-License-Identifier: MIT */
/* Files are made in a directory that each test gets and loses. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/strbuf.h"
#include "base/xalloc.h"
#include "output/pb.h"
#include "output/pb_fields.h"
#include "output/recording.h"
#include "output/recording_format.h"
#include "files.h"

static char dir[64], path[96], partial[112];

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/partrace-recording-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/r.pftrace", dir);
	snprintf(partial, sizeof(partial), "%s.partial", path);
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (rmdir(path))
		unlink(path);
	unlink(partial);
	rmdir(dir);
	return 0;
}

static bool exists(const char *name)
{
	struct stat st;

	return !lstat(name, &st);
}

static void assert_content(const char *name, const char *want)
{
	struct strbuf sb = read_file(name);

	assert_string_equal(strbuf_str(&sb), want);
	strbuf_release(&sb);
}

/* A packet that compresses badly, of about @len bytes, numbered. */
static void append_packet(struct recording *r, uint32_t number, size_t len)
{
	struct strbuf sb = { 0 };
	size_t packet = pb_begin(&sb, PB_TRACE_PACKET);
	uint32_t seed = number;

	pb_u64(&sb, PB_TRACE_PACKET_TIMESTAMP, number);
	if (len) {
		size_t filler = pb_begin(&sb, 900);

		for (size_t i = 0; i < len; i++) {
			seed = seed * 1664525 + 1013904223;
			strbuf_addch(&sb, (char)(seed >> 24));
		}
		pb_end(&sb, filler);
	}
	pb_end(&sb, packet);
	assert_int_equal(recording_append(r, sb.buf, sb.len), 0);
	strbuf_release(&sb);
}

static void make_recording(const char *name, const char *json)
{
	struct recording r;

	assert_int_equal(recording_create(&r, name), 0);
	append_packet(&r, 1, 10);
	if (json)
		assert_int_equal(recording_put_facts(&r, json, true), 0);
	assert_int_equal(recording_close(&r), 0);
}

static void assert_facts(const char *name, const char *want, bool want_complete)
{
	bool is_complete;
	char *json;

	assert_int_equal(recording_read_facts(name, &json, &is_complete), 0);
	assert_string_equal(json, want);
	assert_int_equal(is_complete, want_complete);
	free(json);
}

static int read_error(const char *name)
{
	bool is_complete;
	char *json;
	int err = recording_read_facts(name, &json, &is_complete);

	assert_null(json);
	assert_false(is_complete);
	return err;
}

static void refuse(const char *name, int want, const char *culprit)
{
	struct recording r;

	assert_int_equal(recording_create(&r, name), want);
	assert_string_equal(r.culprit, culprit);
	recording_discard(&r);
}

/* Names */

static void it_is_partial_until_it_is_closed(void **state)
{
	struct recording r;

	(void)state;
	assert_int_equal(recording_create(&r, path), 0);
	assert_true(exists(partial));
	assert_false(exists(path));
	assert_int_equal(recording_close(&r), 0);
	assert_false(exists(partial));
	assert_true(exists(path));
}

static void abort_leaves_a_readable_partial(void **state)
{
	struct recording r;

	(void)state;
	assert_int_equal(recording_create(&r, path), 0);
	append_packet(&r, 1, 100);
	recording_put_facts(&r, "{\"n\": 1}", false);
	assert_int_equal(recording_abort(&r), 0);
	assert_false(exists(path));
	assert_facts(partial, "{\"n\": 1}", false);
}

static void discard_leaves_nothing(void **state)
{
	struct recording r;

	(void)state;
	assert_int_equal(recording_create(&r, path), 0);
	recording_discard(&r);
	assert_false(exists(partial));
	assert_false(exists(path));
}

static void a_foreign_file_is_refused_and_left_alone(void **state)
{
	static const char *const contents[] = { "my thesis", "", "\n",
						"\n\x03"
						"abc" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		write_file(path, contents[i], strlen(contents[i]));
		refuse(path, -EEXIST, path);
		assert_content(path, contents[i]);
		assert_false(exists(partial));
	}
}

static void a_foreign_partial_is_refused_and_left_alone(void **state)
{
	(void)state;
	write_file(partial, "my thesis", 9);
	refuse(path, -EEXIST, partial);
	assert_content(partial, "my thesis");
}

static void links_are_not_followed(void **state)
{
	(void)state;
	assert_int_equal(symlink("/nonexistent/target", path), 0);
	refuse(path, -EEXIST, path);
	unlink(path);
	assert_int_equal(symlink("/nonexistent/target", partial), 0);
	refuse(path, -EEXIST, partial);
	assert_true(exists(partial));
}

static void an_older_recording_is_replaced_only_when_the_new_one_is_whole(void **state)
{
	struct recording r;

	(void)state;
	make_recording(path, "{\"old\": 1}");
	assert_int_equal(recording_create(&r, path), 0);
	assert_facts(path, "{\"old\": 1}", true);
	recording_put_facts(&r, "{\"new\": 1}", true);
	assert_int_equal(recording_close(&r), 0);
	assert_facts(path, "{\"new\": 1}", true);
}

static void an_abandoned_partial_is_replaced(void **state)
{
	struct recording r;

	(void)state;
	assert_int_equal(recording_create(&r, path), 0);
	assert_int_equal(recording_abort(&r), 0);
	make_recording(path, "{}");
	assert_facts(path, "{}", true);
}

static void a_partial_that_is_being_written_is_busy(void **state)
{
	struct recording r;

	(void)state;
	assert_int_equal(recording_create(&r, path), 0);
	refuse(path, -EBUSY, partial);
	assert_true(exists(partial));
	assert_int_equal(recording_close(&r), 0);
}

static void a_file_that_came_meanwhile_is_not_overwritten(void **state)
{
	struct recording r;

	(void)state;
	assert_int_equal(recording_create(&r, path), 0);
	write_file(path, "my thesis", 9);
	assert_int_equal(recording_close(&r), -EEXIST);
	assert_content(path, "my thesis");
	assert_true(exists(partial));
}

static void what_cannot_be_written_says_why(void **state)
{
	char name[128];

	(void)state;
	refuse(dir, -EISDIR, dir);
	snprintf(name, sizeof(name), "%s/no/such.pftrace", dir);
	refuse(name, -ENOENT, name);
	refuse("", -ENOENT, "");
}

static void one_that_could_not_be_created_takes_packets_in_vain(void **state)
{
	struct recording r;

	(void)state;
	assert_int_equal(recording_create(&r, dir), -EISDIR);
	recording_append(&r, "\x0a\x00", 2);
	assert_int_equal(recording_flush(&r), -EBADF);
	assert_int_equal(recording_put_facts(&r, "{}", false), -EBADF);
	recording_discard(&r);
	recording_discard(&r);
}

static void under_sudo_it_belongs_to_the_user(void **state)
{
	struct recording r;
	struct stat st;

	(void)state;
	if (geteuid())
		skip();
	setenv("SUDO_UID", "1234", 1);
	setenv("SUDO_GID", "2345", 1);
	assert_int_equal(recording_create(&r, path), 0);
	assert_int_equal(stat(partial, &st), 0);
	assert_int_equal(st.st_uid, 1234);
	assert_int_equal(st.st_gid, 2345);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(recording_close(&r), 0);
}

/* Special files */

static void dev_null_is_written_directly(void **state)
{
	struct recording r;
	struct stat st;

	(void)state;
	assert_int_equal(recording_create(&r, "/dev/null"), 0);
	append_packet(&r, 1, 100);
	assert_int_equal(recording_close(&r), 0);
	assert_false(exists("/dev/null.partial"));
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
}

static void dev_full_is_no_space(void **state)
{
	(void)state;
	refuse("/dev/full", -ENOSPC, "/dev/full");
	assert_false(exists("/dev/full.partial"));
}

static void a_failed_write_is_told_by_close_and_leaves_the_partial(void **state)
{
	struct recording r;
	int full = open("/dev/full", O_WRONLY);

	(void)state;
	assert_int_equal(recording_create(&r, path), 0);
	dup2(full, r.fd);
	close(full);
	append_packet(&r, 1, 100);
	recording_put_facts(&r, "{}", true);
	assert_int_equal(recording_close(&r), -ENOSPC);
	assert_true(exists(partial));
	assert_false(exists(path));
	assert_int_equal(read_error(partial), -ENODATA);
}

struct reader {
	pthread_t thread;
	sem_t may_read;
	struct strbuf sb;
};

static void *read_when_told(void *arg)
{
	struct reader *rd = arg;
	int fd = open(path, O_RDONLY);
	char buf[65536];
	ssize_t n;

	sem_wait(&rd->may_read);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		strbuf_add(&rd->sb, buf, (size_t)n);
	close(fd);
	return NULL;
}

/* Walk the top level: count packets that are compressed, and those that are not. */
static void count_packets(const struct strbuf *sb, uint32_t *compressed, uint32_t *plain)
{
	const unsigned char *p = (const unsigned char *)sb->buf;
	size_t at = 0;

	*compressed = *plain = 0;
	while (at < sb->len) {
		uint64_t len;
		size_t n = pb_get_varint(p + at + 1, sb->len - at - 1, &len);

		assert_int_equal(p[at], 0x0a);
		assert_true(n && len <= sb->len - at - 1 - n);
		at += 1 + n;
		if (p[at] == 0x92 && p[at + 1] == 0x03) /* field 50 */
			(*compressed)++;
		else
			(*plain)++;
		assert_in_range(len, 1, 512 * 1024 - 1);
		at += len;
	}
}

static void a_slow_reader_gets_uncompressed_packets_and_all_of_them(void **state)
{
	struct reader rd = { 0 };
	uint32_t compressed, plain;
	struct recording r;

	(void)state;
	sem_init(&rd.may_read, 0, 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	pthread_create(&rd.thread, NULL, read_when_told, &rd);
	assert_int_equal(recording_create(&r, path), 0);
	assert_false(recording_is_behind(&r));
	/* Would hang here if it waited for the reader. */
	for (uint32_t i = 0; i < 300; i++)
		append_packet(&r, i, 50000);
	assert_true(recording_is_behind(&r));
	sem_post(&rd.may_read);
	while (recording_is_behind(&r))
		sched_yield();
	assert_int_equal(recording_close(&r), 0);
	pthread_join(rd.thread, NULL);

	count_packets(&rd.sb, &compressed, &plain);
	assert_in_range(compressed, 1, 59);
	assert_in_range(plain, 75, 301);
	sem_destroy(&rd.may_read);
	strbuf_release(&rd.sb);
}

static void a_reader_that_goes_away_is_an_error_not_the_end(void **state)
{
	struct recording r;
	int fd;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	assert_int_equal(recording_create(&r, path), 0);
	close(fd);
	append_packet(&r, 1, 100);
	assert_int_equal(recording_close(&r), -EPIPE);
}

/* Reading */

static void the_last_facts_are_read(void **state)
{
	struct recording r;

	(void)state;
	assert_int_equal(recording_create(&r, path), 0);
	for (uint32_t i = 0; i < 3; i++) {
		append_packet(&r, i, 1000);
		recording_put_facts(&r, i ? "{\"n\": 2}" : "{\"n\": 1}", false);
	}
	recording_put_facts(&r, "{\"n\": 3}", true);
	append_packet(&r, 9, 1000);
	assert_int_equal(recording_close(&r), 0);
	assert_facts(path, "{\"n\": 3}", true);
}

static void long_facts_are_read(void **state)
{
	size_t len = 3000000;
	char *json = xmalloc(len + 1);

	(void)state;
	memset(json, ' ', len);
	json[0] = '{';
	json[len - 1] = '}';
	json[len] = 0;
	make_recording(path, json);
	assert_facts(path, json, true);
	free(json);
}

static void what_is_no_recording_is_told_apart(void **state)
{
	struct strbuf other = { 0 };

	(void)state;
	assert_int_equal(read_error(path), -ENOENT);
	assert_int_equal(read_error(dir), -EISDIR);
	write_file(path, "", 0);
	assert_int_equal(read_error(path), -EPROTO);
	write_file(path, "my thesis", 9);
	assert_int_equal(read_error(path), -EPROTO);
	/* somebody else's Perfetto trace */
	pb_end(&other, pb_begin(&other, PB_TRACE_PACKET));
	write_file(path, other.buf, other.len);
	assert_int_equal(read_error(path), -EPROTO);
	strbuf_release(&other);
	unlink(path);
	make_recording(path, NULL);
	assert_int_equal(read_error(path), -ENODATA);
}

/* identity, a chunk, interim facts, a chunk, complete facts */
static struct strbuf sample(void)
{
	struct recording r;

	assert_int_equal(recording_create(&r, path), 0);
	append_packet(&r, 1, 60);
	recording_put_facts(&r, "{\"n\": 1}", false);
	append_packet(&r, 2, 60);
	recording_put_facts(&r, "{\"n\": 2}", true);
	assert_int_equal(recording_close(&r), 0);
	return read_file(path);
}

static void cut_at_every_byte_it_is_readable_up_to_there(void **state)
{
	struct strbuf sb = sample();
	int none = 0, interim = 0;

	(void)state;
	for (size_t len = 1; len < sb.len; len++) {
		bool is_complete;
		char *json;
		int err;

		write_file(path, sb.buf, len);
		err = recording_read_facts(path, &json, &is_complete);
		if (err) {
			assert_int_equal(err, -ENODATA);
			assert_int_equal(interim, 0);
			none++;
		} else {
			assert_string_equal(json, "{\"n\": 1}");
			assert_false(is_complete);
			interim++;
		}
		free(json);
	}
	assert_true(none && interim);
	strbuf_release(&sb);
}

static void damage_before_any_facts_is_told(void **state)
{
	struct strbuf sb = { 0 };

	(void)state;
	format_identity(&sb);
	strbuf_addstr(&sb, "garbage");
	write_file(path, sb.buf, sb.len);
	assert_int_equal(read_error(path), -EBADMSG);

	strbuf_reset(&sb);
	format_identity(&sb);
	format_facts(&sb, "this is not zlib", 16, 16, true);
	write_file(path, sb.buf, sb.len);
	assert_int_equal(read_error(path), -EBADMSG);
	strbuf_release(&sb);
}

static void damaged_facts_give_way_to_older_ones(void **state)
{
	struct strbuf sb = sample();

	(void)state;
	sb.buf[sb.len - 5] ^= 0x55; /* zlib's checksum */
	write_file(path, sb.buf, sb.len);
	assert_facts(path, "{\"n\": 1}", false);
	strbuf_release(&sb);
}

static void garbage_behind_the_facts_makes_them_incomplete(void **state)
{
	struct strbuf sb = sample();

	(void)state;
	strbuf_addstr(&sb, "garbage");
	write_file(path, sb.buf, sb.len);
	assert_facts(path, "{\"n\": 2}", false);
	strbuf_release(&sb);
}

/* @claim bytes are claimed, @len zeros are packed. */
static void write_bomb(size_t len, size_t claim)
{
	uLongf packed_len = compressBound(len);
	unsigned char *zeros = xcalloc(1, len), *packed = xmalloc(packed_len);
	struct strbuf sb = { 0 };

	memset(zeros, ' ', len);
	assert_int_equal(compress(packed, &packed_len, zeros, len), Z_OK);
	format_identity(&sb);
	format_facts(&sb, packed, packed_len, claim, true);
	write_file(path, sb.buf, sb.len);
	strbuf_release(&sb);
	free(zeros);
	free(packed);
}

static void facts_longer_than_they_claim_are_refused(void **state)
{
	(void)state;
	write_bomb(50 << 20, 100);
	assert_int_equal(read_error(path), -EBADMSG);
	write_bomb(100, 1 << 20);
	assert_int_equal(read_error(path), -EBADMSG);
	write_bomb(100, SIZE_MAX);
	assert_int_equal(read_error(path), -EBADMSG);
	write_bomb(FACTS_MAX_BYTES + 1, FACTS_MAX_BYTES + 1);
	assert_int_equal(read_error(path), -EBADMSG);
}

static void lengths_that_lie_are_harmless(void **state)
{
	static const char *const bodies[] = {
		"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", /* 2^64 - 1 bytes */
		"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
		"\x0a\x04\xaa\x6b\x7f\x1a", /* a message longer than its packet */
		"\x0a\x05\xaa\x6b\x02\x1a\x7f", /* facts longer than their message */
		"\x0a\x02\xaa\x6b",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct strbuf sb = { 0 };
		int err;

		format_identity(&sb);
		strbuf_addstr(&sb, bodies[i]);
		write_file(path, sb.buf, sb.len);
		err = read_error(path);
		assert_true(err == -ENODATA || err == -EBADMSG);
		strbuf_release(&sb);
	}
}

/*
 * Whatever is done to a recording, reading it ends, stays inside its memory (SAN=1
 * watches), and yields facts that were once in it or an error.
 */
static void no_change_of_bytes_does_harm(void **state)
{
	struct strbuf sb = sample();
	char *copy = xmalloc(sb.len);
	uint32_t seed = 42;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t len = sb.len;
		bool is_complete;
		char *json;
		int err;

		memcpy(copy, sb.buf, len);
		for (int i = 0; i <= round % 4; i++) {
			seed = seed * 1664525 + 1013904223;
			copy[(seed >> 8) % len] ^= (char)(1 << (seed >> 5 & 7));
		}
		if (round % 3 == 0)
			len = (seed >> 4) % len;
		write_file(path, copy, len);
		err = recording_read_facts(path, &json, &is_complete);
		if (err)
			assert_true(err == -EPROTO || err == -ENODATA || err == -EBADMSG);
		else
			assert_true(!strcmp(json, "{\"n\": 1}") || !strcmp(json, "{\"n\": 2}"));
		free(json);
	}
	free(copy);
	strbuf_release(&sb);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(it_is_partial_until_it_is_closed),
		T(abort_leaves_a_readable_partial),
		T(discard_leaves_nothing),
		T(a_foreign_file_is_refused_and_left_alone),
		T(a_foreign_partial_is_refused_and_left_alone),
		T(links_are_not_followed),
		T(an_older_recording_is_replaced_only_when_the_new_one_is_whole),
		T(an_abandoned_partial_is_replaced),
		T(a_partial_that_is_being_written_is_busy),
		T(a_file_that_came_meanwhile_is_not_overwritten),
		T(what_cannot_be_written_says_why),
		T(one_that_could_not_be_created_takes_packets_in_vain),
		T(under_sudo_it_belongs_to_the_user),
		T(dev_null_is_written_directly),
		T(dev_full_is_no_space),
		T(a_failed_write_is_told_by_close_and_leaves_the_partial),
		T(a_slow_reader_gets_uncompressed_packets_and_all_of_them),
		T(a_reader_that_goes_away_is_an_error_not_the_end),
		T(the_last_facts_are_read),
		T(long_facts_are_read),
		T(what_is_no_recording_is_told_apart),
		T(cut_at_every_byte_it_is_readable_up_to_there),
		T(damage_before_any_facts_is_told),
		T(damaged_facts_give_way_to_older_ones),
		T(garbage_behind_the_facts_makes_them_incomplete),
		T(facts_longer_than_they_claim_are_refused),
		T(lengths_that_lie_are_harmless),
		T(no_change_of_bytes_does_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
