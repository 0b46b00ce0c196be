// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "event/event_text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct event parsed(const char *line)
{
	struct strbuf why = { 0 };
	struct event ev;
	int err = event_text_parse(line, &ev, &why);

	if (err)
		fail_msg("'%s': %d, %s", line, err, strbuf_str(&why));
	strbuf_release(&why);
	return ev;
}

/* @line is how the event it stands for is written. */
static void stays(const char *line)
{
	struct event ev = parsed(line);
	struct strbuf out = { 0 };

	event_text_format(&out, &ev);
	assert_string_equal(strbuf_str(&out), line);
	strbuf_release(&out);
}

static void a_line_for_each_kind_stays_as_it_is(void **state)
{
	(void)state;
	stays("0 begin");
	stays("0 task tid=10 pid=10 ppid=1 comm=app running");
	stays("0 task tid=11 pid=10 comm=worker blocked cpu=1 snapshot sys=nanosleep start=1s");
	stays("5ms cycle tid=11 cpu=1 out=1ms state=S wake=4ms waker=10@0 same-futex "
	      "sys=futex(0x1000,0x80,2) owner=10");
	stays("6ms cycle tid=10 ran=2ms out=5ms preempted gap=5ms:10:R+>99<99");
	stays("7ms fork tid=10 pid=10 child=12 childpid=12 comm=app");
	stays("7ms fork tid=10 pid=10 child=12 childpid=10 child-ns-tid=3 comm=app");
	stays("7.5ms exec pid=12 old=12 comm=ls path=/bin/ls");
	stays("8ms rename tid=12 pid=12 comm=\"a b\"");
	stays("9ms exit tid=12 pid=12 code=256 process utime=2ms");
	stays("9ms free tid=12 pid=12");
	stays("10ms open tid=10 running");
	stays("0 process pid=10 ppid=1 exe=/usr/bin/python3 command=\"python3 app.py\"");
	stays("0 runtime pid=10 name=cpython version=3.11 global-lock addr=0x5000 size=0x200");
	stays("0 memory pid=10 rss=4096 pss=2048 private=1024");
	stays("0 syscalls sys=read calls=5 errors=1 bytes=100");
	stays("0 traffic pid=10 file=pipe:123 write messages=5 bytes=100");
	stays("0 traffic pid=10 file=pipe:123 read messages=5 bytes=100");
	stays("0 file id=77 name=/tmp/x");
	stays("0 listen port=8080");
	stays("10ms gap cpu=1 gap=9ms:10:S>0");
	stays("10ms gap cpu=1 gap=9ms:10:S>7<8:D");
	stays("10ms lost ring=1 state=2");
	stays("9ms request tid=10 pid=10 begin=1ms read=2ms end=3ms by=11 port=80");
	stays("9ms backlog pid=10 id=5 accepts=3 waiting=4 most=2 limit=128 port=80");
	stays("9ms requests unfinished=1 missed=2");
	stays("10ms name tid=99 pid=98 comm=sshd");
	stays("10ms end");
}

static void times_are_read_with_any_unit(void **state)
{
	(void)state;
	assert_int_equal(parsed("12 begin").hdr.ts_ns, 12);
	assert_int_equal(parsed("12ns begin").hdr.ts_ns, 12);
	assert_int_equal(parsed("1.5us begin").hdr.ts_ns, 1500);
	assert_int_equal(parsed("2.5ms begin").hdr.ts_ns, 2500000);
	assert_int_equal(parsed("0.000000001s begin").hdr.ts_ns, 1);
	assert_true(parsed("18446744073709551615 begin").hdr.ts_ns == UINT64_MAX);
}

static void times_are_written_in_the_unit_that_is_short_and_exact(void **state)
{
	(void)state;
	stays("1 begin");
	stays("999 begin");
	stays("1.001us begin");
	stays("10us begin");
	stays("1.5s begin");
	stays("1234567.891us begin");
	stays("18446744073709551.615us begin");
}

static void files_tell_their_ends(void **state)
{
	struct par_file_ref ref;

	(void)state;
	ref = parsed("0 traffic file=tcp:8080>127.0.0.1:5432,loopback,id=9 read").traffic.file;
	assert_int_equal(ref.kind, PAR_FILE_TCP);
	assert_int_equal(ref.lport, 8080);
	assert_int_equal(ref.rport, 5432);
	assert_memory_equal(ref.raddr, "\x7f\0\0\1", 4);
	assert_int_equal(ref.flags, PAR_FILE_LOOPBACK);
	assert_int_equal(ref.id, 9);
	ref = parsed("0 traffic file=unix:12>13,served read").traffic.file;
	assert_int_equal(ref.kind, PAR_FILE_UNIX);
	assert_int_equal(ref.id, 12);
	assert_int_equal(ref.peer_id, 13);
	assert_int_equal(ref.flags, PAR_FILE_SERVED);
}

static void files_stay_as_they_are(void **state)
{
	(void)state;
	stays("0 traffic file=tcp:8080>[::1]:5432,loopback read");
	stays("0 traffic file=tcp:8080,listens,ipv6 read");
	stays("0 traffic file=udp:53>8.8.8.8:0 read");
	stays("0 traffic file=unix:12,listens,served read");
	stays("0 traffic file=unix:12>13,served read");
	stays("0 traffic file=eventfd:0xffff888012345678 read");
	stays("0 traffic file=tcp read");
	stays("0 traffic file=#77:5,0x80 read");
	stays("0 traffic file=socket,id=5 read");
}

static void calls_have_names_and_arguments(void **state)
{
	struct event ev = parsed("1 cycle sys=waitid(-1,5,0,0x10)");

	(void)state;
	assert_int_equal(ev.cycle.cause.sysno, SYS_waitid);
	assert_true(ev.cycle.cause.args[0] == UINT64_MAX);
	assert_int_equal(ev.cycle.cause.args[3], 16);
	assert_int_equal(ev.cycle.cause.args[4], 0);
	stays("1 cycle sys=#9999(1,2,3,4,5)");
	stays("1 cycle sys=#-5");
	assert_int_equal(parsed("1 cycle iowait").cycle.cause.sysno, PAR_NO_SYSCALL);
}

static void a_thread_comes_back_where_it_left_unless_told(void **state)
{
	(void)state;
	assert_int_equal(parsed("1 cycle cpu=3").cycle.off.out_cpu, 3);
	assert_int_equal(parsed("1 cycle outcpu=0 cpu=3").cycle.off.out_cpu, 0);
	stays("1 cycle cpu=3 outcpu=0");
}

static void how_long_it_ran_is_not_known_unless_told(void **state)
{
	(void)state;
	assert_true(parsed("1 cycle").cycle.off.ran_ns == 0);
	assert_int_equal(parsed("1 cycle ran=1us").cycle.off.ran_ns, 1000);
}

static void states_are_letters(void **state)
{
	static const char letters[] = "RSDTtZPXI";
	static const uint16_t bits[] = { 0, 1, 2, 4, 8, 0x20, 0x40, 0x80, 0x402 };

	(void)state;
	for (size_t i = 0; i < COUNT(bits); i++) {
		char line[] = "1 cycle state=?";

		line[sizeof(line) - 2] = letters[i];
		assert_int_equal(parsed(line).cycle.off.out_state, bits[i]);
	}
	stays("1 cycle state=0x102");
}

static void strings_may_hold_anything(void **state)
{
	(void)state;
	assert_string_equal(parsed("1 rename comm=\"a \\\"\\\\\\x0a\"").rename.comm, "a \"\\\n");
	stays("1 rename comm=\"a \\\"\\\\\\x0a\"");
	stays("1 rename comm=123456789012345");
	stays("1 rename comm=h\xc3\xa9");
	stays("1 rename comm=a=b");
	stays("1 rename comm=#1");
}

static void blanks_and_comments_are_no_events(void **state)
{
	struct event ev;

	(void)state;
	assert_int_equal(event_text_parse("", &ev, NULL), 1);
	assert_int_equal(event_text_parse(" \t\n", &ev, NULL), 1);
	assert_int_equal(event_text_parse("  # 0 begin", &ev, NULL), 1);
	assert_int_equal(parsed("5 cycle tid=3 # tid=4\n").hdr.tid, 3);
}

static void what_makes_no_sense_is_refused(void **state)
{
	static const char *const lines[] = {
		"begin",
		"0",
		"0 nonsense",
		"x begin",
		"-1 begin",
		"1.5 begin",
		"1.ms begin",
		"1.0000001us begin",
		"20000000000s begin",
		"18446744073709551616 begin",
		"1 cycle tid",
		"1 cycle tid=",
		"1 cycle tid=4294967296",
		"1 cycle tid=1x",
		"1 cycle tid=1 tid=2",
		"1 cycle tidy=1",
		"1 cycle cpu=65536",
		"1 cycle state=Q",
		"1 cycle preempted=1",
		"1 cycle ran=5s",
		"1 cycle sys=no_such_call",
		"1 cycle sys=read(1,2,3,4,5,6)",
		"1 cycle sys=read(1",
		"1 cycle preempted sys=read",
		"1 cycle new owner=1",
		"1 cycle waker=1@",
		"1 cycle gap=1:2:3",
		"1 cycle gap=1:2:S>",
		"1 cycle file=",
		"1 cycle file=spoon:1",
		"1 cycle file=tcp:1>2:3",
		"1 cycle file=tcp:1>1.2.3.4",
		"1 cycle file=pipe:1,wet",
		"1 cycle file=tcp:1>[::1:3",
		"1 task running blocked",
		"1 rename comm=1234567890123456",
		"1 rename comm=\"1",
		"1 rename comm=\"\\q\"",
		"1 rename comm=\"\\x00\"",
		"1 rename comm=\"a\"b",
		"1 traffic read write",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct strbuf why = { 0 };
		struct event ev;

		if (event_text_parse(lines[i], &ev, &why) != -EINVAL)
			fail_msg("accepted: %s", lines[i]);
		assert_true(why.len > 0);
		strbuf_release(&why);
		assert_int_equal(event_text_parse(lines[i], &ev, NULL), -EINVAL);
	}
}

/* The rest of this file: random events of every kind survive the round trip. */

static uint64_t seed = 88172645463325252ULL;

/* xorshift64 (Marsaglia 2003): the same numbers on every machine. */
static uint64_t next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Small, large, round and extreme numbers alike. */
static uint64_t any(uint64_t max)
{
	uint64_t v = next() >> next() % 64;

	switch (next() % 4) {
	case 0:
		return 0;
	case 1:
		v -= v % 1000000;
		break;
	case 2:
		v = next() % 8 ? v : UINT64_MAX;
		break;
	}
	return max == UINT64_MAX ? v : v % (max + 1);
}

static void any_string(char *s, size_t size)
{
	size_t len = any(size - 1);

	memset(s, 0, size);
	for (size_t i = 0; i < len; i++)
		s[i] = (char)(next() % 4 ? 'a' + (int)(next() % 26) : 1 + (int)(next() % 255));
}

static void any_file(struct par_file_ref *ref)
{
	ref->id = any(UINT64_MAX);
	ref->kind = (uint8_t)any(next() % 16 ? PAR_FILE_CNT - 1 : UINT8_MAX);
	if (ref->kind == PAR_FILE_NONE) {
		ref->id = 0; /* nothing more is said of it */
		return;
	}
	ref->flags = (uint8_t)any(next() % 4 ? 0xf : UINT8_MAX);
	if (ref->kind != PAR_FILE_TCP && ref->kind != PAR_FILE_UDP &&
	    ref->kind != PAR_FILE_SOCKET) {
		ref->peer_id = any(UINT64_MAX);
		return;
	}
	ref->lport = (uint16_t)any(UINT16_MAX);
	ref->rport = (uint16_t)any(UINT16_MAX);
	for (size_t i = 0; i < (ref->flags & PAR_FILE_IPV6 ? 16 : 4); i++)
		ref->raddr[i] = (uint8_t)any(UINT8_MAX);
}

static void any_off(struct par_off *off)
{
	off->ran_ns = (uint32_t)any(UINT32_MAX);
	off->out_ns = any(UINT64_MAX);
	off->wake_ns = any(UINT64_MAX);
	off->waker_tid = (uint32_t)any(UINT32_MAX);
	off->out_cpu = (uint16_t)any(UINT16_MAX);
	off->waker_cpu = (uint16_t)any(UINT16_MAX);
	off->out_state = (uint16_t)any(UINT16_MAX);
	off->out_flags = (uint8_t)any(UINT8_MAX);
	off->wake_flags = (uint8_t)any(UINT8_MAX);
}

static void any_gap(struct par_cpu_gap *gap)
{
	gap->out_ns = any(UINT64_MAX);
	gap->out_tid = (uint32_t)any(UINT32_MAX);
	gap->next_tid = (uint32_t)any(UINT32_MAX);
	gap->out_state = (uint16_t)any(UINT16_MAX);
	gap->out_flags = (uint8_t)any(UINT8_MAX);
	gap->prev_state = (uint8_t)any(UINT8_MAX);
	gap->prev_tid = (uint32_t)any(UINT32_MAX);
}

static void any_cause(struct par_cause *cause)
{
	for (size_t i = 0; i < COUNT(cause->args); i++)
		cause->args[i] = next() % 4 ? any(UINT64_MAX) : -any(4096);
	cause->timeout_ns = any(UINT64_MAX);
	any_file(&cause->file);
	cause->sysno = (int32_t)any(next() % 4 ? 450 : UINT32_MAX);
	cause->owner_tid = (uint32_t)any(UINT32_MAX);
	cause->flags = (uint8_t)any(UINT8_MAX);
	cause->polled = (uint8_t)any(UINT8_MAX);
}

static void any_cycle(struct par_cycle *c)
{
	any_off(&c->off);
	any_gap(&c->gap);
	c->tgid = (uint32_t)any(UINT32_MAX);
	if (!(c->off.out_flags & (PAR_OUT_PREEMPT | PAR_OUT_NEW)))
		any_cause(&c->cause);
	else
		c->cause.sysno = PAR_NO_SYSCALL;
}

static void any_task(struct par_task *t)
{
	any_off(&t->off);
	t->tgid = (uint32_t)any(UINT32_MAX);
	t->ppid = (uint32_t)any(UINT32_MAX);
	t->start_ns = any(UINT64_MAX);
	t->utime_ns = any(UINT64_MAX);
	t->stime_ns = any(UINT64_MAX);
	t->min_flt = any(UINT64_MAX);
	t->maj_flt = any(UINT64_MAX);
	t->turn_ns = any(UINT64_MAX);
	t->turn_queue_ns = any(UINT64_MAX);
	t->turn_blocked_ns = any(UINT64_MAX);
	t->turns = (uint32_t)any(UINT32_MAX);
	t->ns_tid = (uint32_t)any(UINT32_MAX);
	any_string(t->comm, sizeof(t->comm));
	any_cause(&t->cause);
}

static void any_births_and_ends(struct event *ev)
{
	switch (ev->hdr.kind) {
	case PAR_FORK:
		ev->fork.tgid = (uint32_t)any(UINT32_MAX);
		ev->fork.child_tid = (uint32_t)any(UINT32_MAX);
		ev->fork.child_tgid = (uint32_t)any(UINT32_MAX);
		ev->fork.child_ns_tid = (uint32_t)any(UINT32_MAX);
		any_string(ev->fork.comm, sizeof(ev->fork.comm));
		break;
	case PAR_EXEC:
		ev->exec.old_tid = (uint32_t)any(UINT32_MAX);
		ev->exec.maxrss_kib = (uint32_t)any(UINT32_MAX);
		any_string(ev->exec.comm, sizeof(ev->exec.comm));
		any_string(ev->exec.path, sizeof(ev->exec.path));
		break;
	case PAR_RENAME:
		ev->rename.tgid = (uint32_t)any(UINT32_MAX);
		any_string(ev->rename.comm, sizeof(ev->rename.comm));
		break;
	case PAR_EXIT:
		ev->exit.tgid = (uint32_t)any(UINT32_MAX);
		ev->exit.exit_code = (uint32_t)any(UINT32_MAX);
		ev->exit.utime_ns = any(UINT64_MAX);
		ev->exit.stime_ns = any(UINT64_MAX);
		ev->exit.min_flt = any(UINT64_MAX);
		ev->exit.maj_flt = any(UINT64_MAX);
		ev->exit.maxrss_bytes = any(UINT64_MAX);
		ev->exit.turn_ns = any(UINT64_MAX);
		ev->exit.turns = (uint32_t)any(UINT32_MAX);
		any_string(ev->exit.comm, sizeof(ev->exit.comm));
		break;
	case PAR_FREE:
		ev->free.tgid = (uint32_t)any(UINT32_MAX);
		break;
	case PAR_TURN:
		ev->turn.tgid = (uint32_t)any(UINT32_MAX);
		ev->turn.start_ns = any(UINT64_MAX);
		ev->turn.queue_ns = any(UINT64_MAX);
		ev->turn.blocked_ns = any(UINT64_MAX);
		ev->turn.turns = (uint32_t)any(UINT32_MAX);
		break;
	case PAR_STARTUP:
		ev->startup.tgid = (uint32_t)any(UINT32_MAX);
		break;
	case PAR_MISSED:
		ev->missed.tgid = (uint32_t)any(UINT32_MAX);
		ev->missed.missed.voluntary = (uint32_t)any(UINT32_MAX);
		ev->missed.missed.involuntary = (uint32_t)any(UINT32_MAX);
		ev->missed.missed.ran_ns = any(UINT64_MAX);
		ev->missed.missed.blocked_ns = any(UINT64_MAX);
		ev->missed.missed.queue_ns = any(UINT64_MAX);
		break;
	}
}

static void any_finding(struct event *ev)
{
	switch (ev->hdr.kind) {
	case EVENT_PROCESS:
		ev->process.ppid = (uint32_t)any(UINT32_MAX);
		any_string(ev->process.exe, sizeof(ev->process.exe));
		any_string(ev->process.command, sizeof(ev->process.command));
		break;
	case EVENT_RUNTIME:
		any_string(ev->runtime.name, sizeof(ev->runtime.name));
		any_string(ev->runtime.version, sizeof(ev->runtime.version));
		ev->runtime.global_lock = next() & 1;
		ev->runtime.lock_addr = any(UINT64_MAX);
		ev->runtime.lock_size = any(UINT64_MAX);
		break;
	case EVENT_MEMORY:
		ev->memory.rss_bytes = any(UINT64_MAX);
		ev->memory.pss_bytes = any(UINT64_MAX);
		ev->memory.private_bytes = any(UINT64_MAX);
		break;
	case EVENT_FILE:
		ev->file.id = any(UINT64_MAX);
		ev->file.dev = (uint32_t)any(UINT32_MAX);
		any_string(ev->file.name, sizeof(ev->file.name));
		break;
	case EVENT_LISTEN:
		ev->listen.port = (uint16_t)any(UINT16_MAX);
		break;
	case EVENT_NAME:
		ev->name.tgid = (uint32_t)any(UINT32_MAX);
		any_string(ev->name.comm, sizeof(ev->name.comm));
		break;
	}
}

static void any_count(struct event *ev)
{
	switch (ev->hdr.kind) {
	case EVENT_SYSCALLS:
		ev->syscalls.sysno = (int32_t)any(next() % 4 ? 450 : UINT32_MAX);
		ev->syscalls.calls = any(UINT64_MAX);
		ev->syscalls.errors = any(UINT64_MAX);
		ev->syscalls.bytes = any(UINT64_MAX);
		ev->syscalls.wakes = any(UINT64_MAX);
		break;
	case EVENT_TRAFFIC:
		any_file(&ev->traffic.file);
		ev->traffic.is_write = next() & 1;
		ev->traffic.messages = any(UINT64_MAX);
		ev->traffic.bytes = any(UINT64_MAX);
		break;
	case EVENT_GAP:
		any_gap(&ev->gap.gap);
		break;
	case EVENT_LOST:
		ev->lost.ring = any(UINT64_MAX);
		ev->lost.state = any(UINT64_MAX);
		break;
	}
}

static void any_event(struct event *ev, uint8_t kind)
{
	memset(ev, 0, sizeof(*ev));
	ev->hdr.ts_ns = any(UINT64_MAX);
	ev->hdr.tid = (uint32_t)any(UINT32_MAX);
	ev->hdr.cpu = (uint16_t)any(UINT16_MAX);
	ev->hdr.flags = (uint8_t)any(UINT8_MAX);
	ev->hdr.kind = kind;
	if (kind == PAR_CYCLE)
		any_cycle(&ev->cycle);
	else if (kind == PAR_TASK || kind == PAR_OPEN)
		any_task(&ev->task);
	any_births_and_ends(ev);
	any_finding(ev);
	any_count(ev);
}

static void survives(const struct event *ev)
{
	struct strbuf first = { 0 }, second = { 0 };
	struct event back;

	event_text_format(&first, ev);
	back = parsed(strbuf_str(&first));
	event_text_format(&second, &back);
	assert_string_equal(strbuf_str(&first), strbuf_str(&second));
	if (memcmp(&back, ev, sizeof(back)))
		fail_msg("not the same: %s", strbuf_str(&first));
	strbuf_release(&first);
	strbuf_release(&second);
}

static void any_event_survives_the_round_trip(void **state)
{
	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct event ev;

		for (uint8_t kind = 1; kind < PAR_KIND_CNT; kind++) {
			any_event(&ev, kind);
			survives(&ev);
		}
		for (uint8_t kind = EVENT_BEGIN; kind <= EVENT_NAME; kind++) {
			any_event(&ev, kind);
			survives(&ev);
		}
	}
}

static void a_zeroed_event_of_any_kind_survives(void **state)
{
	(void)state;
	for (uint8_t kind = 1; kind <= EVENT_NAME; kind++) {
		struct event ev = { 0 };

		if (kind >= PAR_KIND_CNT && kind < EVENT_BEGIN)
			continue;
		ev.hdr.kind = kind;
		survives(&ev);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_for_each_kind_stays_as_it_is),
		cmocka_unit_test(times_are_read_with_any_unit),
		cmocka_unit_test(times_are_written_in_the_unit_that_is_short_and_exact),
		cmocka_unit_test(files_tell_their_ends),
		cmocka_unit_test(files_stay_as_they_are),
		cmocka_unit_test(calls_have_names_and_arguments),
		cmocka_unit_test(a_thread_comes_back_where_it_left_unless_told),
		cmocka_unit_test(how_long_it_ran_is_not_known_unless_told),
		cmocka_unit_test(states_are_letters),
		cmocka_unit_test(strings_may_hold_anything),
		cmocka_unit_test(blanks_and_comments_are_no_events),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(any_event_survives_the_round_trip),
		cmocka_unit_test(a_zeroed_event_of_any_kind_survives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
