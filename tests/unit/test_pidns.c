// SPDX-License-Identifier: MIT
/* Which pid namespace this is, and whose numbers are in /proc, made of files. */
#include "proc_root.h"

#include <stdint.h>

#include "base/pidns.h"

/* /proc calls this process @self, and says that it is @ids, from its own namespace inwards. */
static void put_self(unsigned int self, const char *ids)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "%u", self);
	put_link("/proc/self", path);
	snprintf(path, sizeof(path), "/proc/%u/status", self);
	snprintf(text, sizeof(text), "Tgid:\t%u\nUid:\t0\t0\t0\t0\nNSpid:\t%s\n", self, ids);
	put(path, text);
}

static void the_first_namespace_is_known_by_its_inode(void **state)
{
	(void)state;
	assert_int_equal(pidns_inode(), 0); /* a kernel without any */
	put_link("/proc/self/ns/pid", "pid:[4026531836]");
	assert_int_equal(pidns_inode(), 0);
}

static void another_one_is_told_by_its_own(void **state)
{
	(void)state;
	put_link("/proc/self/ns/pid", "pid:[4026532431]");
	assert_int_equal(pidns_inode(), 4026532431u);
}

static void proc_has_the_number_that_the_process_has(void **state)
{
	char id[32];

	(void)state;
	assert_false(pidns_has_proc()); /* none is mounted, or it does not know us */
	snprintf(id, sizeof(id), "%d", (int)getpid());
	put_self((unsigned int)getpid(), id);
	assert_true(pidns_has_proc());
}

static void an_outer_proc_has_another_number(void **state)
{
	char ids[64];

	(void)state;
	snprintf(ids, sizeof(ids), "%d\t%d", (int)getpid() + 7, (int)getpid());
	put_self((unsigned int)getpid() + 7, ids);
	assert_false(pidns_has_proc());
}

static void or_the_same_by_chance(void **state)
{
	char ids[64];

	(void)state;
	snprintf(ids, sizeof(ids), "%d\t%d", (int)getpid(), (int)getpid());
	put_self((unsigned int)getpid(), ids);
	assert_false(pidns_has_proc());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(the_first_namespace_is_known_by_its_inode),
		FIXTURE_TEST(another_one_is_told_by_its_own),
		FIXTURE_TEST(proc_has_the_number_that_the_process_has),
		FIXTURE_TEST(an_outer_proc_has_another_number),
		FIXTURE_TEST(or_the_same_by_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
