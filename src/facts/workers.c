// SPDX-License-Identifier: MIT
#include "facts/workers.h"

void workers_mark(const struct work_done *threads, size_t cnt, bool *is_worker)
{
	double effort = 0, active = 0;

	for (size_t i = 0; i < cnt; i++) {
		effort = threads[i].effort_ns > effort ? threads[i].effort_ns : effort;
		active = threads[i].active_ns > active ? threads[i].active_ns : active;
	}
	/* No effort anywhere makes anything a tenth of it. */
	for (size_t i = 0; i < cnt; i++)
		is_worker[i] = threads[i].active_ns > 0 &&
			       (threads[i].effort_ns >= effort * WORKER_MIN_SHARE ||
				threads[i].active_ns >= active * WORKER_STARVED_SHARE);
}
