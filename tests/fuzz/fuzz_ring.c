// SPDX-License-Identifier: MIT
/* Records of the ring, each behind a byte: its length in words of 4. Between a begin and an end. */
#include "fuzz.h"
#include "story.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct event ev = { .hdr.kind = EVENT_BEGIN };
	uint64_t last_ns = 0;
	struct story s;

	story_begin(&s);
	story_feed(&s, &ev);
	while (size) {
		size_t len = 4 * (size_t)data[0] < size ? 4 * (size_t)data[0] : size - 1;

		data++;
		size--;
		if (!event_decode(&ev, data, len)) {
			story_feed(&s, &ev);
			last_ns = ev.hdr.ts_ns > last_ns ? ev.hdr.ts_ns : last_ns;
		}
		data += len;
		size -= len;
	}
	ev = (struct event){ .hdr = { .ts_ns = last_ns, .kind = EVENT_END } };
	story_feed(&s, &ev);
	story_end(&s);
	return 0;
}
