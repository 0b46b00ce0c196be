// SPDX-License-Identifier: MIT
/* Lines of events, docs/event-text.md, as golden tests have them. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "event/event_text.h"
#include "fuzz.h"
#include "story.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size), *save = NULL;
	struct story s;

	story_begin(&s);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct strbuf why = { 0 };
		struct event ev;

		if (!event_text_parse(line, &ev, &why))
			story_feed(&s, &ev);
		strbuf_release(&why);
	}
	story_end(&s);
	free(text);
	return 0;
}
