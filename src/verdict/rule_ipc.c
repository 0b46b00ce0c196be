// SPDX-License-Identifier: MIT
/*
 * Owns the rule on exchange between members of the traced tree. A worker that
 * waits for its next task pays nothing for IPC, so only short waits count: see
 * IPC_ROUND_TRIP_MAX_NS. A local database is a peer, not a member.
 */
#include "verdict/rules.h"
#include "verdict/thresholds.h"

/* A fifth of the workers' time. To be calibrated. */
#define IPC_MIN_SHARE 0.20

/* Ten round trips of 30 us: tasks longer than that hide the exchange. */
#define TASK_MAX_NS 300e3

/* Moved per second of CPU: above, the work is the moving, however few the messages. */
#define BULK_BYTES_PER_CPU_S 100e6

static bool ipc_bound(const struct view *v, const struct rule *r, struct finding *out)
{
	double waits = v->work.ns[PART_IPC];
	double cpu = v->exchange_cpu_ns < v->cpu_ns ? v->exchange_cpu_ns : v->cpu_ns;
	double task_ns = ratio(v->cpu_ns, v->messages);

	if (v->messages <= 0)
		return false;
	out->value = ratio(waits + cpu, v->active_ns);
	if (out->value > 1)
		out->value = 1;
	out->cost = out->value;
	if (out->value < r->threshold)
		return false;
	if (task_ns > TASK_MAX_NS && v->bytes < v->cpu_ns / 1e9 * BULK_BYTES_PER_CPU_S)
		return false;
	strbuf_addf(&out->text,
		    "%.0f messages and %.1f MB between its processes: short waits and (estimated) "
		    "copying are %.0f %% of the workers' active time, %.0f us of CPU per message",
		    v->messages, v->bytes / 1e6, 100 * out->value, task_ns / 1e3);
	return true;
}

const struct rule rules_ipc[] = {
	{ "ipc-bound", CLASS_IPC_BOUND, IPC_MIN_SHARE, "share", ipc_bound,
	  "the exchange between processes costs more than the work allows" },
	{ 0 },
};
