// SPDX-License-Identifier: MIT
/* From a descriptor that a thread waits on to the path that people know. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/ask_files.h"
#include "story.h"

#define ONE_THREAD                                            \
	"0 begin\n"                                           \
	"0 task tid=10 pid=10 comm=app running cpu=0\n"       \
	"0 file id=77 dev=0x801 name=/srv/data\n"             \
	"0 file id=77 dev=0x802 name=\"/srv/other (deleted)\"\n" \
	"0 file id=78 dev=0x801 name=/run/fifo\n"

static void assert_span_name(const char *file, const char *expected)
{
	struct story s;
	char lines[1024];

	snprintf(lines, sizeof(lines),
		 ONE_THREAD
		 "20ms cycle tid=10 pid=10 cpu=0 out=10ms state=D wake=19ms sys=read(3) file=%s\n"
		 "30ms open tid=10 pid=10 running cpu=0\n"
		 "30ms end\n",
		 file);
	story_of(&s, lines);
	assert_string_equal(s.spans[1].name, expected);
	story_release(&s);
}

static void the_same_inode_of_two_file_systems_is_two_files(void **state)
{
	(void)state;
	assert_span_name("regular:77,dev=0x801", "read /srv/data");
	assert_span_name("regular:77,dev=0x802", "read /srv/other (deleted)");
	assert_span_name("regular:77,dev=0x803", "read file:[77]");
	assert_span_name("fifo:78,dev=0x801", "read /run/fifo");
}

static void a_pipe_is_not_named_after_a_file_of_the_same_number(void **state)
{
	(void)state;
	assert_span_name("pipe:77", "read pipe:[77]");
}

/* ---- the asking ---- */

struct answers {
	struct event last;
	size_t cnt;
};

static void on_answer(void *ctx, const struct event *ev)
{
	struct answers *a = ctx;

	a->last = *ev;
	a->cnt++;
}

static struct par_cause wait_on(int fd, uint8_t kind, uint64_t arg)
{
	struct par_cause cause = { .sysno = 0, .args = { arg } };
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	cause.file = (struct par_file_ref){ .id = st.st_ino, .kind = kind };
	cause.file.dev = 7;
	return cause;
}

static void ask(struct ask_files *af, const struct par_cause *cause, struct answers *a)
{
	ask_file(af, (uint32_t)getpid(), cause, on_answer, a);
}

static void a_file_is_asked_for_once(void **state)
{
	char dir[] = "/tmp/partrace-names-XXXXXX", path[64];
	struct ask_files af = { 0 };
	struct answers a = { 0 };
	struct par_cause cause;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/lock", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	cause = wait_on(fd, PAR_FILE_REGULAR, (uint64_t)fd);
	for (int i = 0; i < 5; i++)
		ask(&af, &cause, &a);
	assert_int_equal(a.cnt, 1);
	assert_int_equal(a.last.hdr.kind, EVENT_FILE);
	assert_true(a.last.file.id == cause.file.id);
	assert_int_equal(a.last.file.dev, 7);
	assert_string_equal(a.last.file.name, path);
	unlink(path);
	close(fd);

	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cause = wait_on(fd, PAR_FILE_DIRECTORY, (uint64_t)fd);
	ask(&af, &cause, &a);
	assert_int_equal(a.cnt, 2);
	assert_string_equal(a.last.file.name, dir);
	close(fd);
	rmdir(dir);
	ask_files_release(&af);
}

static void a_deleted_file_says_so(void **state)
{
	char path[] = "/tmp/partrace-names-XXXXXX", expected[64];
	int fd = mkstemp(path);
	struct par_cause cause = wait_on(fd, PAR_FILE_REGULAR, (uint64_t)fd);
	struct ask_files af = { 0 };
	struct answers a = { 0 };

	(void)state;
	unlink(path);
	ask(&af, &cause, &a);
	snprintf(expected, sizeof(expected), "%s (deleted)", path);
	assert_string_equal(a.last.file.name, expected);
	close(fd);
	ask_files_release(&af);
}

static void a_polled_file_is_found_by_its_inode(void **state)
{
	char path[] = "/tmp/partrace-names-XXXXXX";
	struct ask_files af = { 0 };
	struct answers a = { 0 };
	struct par_cause cause;
	int fd = mkstemp(path);

	(void)state;
	close(fd);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDWR | O_CLOEXEC);
	cause = wait_on(fd, PAR_FILE_FIFO, 0x7fffdeadbeef); /* the address of the poll set */
	ask(&af, &cause, &a);
	assert_int_equal(a.cnt, 1);
	assert_string_equal(a.last.file.name, path);
	close(fd);
	unlink(path);
	ask_files_release(&af);
}

static void a_descriptor_that_is_another_file_by_now_names_nothing(void **state)
{
	char path[] = "/tmp/partrace-names-XXXXXX";
	int fd = mkstemp(path), null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct par_cause cause = wait_on(fd, PAR_FILE_REGULAR, (uint64_t)fd);
	struct ask_files af = { 0 };
	struct answers a = { 0 };

	(void)state;
	close(fd);
	for (int i = 0; i < 10; i++)
		ask(&af, &cause, &a);
	cause.args[0] = (uint64_t)null;
	ask(&af, &cause, &a);
	assert_int_equal(a.cnt, 0);
	close(null);
	unlink(path);
	ask_files_release(&af);
}

static void what_has_no_path_is_not_asked_for(void **state)
{
	struct ask_files af = { 0 };
	struct answers a = { 0 };
	struct par_cause cause = { 0 };
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	cause = wait_on(ends[0], PAR_FILE_PIPE, (uint64_t)ends[0]);
	ask(&af, &cause, &a);
	assert_int_equal(a.cnt, 0);
	assert_int_equal(af.asked.cnt, 0);
	close(ends[0]);
	close(ends[1]);
	ask_files_release(&af);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_inode_of_two_file_systems_is_two_files),
		cmocka_unit_test(a_pipe_is_not_named_after_a_file_of_the_same_number),
		cmocka_unit_test(a_file_is_asked_for_once),
		cmocka_unit_test(a_deleted_file_says_so),
		cmocka_unit_test(a_polled_file_is_found_by_its_inode),
		cmocka_unit_test(a_descriptor_that_is_another_file_by_now_names_nothing),
		cmocka_unit_test(what_has_no_path_is_not_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
