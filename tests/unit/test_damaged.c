// SPDX-License-Identifier: MIT
/*
 * Recordings that are cut, or damaged at random: each gives a report, or one line that says
 * why not, in little time and memory. The generator is seeded: the mutations are the same
 * each time.
 */
#include "make_trace.h"
#include "make_facts.h"
#include "rich_facts.h"
#include "files.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <zlib.h>

#include "base/array.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "facts/facts_json.h"
#include "html/page.h"
#include "output/pb.h"
#include "output/pb_fields.h"
#include "output/recording_format.h"
#include "output/recording_scan.h"
#include "output/report_text.h"
#include "verdict/verdict.h"

#define MUTATIONS   10000
#define SECONDS_MAX 10		/* of CPU time for one recording, with sanitizers */
#define GROWTH_MAX \
	(768u << 10) /* KiB, over all of them; ASan alone keeps 256 MiB of freed memory */

static int file_fd, said_fd, out_fd;
static char file_path[64];
static uint64_t seed;

static uint32_t any(uint32_t below)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return below ? (uint32_t)(seed >> 33) % below : 0;
}

static struct strbuf facts_text(void)
{
	struct facts f = rich_facts();
	struct strbuf json = { 0 };

	verdict_judge(&f, &f.verdict);
	facts_json_format(&f, &json, false);
	facts_release(&f);
	return json;
}

/* A small one, whole, with waits, CPUs and facts; with those of the time being if @interim. */
static struct strbuf make_recording(bool interim)
{
	struct strbuf json = facts_text(), file;

	open_trace();
	cpu(0, 0, 0, 100, 0);
	for (uint64_t i = 0; i < 20; i++) {
		if (interim && i == 15)
			recording_put_facts(&rec, strbuf_str(&json), false);
		span(&clerk, i * 400, i * 400 + 200, i % 2 ? BUCKET_SYNC : BUCKET_DISK, "wait");
		cpu(i * 400 + 200, 1, 0, 101, 0);
		cpu(i * 400 + 400, 1, 101, 0, 1);
	}
	close_trace(strbuf_str(&json), 10000);
	strbuf_release(&json);
	file = read_file(path);
	return file;
}

static void put_file(const struct strbuf *sb)
{
	assert_int_equal(ftruncate(file_fd, 0), 0);
	assert_int_equal(pwrite(file_fd, sb->buf, sb->len, 0), sb->len);
}

static void tell(const struct facts *f, bool with_page)
{
	const struct report_text_options options = { .width = 80, .utf8 = true };
	const struct page_options page = { .trace = "t", .version = "0" };
	struct strbuf out = { 0 };
	struct timeline tl;

	report_text_format(f, &options, &out);
	assert_true(out.len > 0);
	strbuf_reset(&out);
	facts_json_format(f, &out, true);
	assert_true(out.len > 0);
	if (with_page) {
		strbuf_reset(&out);
		timeline_read(&tl, file_path, f);
		page_format(f, &tl, &page, &out);
		timeline_release(&tl);
	}
	strbuf_release(&out);
}

/* SIGPROF ends us after so many seconds; 0: no more. */
static void limit_cpu(time_t seconds)
{
	const struct itimerval limit = { .it_value.tv_sec = seconds };

	assert_int_equal(setitimer(ITIMER_PROF, &limit, NULL), 0);
}

static int divert(FILE *stream, int fd)
{
	int saved = dup(fileno(stream));

	fflush(stream);
	assert_true(saved >= 0 && dup2(fd, fileno(stream)) >= 0);
	return saved;
}

static void restore(FILE *stream, int saved)
{
	fflush(stream);
	assert_true(dup2(saved, fileno(stream)) >= 0);
	close(saved);
}

static void forget(int fd)
{
	assert_int_equal(ftruncate(fd, 0), 0);
	lseek(fd, 0, SEEK_SET);
}

/* What `report` does with the file; what it says goes to @said_fd. 1: there was a report. */
static int try(const struct strbuf *recording, bool with_page)
{
	struct facts f = { 0 };
	char said[1024] = "";
	ssize_t len;
	int err, saved = divert(stderr, said_fd);

	put_file(recording);
	forget(said_fd);
	limit_cpu(SECONDS_MAX);
	err = load_facts(&f, file_path);
	if (!err) {
		fact_verdict_release(&f.verdict);
		verdict_judge(&f, &f.verdict);
		tell(&f, with_page);
		facts_release(&f);
	}
	limit_cpu(0);
	restore(stderr, saved);
	len = pread(said_fd, said, sizeof(said) - 1, 0);
	if (!err) {
		assert_int_equal(len, 0);
		return 1;
	}
	assert_true(len > 10 && !strncmp(said, "partrace: ", 10));
	assert_ptr_equal(strchr(said, '\n'), said + len - 1);
	assert_int_equal(text_clean(said, (size_t)len - 1), len - 1);
	return 0;
}

static int begin(void **state)
{
	if (setup(state))
		return -1;
	file_fd = memfd_create("recording", MFD_CLOEXEC);
	said_fd = memfd_create("said", MFD_CLOEXEC);
	snprintf(file_path, sizeof(file_path), "/proc/self/fd/%d", file_fd);
	out_fd = memfd_create("out", MFD_CLOEXEC);
	return file_fd < 0 || said_fd < 0 || out_fd < 0;
}

static int end(void **state)
{
	close(file_fd);
	close(said_fd);
	close(out_fd);
	return teardown(state);
}

/*
 * All that read recordings, as users call them; "WHOLE" is the recording before it was cut.
 * The first five share no code but for the facts; the others differ in what they print.
 */
#define READERS_APART 5
static const struct {
	const struct command *command;
	const char *args[6];
} readers[] = {
	{ &cmd_report, { "CUT" } },
	{ &cmd_report, { "--html", "-", "CUT" } },
	{ &cmd_diff, { "--trace", "-", "WHOLE", "CUT" } },
	{ &cmd_export, { "--format", "speedscope", "CUT" } },
	{ &cmd_export, { "--format", "csv", "CUT" } },
	{ &cmd_report, { "--json", "CUT" } },
	{ &cmd_diff, { "WHOLE", "CUT" } },
	{ &cmd_diff, { "--json", "CUT", "WHOLE" } },
	{ &cmd_diff, { "--html", "-", "WHOLE", "CUT" } },
	{ &cmd_export, { "--format", "folded", "CUT" } },
	{ &cmd_export, { "--format", "pprof", "CUT" } },
	{ &cmd_export, { "--format", "json", "CUT" } },
	{ &cmd_export, { "--format", "ndjson", "CUT" } },
};

/* Lines of standard error that begin like that. */
static size_t lines_said(const char *text, const char *prefix)
{
	size_t cnt = 0;

	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		cnt += !strncmp(line, prefix, strlen(prefix));
	return cnt;
}

/* The command's exit code: 0 with something written and nothing but warnings said, or 1 with an error. */
static int run_reader(size_t i)
{
	const struct command *command = readers[i].command;
	char *argv[8] = { (char *)(uintptr_t)command->name };
	int argc = 1, code, saved[2] = { divert(stdout, out_fd), divert(stderr, said_fd) };
	struct stat st;
	char said[2048];
	ssize_t len;
	bool may_be_empty;
	size_t errors;

	forget(out_fd);
	forget(said_fd);
	for (const char *const *arg = readers[i].args; *arg; arg++)
		argv[argc++] = !strcmp(*arg, "CUT")     ? file_path
			       : !strcmp(*arg, "WHOLE") ? path
							: (char *)(uintptr_t)*arg;
	limit_cpu(SECONDS_MAX);
	code = command->run(argc, argv);
	limit_cpu(0);
	restore(stdout, saved[0]);
	restore(stderr, saved[1]);
	assert_int_equal(fstat(out_fd, &st), 0);
	len = pread(said_fd, said, sizeof(said) - 1, 0);
	assert_true(len >= 0 && (!len || said[len - 1] == '\n'));
	said[len] = 0;
	errors = lines_said(said, "partrace: ") - lines_said(said, "partrace: warning: ");
	/* Formats without a frame say nothing of facts without threads. */
	may_be_empty = command == &cmd_export;
	if (code == EXIT_DONE ? errors || (!st.st_size && !may_be_empty)
			      : code != EXIT_FAILED || errors != 1)
		fail_msg("%s %s: code %d, wrote %lld, said '%s'", command->name, readers[i].args[0],
			 code, (long long)st.st_size, said);
	return code;
}

/*
 * At every byte from @len on, for the first @apart readers and one of the others in turn.
 * Returns how many reports there were.
 */
static size_t cut_everywhere(const struct strbuf *whole, size_t len, size_t apart)
{
	struct strbuf cut = { 0 };
	size_t reports = 0;

	for (; len <= whole->len; len++) {
		strbuf_reset(&cut);
		strbuf_add(&cut, whole->buf, len);
		put_file(&cut);
		for (size_t i = 0; i < apart; i++)
			reports += run_reader(i) == EXIT_DONE;
		reports += run_reader(apart + len % (ARRAY_CNT(readers) - apart)) == EXIT_DONE;
	}
	strbuf_release(&cut);
	return reports;
}

static void cut_at_any_byte_every_command_says_so_or_reports(void **state)
{
	struct strbuf whole = make_recording(false);

	(void)state;
	/* The facts are the last packet: only of the whole file there is a report. */
	assert_int_equal(cut_everywhere(&whole, 0, 1), 2);
	strbuf_release(&whole);
}

static void cut_after_interim_facts_every_command_reports(void **state)
{
	struct strbuf whole = make_recording(true);
	/* Up to there it is as above. */
	size_t from = whole.len / 3, tries = (whole.len - from + 1) * (READERS_APART + 1);
	size_t reports = cut_everywhere(&whole, from, READERS_APART);

	(void)state;
	assert_true(reports > tries / 2 && reports < tries);
	strbuf_release(&whole);
}

static void mutate(struct strbuf *sb)
{
	static const unsigned char special[] = { 0, 1, 0x7f, 0x80, 0xff, '"', '{', '[', '-', '9' };
	uint32_t len = (uint32_t)sb->len, at = any(len), other = any(len);
	uint32_t cnt = 1 + any(64);

	if (!len)
		return;
	cnt = cnt < len - at ? cnt : len - at;
	switch (any(6)) {
	case 0:
		sb->buf[at] ^= (char)(1u << any(8));
		break;
	case 1:
		sb->buf[at] = (char)special[any(sizeof(special))];
		break;
	case 2: /* goes */
		memmove(sb->buf + at, sb->buf + at + cnt, len - at - cnt);
		sb->len -= cnt;
		break;
	case 3: /* comes twice */
		cnt = cnt < sizeof(special) ? cnt : sizeof(special);
		strbuf_add(sb, special, cnt); /* any bytes: makes room */
		memmove(sb->buf + at + cnt, sb->buf + at, len - at);
		break;
	case 4: /* changes place */
		cnt = cnt < len - other ? cnt : len - other;
		memmove(sb->buf + at, sb->buf + other, cnt);
		break;
	case 5: /* the file ends */
		if (!any(4))
			sb->len = at;
		break;
	}
}

static void mutate_some(struct strbuf *sb)
{
	for (uint32_t i = 0, cnt = 1 + any(2); i < cnt; i++)
		mutate(sb);
}

/* Facts that are damaged, in a recording that is not. */
static void wrap_facts(struct strbuf *file, const struct strbuf *json)
{
	uLongf len = compressBound(json->len);
	unsigned char *data = xmalloc(len);

	assert_int_equal(
		compress2(data, &len, (const unsigned char *)strbuf_str(json), json->len, 1), Z_OK);
	format_identity(file);
	format_facts(file, data, len, json->len, true);
	free(data);
}

static int add_packet(const unsigned char *body, size_t len, void *ctx)
{
	pb_bytes(ctx, PB_TRACE_PACKET, body, len);
	return 0;
}

/* The packets of the recording at @path that are not ours, not compressed. */
static struct strbuf trace_packets(void)
{
	struct strbuf packets = { 0 };

	assert_int_equal(recording_each_unpacked(path, add_packet, &packets), 0);
	assert_true(packets.len > 1000);
	return packets;
}

static long max_rss_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

/* A third each: the file as it is, its facts, its trace. */
static void mutations_never_harm(void **state)
{
	struct strbuf whole = make_recording(false), json = facts_text(), packets = trace_packets();
	long before_kib = max_rss_kib();
	int reports = 0;

	(void)state;
	for (int i = 0; i < MUTATIONS; i++) {
		struct strbuf file = { 0 }, damaged = { 0 };
		const struct strbuf *from = i % 3 == 0 ? &whole : i % 3 == 1 ? &json : &packets;

		seed = (uint64_t)i * 0x9e3779b97f4a7c15ULL + 1;
		strbuf_add(&damaged, from->buf, from->len);
		mutate_some(&damaged);
		if (from != &whole)
			wrap_facts(&file, from == &json ? &damaged : &json);
		if (from != &json)
			strbuf_add(&file, damaged.buf, damaged.len);
		reports += try(&file, from == &packets || i % 8 == 0);
		run_reader((size_t)i % ARRAY_CNT(readers));
		strbuf_release(&file);
		strbuf_release(&damaged);
	}
	/* The trace's third always do, and many others are not seen to be damaged. */
	assert_true(reports > MUTATIONS / 3 && reports < MUTATIONS);
	assert_true(max_rss_kib() - before_kib < GROWTH_MAX);
	strbuf_release(&whole);
	strbuf_release(&json);
	strbuf_release(&packets);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cut_at_any_byte_every_command_says_so_or_reports),
		TEST(cut_after_interim_facts_every_command_reports),
		TEST(mutations_never_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
