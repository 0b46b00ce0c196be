// SPDX-License-Identifier: MIT
/*
 * Owns the rules on exchange between members of the traced tree. A worker that
 * waits for its next task pays nothing for IPC, so only short waits count: see
 * IPC_ROUND_TRIP_MAX_NS. A local database is a peer, not a member.
 */
#include "verdict/rules.h"
#include "verdict/thresholds.h"

/* A fifth of what the program does. */
#define IPC_MIN_SHARE 0.20

/* … and a tenth of the workers' time, or nobody would notice it gone. */
#define IPC_MIN_COST 0.10

/* Ten round trips of 30 us: tasks longer than that hide the exchange. */
#define TASK_MAX_NS 300e3

/* Moved per second of CPU: above, the work is the moving, however few the messages. */
#define BULK_BYTES_PER_CPU_S 100e6

/* From here on a message's bytes cost more than the message: 40 us at 0.6 ns a byte. */
#define LARGE_MESSAGE_BYTES 65536.0

/*
 * CPU per byte at the end that feeds the pool. Buffers of 8 MB measured 1.6 ns: they
 * are copied. Lists of 200,000 numbers measured 6.6 ns: they are packed one by one.
 */
#define PACKED_MIN_NS_PER_BYTE 4.0

/* Of what the program does, waits in line and for locks left out: these come with the CPU time. */
static double exchange_share(const struct view *v)
{
	double waits = v->work.ns[PART_IPC];
	double share = ratio(waits + v->exchange_cpu_ns, waits + v->cpu_ns);

	return share < 1 ? share : 1;
}

/* Is there so much exchange for so little work that it can be what costs? */
static bool is_exchange(const struct view *v)
{
	double cost = ratio(v->work.ns[PART_IPC] + v->exchange_cpu_ns, v->active_ns);
	double task_ns = ratio(v->cpu_ns, v->messages);

	if (v->messages <= 0 || exchange_share(v) < IPC_MIN_SHARE || cost < IPC_MIN_COST)
		return false;
	return task_ns <= TASK_MAX_NS || v->bytes >= v->cpu_ns / 1e9 * BULK_BYTES_PER_CPU_S ||
	       2 * v->hand_over_ns >= v->cpu_ns * IPC_MIN_SHARE;
}

static bool ipc_bound(const struct view *v, const struct rule *r, struct finding *out)
{
	out->value = exchange_share(v);
	out->cost = out->value;
	if (out->value < r->threshold || !is_exchange(v))
		return false;
	strbuf_addf(&out->text,
		    "%.0f messages and %.1f MB between its processes: short waits and (estimated) "
		    "handing over are %.0f %% of what they do, with %.0f us of CPU per message",
		    v->messages, v->bytes / 1e6, 100 * out->value,
		    ratio(v->cpu_ns, v->messages) / 1e3);
	return true;
}

static double bytes_per_message(const struct view *v)
{
	return ratio(v->bytes, v->messages);
}

static bool ipc_small(const struct view *v, const struct rule *r, struct finding *out)
{
	out->value = ratio(v->cpu_ns, v->messages) / 1e3;
	if (!is_exchange(v) || out->value > r->threshold ||
	    bytes_per_message(v) >= LARGE_MESSAGE_BYTES)
		return false;
	strbuf_addf(&out->text,
		    "%.0f us of CPU per message, handing over included, and %.0f bytes in it: the "
		    "tasks are too small for what it takes to send them",
		    out->value, bytes_per_message(v));
	return true;
}

static bool ipc_large(const struct view *v, const struct rule *r, struct finding *out)
{
	out->value = bytes_per_message(v) / 1e3;
	if (!is_exchange(v) || out->value < r->threshold)
		return false;
	strbuf_addf(&out->text,
		    "%.0f kB per message, %.0f MB per second: arguments or results are too large "
		    "to be sent around",
		    out->value,
		    ratio(v->bytes / 1e6, (double)v->facts->recording.duration_ns / 1e9));
	return true;
}

static bool ipc_packing(const struct view *v, const struct rule *r, struct finding *out)
{
	out->value = ratio(v->hand_over_ns, v->bytes);
	if (!is_exchange(v) || bytes_per_message(v) < LARGE_MESSAGE_BYTES / 16 ||
	    out->value < r->threshold)
		return false;
	strbuf_addf(&out->text,
		    "%.1f ns of CPU per byte at the end that hands over: that is more than "
		    "copying, so what is sent is packed object by object",
		    out->value);
	return true;
}

const struct rule rules_ipc[] = {
	{ "ipc-bound", CLASS_IPC_BOUND, IPC_MIN_SHARE, "share", ipc_bound,
	  "the exchange between processes costs more than the work allows" },
	{ "ipc-small", CLASS_NONE, TASK_MAX_NS / 1e3, "us", ipc_small,
	  "messages too small for what they cost" },
	{ "ipc-large", CLASS_NONE, LARGE_MESSAGE_BYTES / 1e3, "kB", ipc_large,
	  "arguments or results too large to send" },
	{ "ipc-packing", CLASS_NONE, PACKED_MIN_NS_PER_BYTE, "ns/B", ipc_packing,
	  "objects that are packed and unpacked one by one" },
	{ 0 },
};
