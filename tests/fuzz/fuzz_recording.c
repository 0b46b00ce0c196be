// SPDX-License-Identifier: MIT
/* A .pftrace file as a whole: framing, compression, where the facts are. */
#include <string.h>

#include "facts/facts_json.h"
#include "fuzz.h"
#include "output/recording.h"
#include "output/trace_reader.h"
#include "story.h"

static void on_wait(void *ctx, const struct trace_wait *w)
{
	FUZZ_CHECK(w->start_ns < w->end_ns && w->end_ns <= *(const uint64_t *)ctx);
}

static void on_run(void *ctx, const struct trace_run *r)
{
	FUZZ_CHECK(r->start_ns < r->end_ns && r->end_ns <= *(const uint64_t *)ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = fuzz_file(data, size);
	uint64_t duration_ns = 10000000;
	struct trace_visitor v = { &duration_ns, on_wait, on_run };
	char why[FACTS_JSON_ERR_LEN], *json;
	struct facts f = { 0 };
	bool is_complete;

	if (!recording_read_facts(path, &json, &is_complete)) {
		if (!facts_json_parse(&f, json, strlen(json), why))
			story_tell(&f);
		free(json);
	}
	trace_read(path, duration_ns, &v);
	return 0;
}
