// SPDX-License-Identifier: MIT
/*
 * Owns the tables of kinds and keys, one row per field of a record; how a value
 * is written is value.c's.
 */
#include "event/event_text.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "event/value.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum field_type {
	FIELD_END,
	FIELD_UINT,
	FIELD_HEX,
	FIELD_TIME,
	FIELD_STRING,
	FIELD_STATE,
	FIELD_WAKER, /* in struct par_off: waker_tid and waker_cpu */
	FIELD_OUT_CPU, /* not given: hdr.cpu */
	FIELD_SYSNO, /* not given: PAR_NO_SYSCALL */
	FIELD_CALL, /* in struct par_cause: sysno and args */
	FIELD_FILE,
	FIELD_GAP,
	FIELD_SHAPE, /* enum par_shape */
	FIELD_KLOCK, /* enum par_klock */
	FIELD_BITS, /* a word: these bits are set */
	FIELD_NO_BITS, /* a word: none of these bits is set */
	FIELD_MORE_BITS, /* a number: the bits that have no word */
};

struct field {
	const char *key;
	size_t offset, size;
	enum field_type type;
	uint32_t bits;
};

#define AT(s, member) offsetof(struct s, member), sizeof(((struct s *)0)->member)
#define F(key, type, s, member)                     \
	{                                           \
		key, AT(s, member), FIELD_##type, 0 \
	}
#define BITS(key, type, bits, s, member)               \
	{                                              \
		key, AT(s, member), FIELD_##type, bits \
	}

/* clang-format off */
#define CPU_AND_FLAGS(known) \
	F("cpu", UINT, par_hdr, cpu), \
	BITS("flags", MORE_BITS, known, par_hdr, flags)

#define OFF_FIELDS(s) \
	F("ran", TIME, s, off.ran_ns), \
	F("out", TIME, s, off.out_ns), \
	F("state", STATE, s, off.out_state), \
	BITS("preempted", BITS, PAR_OUT_PREEMPT, s, off.out_flags), \
	BITS("new", BITS, PAR_OUT_NEW, s, off.out_flags), \
	BITS("snapshot", BITS, PAR_OUT_SNAPSHOT, s, off.out_flags), \
	BITS("out-flags", MORE_BITS, PAR_OUT_PREEMPT | PAR_OUT_NEW | PAR_OUT_SNAPSHOT, \
	     s, off.out_flags), \
	F("wake", TIME, s, off.wake_ns), \
	F("waker", WAKER, s, off), \
	BITS("same-futex", BITS, PAR_WAKE_SAME_FUTEX, s, off.wake_flags), \
	BITS("from-idle", BITS, PAR_WAKE_IDLE, s, off.wake_flags), \
	BITS("wake-flags", MORE_BITS, PAR_WAKE_SAME_FUTEX | PAR_WAKE_IDLE, s, off.wake_flags)

#define CAUSE_BITS \
	(PAR_CAUSE_IOWAIT | PAR_CAUSE_KTHREAD | PAR_CAUSE_FAULT | PAR_CAUSE_COMPAT | \
	 PAR_CAUSE_KLOCK)

#define CAUSE_FIELDS(s) \
	F("sys", CALL, s, cause), \
	F("file", FILE, s, cause.file), \
	F("timeout", TIME, s, cause.timeout_ns), \
	F("owner", UINT, s, cause.owner_tid), \
	F("shape", SHAPE, s, cause.shape), \
	F("klock", KLOCK, s, cause.klock), \
	F("lock", HEX, s, cause.lock_addr), \
	F("ip", HEX, s, cause.lock_ip), \
	F("dev", HEX, s, cause.block_dev), \
	F("polled", UINT, s, cause.polled), \
	BITS("iowait", BITS, PAR_CAUSE_IOWAIT, s, cause.flags), \
	BITS("kthread", BITS, PAR_CAUSE_KTHREAD, s, cause.flags), \
	BITS("fault", BITS, PAR_CAUSE_FAULT, s, cause.flags), \
	BITS("compat", BITS, PAR_CAUSE_COMPAT, s, cause.flags), \
	BITS("klock-told", BITS, PAR_CAUSE_KLOCK, s, cause.flags), \
	BITS("cause-flags", MORE_BITS, CAUSE_BITS, s, cause.flags)

#define USAGE_FIELDS(s) \
	F("utime", TIME, s, utime_ns), \
	F("stime", TIME, s, stime_ns), \
	F("minflt", UINT, s, min_flt), \
	F("majflt", UINT, s, maj_flt)

static const struct field mark_fields[] = {
	F("tid", UINT, par_hdr, tid), CPU_AND_FLAGS(0), { 0 },
};

static const struct field cycle_fields[] = {
	F("tid", UINT, par_hdr, tid),
	F("pid", UINT, par_cycle, tgid),
	CPU_AND_FLAGS(0),
	OFF_FIELDS(par_cycle),
	F("outcpu", OUT_CPU, par_cycle, off.out_cpu),
	F("throttled-us", UINT, par_cycle, throttled_us),
	F("gap", GAP, par_cycle, gap),
	CAUSE_FIELDS(par_cycle),
	{ 0 },
};

static const struct field task_fields[] = {
	F("tid", UINT, par_hdr, tid),
	F("pid", UINT, par_task, tgid),
	F("ppid", UINT, par_task, ppid),
	F("comm", STRING, par_task, comm),
	BITS("running", BITS, PAR_OUT_RUNNING, par_hdr, flags),
	BITS("ready", BITS, PAR_OUT_READY, par_hdr, flags),
	BITS("blocked", NO_BITS, PAR_OUT_RUNNING | PAR_OUT_READY, par_hdr, flags),
	BITS("throttled", BITS, PAR_OUT_THROTTLED, par_hdr, flags),
	BITS("flags", MORE_BITS, PAR_OUT_RUNNING | PAR_OUT_READY | PAR_OUT_THROTTLED, par_hdr,
	     flags),
	F("cpu", UINT, par_task, off.out_cpu),
	F("teller", UINT, par_hdr, cpu),
	OFF_FIELDS(par_task),
	CAUSE_FIELDS(par_task),
	F("start", TIME, par_task, start_ns),
	USAGE_FIELDS(par_task),
	F("turn", TIME, par_task, turn_ns),
	F("turn-queue", TIME, par_task, turn_queue_ns),
	F("turn-blocked", TIME, par_task, turn_blocked_ns),
	F("turns", UINT, par_task, turns),
	F("ns-tid", UINT, par_task, ns_tid),
	{ 0 },
};

static const struct field fork_fields[] = {
	F("tid", UINT, par_hdr, tid),
	F("pid", UINT, par_fork, tgid),
	F("child", UINT, par_fork, child_tid),
	F("childpid", UINT, par_fork, child_tgid),
	F("child-ns-tid", UINT, par_fork, child_ns_tid),
	F("comm", STRING, par_fork, comm),
	BITS("shares-vm", BITS, PAR_FORK_SHARES_VM, par_hdr, flags),
	CPU_AND_FLAGS(PAR_FORK_SHARES_VM),
	{ 0 },
};

static const struct field exec_fields[] = {
	F("pid", UINT, par_hdr, tid),
	F("old", UINT, par_exec, old_tid),
	F("comm", STRING, par_exec, comm),
	F("path", STRING, par_exec, path),
	F("maxrss-kib", UINT, par_exec, maxrss_kib),
	CPU_AND_FLAGS(0),
	{ 0 },
};

static const struct field rename_fields[] = {
	F("tid", UINT, par_hdr, tid),
	F("pid", UINT, par_rename, tgid),
	F("comm", STRING, par_rename, comm),
	CPU_AND_FLAGS(0),
	{ 0 },
};

static const struct field exit_fields[] = {
	F("tid", UINT, par_hdr, tid),
	F("pid", UINT, par_exit, tgid),
	F("code", UINT, par_exit, exit_code),
	BITS("process", BITS, PAR_EXIT_PROCESS, par_hdr, flags),
	CPU_AND_FLAGS(PAR_EXIT_PROCESS),
	USAGE_FIELDS(par_exit),
	F("maxrss", UINT, par_exit, maxrss_bytes),
	F("turn", TIME, par_exit, turn_ns),
	F("turns", UINT, par_exit, turns),
	F("comm", STRING, par_exit, comm),
	{ 0 },
};

static const struct field free_fields[] = {
	F("tid", UINT, par_hdr, tid),
	F("pid", UINT, par_free, tgid),
	CPU_AND_FLAGS(0),
	{ 0 },
};

static const struct field startup_fields[] = {
	F("tid", UINT, par_hdr, tid),
	F("pid", UINT, par_startup, tgid),
	BITS("loaded", BITS, PAR_STARTUP_LOADED, par_hdr, flags),
	BITS("fed", BITS, PAR_STARTUP_FED, par_hdr, flags),
	CPU_AND_FLAGS(PAR_STARTUP_LOADED | PAR_STARTUP_FED),
	{ 0 },
};

static const struct field turn_fields[] = {
	F("tid", UINT, par_hdr, tid),
	F("pid", UINT, par_turn, tgid),
	F("start", TIME, par_turn, start_ns),
	F("queue", TIME, par_turn, queue_ns),
	F("blocked", TIME, par_turn, blocked_ns),
	F("turns", UINT, par_turn, turns),
	BITS("first", BITS, PAR_TURN_FIRST, par_hdr, flags),
	BITS("epoll", BITS, PAR_TURN_EPOLL, par_hdr, flags),
	CPU_AND_FLAGS(PAR_TURN_FIRST | PAR_TURN_EPOLL),
	{ 0 },
};

static const struct field missed_fields[] = {
	F("tid", UINT, par_hdr, tid),
	F("pid", UINT, par_missed_cycles, tgid),
	F("voluntary", UINT, par_missed_cycles, missed.voluntary),
	F("involuntary", UINT, par_missed_cycles, missed.involuntary),
	F("ran", TIME, par_missed_cycles, missed.ran_ns),
	F("blocked", TIME, par_missed_cycles, missed.blocked_ns),
	F("queue", TIME, par_missed_cycles, missed.queue_ns),
	CPU_AND_FLAGS(0),
	{ 0 },
};

static const struct field process_fields[] = {
	F("pid", UINT, par_hdr, tid),
	F("ppid", UINT, event_process, ppid),
	F("exe", STRING, event_process, exe),
	F("command", STRING, event_process, command),
	F("imports", STRING, event_process, imports),
	CPU_AND_FLAGS(0),
	{ 0 },
};

static const struct field runtime_fields[] = {
	F("pid", UINT, par_hdr, tid),
	F("name", STRING, event_runtime, name),
	F("version", STRING, event_runtime, version),
	BITS("global-lock", BITS, 1, event_runtime, global_lock),
	BITS("free-threaded", BITS, 1, event_runtime, free_threaded),
	F("addr", HEX, event_runtime, lock_addr),
	F("size", HEX, event_runtime, lock_size),
	CPU_AND_FLAGS(0),
	{ 0 },
};

static const struct field memory_fields[] = {
	F("pid", UINT, par_hdr, tid),
	F("rss", UINT, event_memory, rss_bytes),
	F("pss", UINT, event_memory, pss_bytes),
	F("private", UINT, event_memory, private_bytes),
	CPU_AND_FLAGS(0),
	{ 0 },
};

static const struct field syscalls_fields[] = {
	F("tid", UINT, par_hdr, tid),
	F("sys", SYSNO, event_syscalls, sysno),
	F("calls", UINT, event_syscalls, calls),
	F("errors", UINT, event_syscalls, errors),
	F("bytes", UINT, event_syscalls, bytes),
	F("wakes", UINT, event_syscalls, wakes),
	CPU_AND_FLAGS(0),
	{ 0 },
};

static const struct field traffic_fields[] = {
	F("pid", UINT, par_hdr, tid),
	F("file", FILE, event_traffic, file),
	BITS("read", NO_BITS, 1, event_traffic, is_write),
	BITS("write", BITS, 1, event_traffic, is_write),
	F("messages", UINT, event_traffic, messages),
	F("bytes", UINT, event_traffic, bytes),
	F("main", UINT, event_traffic, main_messages),
	CPU_AND_FLAGS(0),
	{ 0 },
};

static const struct field file_fields[] = {
	F("id", UINT, event_file, id),
	F("dev", HEX, event_file, dev),
	F("name", STRING, event_file, name),
	F("tid", UINT, par_hdr, tid),
	CPU_AND_FLAGS(0),
	{ 0 },
};

static const struct field listen_fields[] = {
	F("port", UINT, event_listen, port),
	F("tid", UINT, par_hdr, tid),
	CPU_AND_FLAGS(0),
	{ 0 },
};

static const struct field gap_fields[] = {
	F("tid", UINT, par_hdr, tid),
	CPU_AND_FLAGS(0),
	F("gap", GAP, event_gap, gap),
	{ 0 },
};

static const struct field lost_fields[] = {
	F("ring", UINT, event_lost, ring),
	F("state", UINT, event_lost, state),
	F("tid", UINT, par_hdr, tid),
	CPU_AND_FLAGS(0),
	{ 0 },
};

static const struct field name_fields[] = {
	F("tid", UINT, par_hdr, tid),
	F("pid", UINT, event_name, tgid),
	F("comm", STRING, event_name, comm),
	CPU_AND_FLAGS(0),
	{ 0 },
};

static const struct field symbol_fields[] = {
	F("pid", UINT, par_hdr, tid),
	F("addr", HEX, event_symbol, addr),
	F("name", STRING, event_symbol, name),
	CPU_AND_FLAGS(0),
	{ 0 },
};

static const struct field shared_fields[] = {
	F("pid", UINT, par_hdr, tid),
	F("id", UINT, event_shared, id),
	F("dev", HEX, event_shared, dev),
	F("bytes", UINT, event_shared, bytes),
	F("name", STRING, event_shared, name),
	BITS("writable", BITS, EVENT_SHARED_WRITABLE, par_hdr, flags),
	CPU_AND_FLAGS(EVENT_SHARED_WRITABLE),
	{ 0 },
};

static const struct field released_fields[] = {
	F("tid", UINT, par_hdr, tid),
	F("watched", TIME, event_released, cpu_ns),
	F("released", TIME, event_released, released_ns),
	CPU_AND_FLAGS(0),
	{ 0 },
};

static const struct field disk_fields[] = {
	F("pid", UINT, par_hdr, tid),
	F("dev", HEX, event_disk, dev),
	F("reads", UINT, event_disk, reads),
	F("writes", UINT, event_disk, writes),
	F("read-bytes", UINT, event_disk, read_bytes),
	F("write-bytes", UINT, event_disk, write_bytes),
	CPU_AND_FLAGS(0),
	{ 0 },
};

static const struct field peer_fields[] = {
	F("pid", UINT, par_hdr, tid),
	F("file", FILE, event_peer, file),
	F("comm", STRING, event_peer, comm),
	CPU_AND_FLAGS(0),
	{ 0 },
};

static const struct field device_fields[] = {
	F("dev", HEX, event_device, dev),
	F("name", STRING, event_device, name),
	F("tid", UINT, par_hdr, tid),
	CPU_AND_FLAGS(0),
	{ 0 },
};

/* Of enum par_request_kind the number; most are TCP's, which is 0. */
static const struct field request_fields[] = {
	F("tid", UINT, par_hdr, tid),
	F("pid", UINT, par_request, tgid),
	F("begin", TIME, par_request, begin_ns),
	F("read", TIME, par_request, read_ns),
	F("end", TIME, par_request, end_ns),
	F("by", UINT, par_request, end_tid),
	F("port", UINT, par_request, lport),
	F("kind", UINT, par_request, kind),
	CPU_AND_FLAGS(0),
	{ 0 },
};

static const struct field backlog_fields[] = {
	F("pid", UINT, par_hdr, tid),
	F("id", UINT, event_backlog, id),
	F("accepts", UINT, event_backlog, accepts),
	F("waiting", UINT, event_backlog, waiting),
	F("most", UINT, event_backlog, waiting_max),
	F("limit", UINT, event_backlog, limit),
	F("port", UINT, event_backlog, lport),
	F("kind", UINT, event_backlog, kind),
	CPU_AND_FLAGS(0),
	{ 0 },
};

static const struct field requests_fields[] = {
	F("unfinished", UINT, event_requests, unfinished),
	F("missed", UINT, event_requests, missed),
	F("tid", UINT, par_hdr, tid),
	CPU_AND_FLAGS(0),
	{ 0 },
};

static const struct kind {
	const char *word;
	uint8_t kind;
	const struct field *fields;
} kinds[] = {
	{ "cycle", PAR_CYCLE, cycle_fields },
	{ "task", PAR_TASK, task_fields },
	{ "open", PAR_OPEN, task_fields },
	{ "fork", PAR_FORK, fork_fields },
	{ "exec", PAR_EXEC, exec_fields },
	{ "rename", PAR_RENAME, rename_fields },
	{ "exit", PAR_EXIT, exit_fields },
	{ "free", PAR_FREE, free_fields },
	{ "startup", PAR_STARTUP, startup_fields },
	{ "turn", PAR_TURN, turn_fields },
	{ "request", PAR_REQUEST, request_fields },
	{ "missed", PAR_MISSED, missed_fields },
	{ "begin", EVENT_BEGIN, mark_fields },
	{ "end", EVENT_END, mark_fields },
	{ "process", EVENT_PROCESS, process_fields },
	{ "runtime", EVENT_RUNTIME, runtime_fields },
	{ "memory", EVENT_MEMORY, memory_fields },
	{ "syscalls", EVENT_SYSCALLS, syscalls_fields },
	{ "traffic", EVENT_TRAFFIC, traffic_fields },
	{ "file", EVENT_FILE, file_fields },
	{ "listen", EVENT_LISTEN, listen_fields },
	{ "gap", EVENT_GAP, gap_fields },
	{ "lost", EVENT_LOST, lost_fields },
	{ "name", EVENT_NAME, name_fields },
	{ "symbol", EVENT_SYMBOL, symbol_fields },
	{ "shared", EVENT_SHARED, shared_fields },
	{ "released", EVENT_RELEASED, released_fields },
	{ "disk", EVENT_DISK, disk_fields },
	{ "peer", EVENT_PEER, peer_fields },
	{ "device", EVENT_DEVICE, device_fields },
	{ "backlog", EVENT_BACKLOG, backlog_fields },
	{ "requests", EVENT_REQUESTS, requests_fields },
};
/* clang-format on */

static uint64_t load(const void *at, size_t size)
{
	uint64_t v = 0;

	switch (size) {
	case 1:
		return *(const uint8_t *)at;
	case 2:
		return *(const uint16_t *)at;
	case 4:
		return *(const uint32_t *)at;
	default:
		memcpy(&v, at, sizeof(v));
		return v;
	}
}

static bool store(void *at, size_t size, uint64_t v)
{
	switch (size) {
	case 1:
		*(uint8_t *)at = (uint8_t)v;
		return v <= UINT8_MAX;
	case 2:
		*(uint16_t *)at = (uint16_t)v;
		return v <= UINT16_MAX;
	case 4:
		*(uint32_t *)at = (uint32_t)v;
		return v <= UINT32_MAX;
	default:
		memcpy(at, &v, sizeof(v));
		return true;
	}
}

static bool is_word(const struct field *f)
{
	return f->type == FIELD_BITS || f->type == FIELD_NO_BITS;
}

static bool get_waker(const char **p, struct par_off *off)
{
	uint64_t v;

	if (!value_get_uint(p, &v) || !store(&off->waker_tid, sizeof(off->waker_tid), v))
		return false;
	if (**p != '@')
		return true;
	++*p;
	return value_get_uint(p, &v) && store(&off->waker_cpu, sizeof(off->waker_cpu), v);
}

static bool get_value(const char **p, const struct field *f, void *at)
{
	uint64_t v;

	switch (f->type) {
	case FIELD_UINT:
	case FIELD_HEX:
	case FIELD_OUT_CPU:
		return value_get_uint(p, &v) && store(at, f->size, v);
	case FIELD_MORE_BITS:
		return value_get_uint(p, &v) && store(at, f->size, load(at, f->size) | v);
	case FIELD_TIME:
		return value_get_time(p, &v) && store(at, f->size, v);
	case FIELD_STRING:
		return value_get_string(p, at, f->size);
	case FIELD_STATE:
		return value_get_state(p, at);
	case FIELD_WAKER:
		return get_waker(p, at);
	case FIELD_SYSNO:
		return value_get_sysno(p, at);
	case FIELD_CALL:
		return value_get_call(p, at);
	case FIELD_FILE:
		return value_get_file(p, at);
	case FIELD_GAP:
		return value_get_gap(p, at);
	case FIELD_SHAPE:
		return value_get_shape(p, at);
	case FIELD_KLOCK:
		return value_get_klock(p, at);
	default:
		return false;
	}
}

static void put_value(struct strbuf *out, const struct field *f, const void *at)
{
	const struct par_off *off = at;

	switch (f->type) {
	case FIELD_UINT:
	case FIELD_OUT_CPU:
		strbuf_addf(out, "%llu", (unsigned long long)load(at, f->size));
		break;
	case FIELD_HEX:
		strbuf_addf(out, "0x%llx", (unsigned long long)load(at, f->size));
		break;
	case FIELD_MORE_BITS:
		strbuf_addf(out, "0x%llx", (unsigned long long)load(at, f->size) & ~f->bits);
		break;
	case FIELD_TIME:
		value_put_time(out, load(at, f->size));
		break;
	case FIELD_STRING:
		value_put_string(out, at, f->size);
		break;
	case FIELD_STATE:
		value_put_state(out, *(const uint16_t *)at);
		break;
	case FIELD_WAKER:
		strbuf_addf(out, "%u@%u", off->waker_tid, off->waker_cpu);
		break;
	case FIELD_SYSNO:
		value_put_sysno(out, *(const int32_t *)at);
		break;
	case FIELD_CALL:
		value_put_call(out, at);
		break;
	case FIELD_FILE:
		value_put_file(out, at);
		break;
	case FIELD_GAP:
		value_put_gap(out, at);
		break;
	case FIELD_SHAPE:
		value_put_shape(out, *(const uint8_t *)at);
		break;
	case FIELD_KLOCK:
		value_put_klock(out, *(const uint8_t *)at);
		break;
	default:
		break;
	}
}

static bool is_zero(const void *at, size_t size)
{
	const char *bytes = at;

	for (size_t i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

/* Is that what a line without this key means, too? */
static bool is_default(const struct event *ev, const struct field *f, const void *at)
{
	const struct par_off *off = at;
	const struct par_cause *cause = at;

	switch (f->type) {
	case FIELD_STRING:
		return !*(const char *)at;
	case FIELD_WAKER:
		return !off->waker_tid && !off->waker_cpu;
	case FIELD_OUT_CPU:
		return load(at, f->size) == ev->hdr.cpu;
	case FIELD_SYSNO:
		return *(const int32_t *)at == PAR_NO_SYSCALL;
	case FIELD_CALL:
		return cause->sysno == PAR_NO_SYSCALL && is_zero(cause->args, sizeof(cause->args));
	case FIELD_BITS:
		return !(load(at, f->size) & f->bits);
	case FIELD_NO_BITS:
		return load(at, f->size) & f->bits;
	case FIELD_MORE_BITS:
		return !(load(at, f->size) & ~(uint64_t)f->bits);
	default:
		return is_zero(at, f->size);
	}
}

static bool is_cause(const struct field *f, const struct event *ev)
{
	return ev->hdr.kind == PAR_CYCLE && f->offset >= offsetof(struct par_cycle, cause);
}

void event_text_format(struct strbuf *out, const struct event *ev)
{
	const struct kind *k = NULL;

	value_put_time(out, ev->hdr.ts_ns);
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (kinds[i].kind == ev->hdr.kind)
			k = &kinds[i];
	if (!k) {
		strbuf_addf(out, " #%u", ev->hdr.kind); /* cannot be parsed */
		return;
	}
	strbuf_addf(out, " %s", k->word);
	for (const struct field *f = k->fields; f->key; f++) {
		const void *at = (const char *)ev + f->offset;

		if (is_default(ev, f, at) ||
		    (is_cause(f, ev) && !event_cycle_has_cause(&ev->cycle)))
			continue;
		strbuf_addf(out, is_word(f) ? " %s" : " %s=", f->key);
		put_value(out, f, at);
	}
}

static int complain(struct strbuf *why, const char *what, const char *at)
{
	if (why)
		strbuf_addf(why, "%s at '%.40s'\n", what, at);
	return -EINVAL;
}

static const char *skip_blanks(const char *p)
{
	p += strspn(p, " \t\r\n");
	return *p == '#' ? p + strlen(p) : p;
}

static bool is_end(char c)
{
	return !c || isspace((unsigned char)c);
}

static const struct kind *get_kind(const char **p)
{
	size_t len = strcspn(*p, " \t\r\n");

	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (strlen(kinds[i].word) == len && !memcmp(*p, kinds[i].word, len)) {
			*p += len;
			return &kinds[i];
		}
	}
	return NULL;
}

static const struct field *get_key(const char **p, const struct field *fields)
{
	size_t len = strcspn(*p, "= \t\r\n");

	for (const struct field *f = fields; f->key; f++) {
		if (strlen(f->key) == len && !memcmp(*p, f->key, len)) {
			*p += len;
			return f;
		}
	}
	return NULL;
}

/* One "key=value" or one word. @seen has a bit for each field met before. */
static int get_field(const char **p, const struct kind *k, struct event *ev, uint64_t *seen)
{
	const struct field *f = get_key(p, k->fields);
	uint64_t bit = f ? 1ULL << (f - k->fields) : 0;
	void *at;

	if (!f || *seen & bit)
		return -EINVAL;
	*seen |= bit;
	at = (char *)ev + f->offset;
	if (f->type == FIELD_BITS)
		store(at, f->size, load(at, f->size) | f->bits);
	if (!is_word(f)) {
		if (**p != '=')
			return -EINVAL;
		++*p;
		if (!get_value(p, f, at))
			return -EINVAL;
	}
	return is_end(**p) ? 0 : -EINVAL;
}

/* What a line that says nothing of it means. */
static void set_defaults(const struct kind *k, struct event *ev)
{
	for (const struct field *f = k->fields; f->key; f++) {
		void *at = (char *)ev + f->offset;

		if (f->type == FIELD_SYSNO)
			ev->syscalls.sysno = PAR_NO_SYSCALL;
		else if (f->type == FIELD_CALL)
			((struct par_cause *)at)->sysno = PAR_NO_SYSCALL;
	}
}

/* The fields that depend on others, and words that contradict. */
static bool finish(const struct kind *k, struct event *ev, uint64_t seen)
{
	for (const struct field *f = k->fields; f->key; f++) {
		void *at = (char *)ev + f->offset;
		bool was_seen = seen & 1ULL << (f - k->fields);

		if (f->type == FIELD_OUT_CPU && !was_seen)
			store(at, f->size, ev->hdr.cpu);
		if (f->type == FIELD_NO_BITS && was_seen && load(at, f->size) & f->bits)
			return false;
		if (was_seen && is_cause(f, ev) && !event_cycle_has_cause(&ev->cycle))
			return false;
	}
	return true;
}

int event_text_parse(const char *line, struct event *ev, struct strbuf *why)
{
	const char *p = skip_blanks(line);
	const struct kind *k;
	uint64_t seen = 0, ts_ns;

	memset(ev, 0, sizeof(*ev));
	if (!*p)
		return 1;
	if (!value_get_time(&p, &ts_ns) || !is_end(*p))
		return complain(why, "no time", line);
	p = skip_blanks(p);
	k = get_kind(&p);
	if (!k)
		return complain(why, "no such kind", p);
	ev->hdr.ts_ns = ts_ns;
	ev->hdr.kind = k->kind;
	set_defaults(k, ev);
	for (p = skip_blanks(p); *p; p = skip_blanks(p)) {
		const char *at = p;

		if (get_field(&p, k, ev, &seen))
			return complain(why, "no such key, a bad value, or one key twice", at);
	}
	return finish(k, ev, seen) ? 0 : complain(why, "words that exclude each other", line);
}
