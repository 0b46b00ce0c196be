// SPDX-License-Identifier: MIT
/* The JSON of facts, through every report. */
#include "facts/facts_json.h"
#include "fuzz.h"
#include "story.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[FACTS_JSON_ERR_LEN];
	struct facts f = { 0 };

	if (!facts_json_parse(&f, (const char *)data, size, why))
		story_tell(&f);
	else
		FUZZ_CHECK(why[0]);
	return 0;
}
