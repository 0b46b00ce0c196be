/* SPDX-License-Identifier: MIT */
/*
 * Owns speedscope's JSON: https://www.speedscope.app/file-format-schema.json. Each
 * stack is one sample, as heavy as its time.
 */
#include "export/profile.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/xalloc.h"

#define SCHEMA "https://www.speedscope.app/file-format-schema.json"

static json_int_t frame_number(struct speedscope *ss, const char *name)
{
	const json_t *known = json_object_get(ss->numbers, name);
	json_int_t number = (json_int_t)json_array_size(ss->frames);
	json_t *frame;

	if (known)
		return json_integer_value(known);
	frame = json_object();
	json_object_set_new(frame, "name", json_string(name));
	json_array_append_new(ss->frames, frame);
	json_object_set_new(ss->numbers, name, json_integer(number));
	return number;
}

static bool is_all(enum bucket_group g)
{
	(void)g;
	return true;
}

static bool is_cpu(enum bucket_group g)
{
	return g == GROUP_CPU;
}

static bool is_waiting(enum bucket_group g)
{
	return g != GROUP_CPU && g != GROUP_IDLE;
}

static void add_profile(struct speedscope *ss, const char *name, const char *part,
			bool (*takes)(enum bucket_group g), const struct stacks *s)
{
	json_t *profile = json_object(), *samples = json_array(), *weights = json_array();
	char *clean = text_clean_copy(name), *title = xasprintf("%s: %s", clean, part);
	uint64_t sum = 0;

	for (size_t i = 0; i < s->cnt; i++) {
		const struct stack *stack = s->all[i];
		json_t *sample;

		if (!stack->ns || !takes(bucket_group(stack->bucket)))
			continue;
		sample = json_array();
		for (int frame = 0; frame < stack_depth(stack); frame++)
			json_array_append_new(sample,
					      json_integer(frame_number(ss, stack->frames[frame])));
		json_array_append_new(samples, sample);
		json_array_append_new(weights, json_integer((json_int_t)stack->ns));
		sum += stack->ns;
	}
	json_object_set_new(profile, "type", json_string("sampled"));
	json_object_set_new(profile, "name", json_string(title));
	json_object_set_new(profile, "unit", json_string("nanoseconds"));
	json_object_set_new(profile, "startValue", json_integer(0));
	json_object_set_new(profile, "endValue", json_integer((json_int_t)sum));
	json_object_set_new(profile, "samples", samples);
	json_object_set_new(profile, "weights", weights);
	json_array_append_new(ss->profiles, profile);
	free(title);
	free(clean);
}

void speedscope_add(struct speedscope *ss, const char *name, struct stacks *s)
{
	if (!ss->frames) {
		ss->frames = json_array();
		ss->profiles = json_array();
		ss->numbers = json_object();
	}
	stacks_sort(s);
	add_profile(ss, name, "all", is_all, s);
	add_profile(ss, name, "CPU", is_cpu, s);
	add_profile(ss, name, "waiting", is_waiting, s);
}

void speedscope_write(struct speedscope *ss, const struct profile_about *about, FILE *to)
{
	json_t *file = json_object(), *shared = json_object();
	char *exporter = xasprintf("partrace %s", about->version);

	json_object_set(shared, "frames", ss->frames);
	json_object_set_new(file, "$schema", json_string(SCHEMA));
	json_object_set_new(file, "exporter", json_string(exporter));
	if (about->comment)
		json_object_set_new(file, "name", json_string(about->comment));
	json_object_set_new(file, "activeProfileIndex", json_integer(0));
	json_object_set_new(file, "shared", shared);
	json_object_set(file, "profiles", ss->profiles);
	json_dumpf(file, to, JSON_COMPACT);
	fputc('\n', to);
	json_decref(file);
	free(exporter);
}

void speedscope_release(struct speedscope *ss)
{
	json_decref(ss->frames);
	json_decref(ss->profiles);
	json_decref(ss->numbers);
	*ss = (struct speedscope){ 0 };
}
