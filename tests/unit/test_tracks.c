// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "output/tracks.h"

#define MOST 256 /* so many kinds of slice are remembered, or a few less */

struct scene {
	struct track track;
	struct intern strings;
	struct strbuf out, key;
	uint64_t now_ns;
};

static int set_up(void **state)
{
	static struct scene s;

	s = (struct scene){ .now_ns = 1000 };
	track_init(&s.track, 7, 8, s.now_ns);
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	track_release(&s->track);
	intern_release(&s->strings);
	strbuf_release(&s->out);
	strbuf_release(&s->key);
	return 0;
}

static void use_key(struct scene *s, uint32_t kind)
{
	strbuf_reset(&s->key);
	strbuf_add(&s->key, &kind, sizeof(kind));
	strbuf_reset(&s->out);
	s->now_ns += 100;
}

static void begin(struct scene *s, uint32_t kind)
{
	char name[16];
	struct track_slice slice = { .name = name, .category = "ipc" };

	snprintf(name, sizeof(name), "kind %u", kind);
	use_key(s, kind);
	track_begin(&s->out, &s->track, &s->strings, s->now_ns, &slice, &s->key);
}

static bool is_known(struct scene *s, uint32_t kind)
{
	use_key(s, kind);
	return track_begin_again(&s->out, &s->track, s->now_ns, &s->key);
}

static uint32_t known(struct scene *s, uint32_t kinds)
{
	uint32_t cnt = 0;

	for (uint32_t kind = 1; kind <= kinds; kind++)
		cnt += is_known(s, kind);
	return cnt;
}

static void a_server_s_many_kinds_are_remembered(void **state)
{
	struct scene *s = *state;

	assert_int_equal(known(s, 100), 0);
	for (uint32_t kind = 1; kind <= 100; kind++)
		begin(s, kind);
	assert_true(known(s, 100) > 90);
	for (uint32_t kind = 101; kind <= 4 * MOST; kind++)
		begin(s, kind);
	assert_in_range(known(s, 4 * MOST), MOST / 2, MOST);
	assert_true(is_known(s, 4 * MOST));
}

/* Growing, they leave out those that were forgotten. */
static void another_name_makes_them_forget(void **state)
{
	struct scene *s = *state;

	for (uint32_t names = 1; names <= 20; names++) {
		uint32_t kind = 1000 * names;

		track_names(&s->track, names);
		assert_false(is_known(s, kind - 1000));
		for (; kind <= 1010 * names; kind++)
			begin(s, kind);
		track_names(&s->track, names);
		assert_true(is_known(s, kind - 1));
	}
}

/* The same packet, but for its time. */
static void what_is_remembered_is_written_again(void **state)
{
	struct scene *s = *state;
	struct strbuf first = { 0 };

	begin(s, 1);
	begin(s, 1); /* whose strings are defined by now */
	strbuf_add(&first, s->out.buf, s->out.len);
	assert_true(is_known(s, 1));
	assert_int_equal(s->out.len, first.len);
	assert_memory_equal(s->out.buf, first.buf, first.len);
	strbuf_release(&first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_server_s_many_kinds_are_remembered, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(another_name_makes_them_forget, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_remembered_is_written_again, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
