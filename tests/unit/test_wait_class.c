// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "event/event_text.h"
#include "event/sysno.h"
#include "model/wait_class.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/*
 * What else is known, struct wait_context, goes behind a "#". The words of the
 * GIL, if known, are about 0x5040.
 */
struct row {
	const char *wait; /* the cause, and the state unless it is S */
	enum bucket bucket;
	enum lock_kind lock;
};

static struct wait_calls calls;

static int setup(void **state)
{
	(void)state;
	wait_calls_init(&calls);
	return 0;
}

static struct wait_what classify(const char *wait)
{
	struct wait_context ctx = {
		.calls = &calls,
		.gil_addr = 0x5000,
		.gil_size = 0x1000,
		.gil_word = strstr(wait, "# gil") ? 0x5040 : 0,
		.served_port = strstr(wait, "# served"),
		.known_tid = strstr(wait, "# tid"),
		.timed_out = strstr(wait, "# timed out"),
		.sibling_woke = strstr(wait, "# sibling"),
	};
	struct strbuf line = { 0 }, why = { 0 };
	struct wait_what what;
	struct event ev;

	strbuf_addf(&line, "1 cycle %s %s", strstr(wait, "state=") ? "" : "state=S", wait);
	if (event_text_parse(strbuf_str(&line), &ev, &why))
		fail_msg("%s", strbuf_str(&why));
	wait_classify(&ctx, &ev.cycle.cause, ev.cycle.off.out_state, &what);
	strbuf_release(&line);
	strbuf_release(&why);
	return what;
}

static void check(const struct row *rows, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		struct wait_what what = classify(rows[i].wait);

		if (what.bucket != rows[i].bucket)
			fail_msg("%s: %s, not %s", rows[i].wait, bucket_name(what.bucket),
				 bucket_name(rows[i].bucket));
		if (what.lock != rows[i].lock)
			fail_msg("%s: lock %d, not %d", rows[i].wait, what.lock, rows[i].lock);
	}
}

#define CHECK(...)                                                 \
	do {                                                       \
		static const struct row rows_[] = { __VA_ARGS__ }; \
		check(rows_, COUNT(rows_));                        \
	} while (0)

/* FUTEX_WAIT 0, LOCK_PI 6, WAIT_BITSET 9, WAIT_REQUEUE_PI 11, LOCK_PI2 13; PRIVATE 0x80 */
static void a_futex_is_told_by_its_shape(void **state)
{
	(void)state;
	CHECK({ "sys=futex(0x1000,0x80,2) shape=mutex", BUCKET_LOCK, LOCK_MUTEX },
	      { "sys=futex(0x1000,0x189,3) shape=rwlock", BUCKET_LOCK, LOCK_RWLOCK },
	      { "sys=futex(0x1000,0x189,0) shape=condvar", BUCKET_SYNC, LOCK_CONDVAR },
	      { "sys=futex(0x1000,0x189,0) shape=semaphore", BUCKET_SYNC, LOCK_SEMAPHORE },
	      { "sys=futex(0x1000,0x80,7) shape=barrier", BUCKET_SYNC, LOCK_BARRIER },
	      { "sys=futex(0x1000,6)", BUCKET_IPC, LOCK_PI },
	      { "sys=futex(0x1000,0x86)", BUCKET_LOCK, LOCK_PI },
	      { "sys=futex(0x1000,0x8d)", BUCKET_LOCK, LOCK_PI },
	      { "sys=futex(0x1000,0x8b)", BUCKET_SYNC, LOCK_CONDVAR },
	      { "sys=futex_wait(0x1000,2,0xffffffff,0x82) shape=mutex", BUCKET_LOCK, LOCK_MUTEX },
	      { "sys=futex_wait(0x1000,0,0xffffffff,0x82)", BUCKET_SYNC, LOCK_FUTEX },
	      { "sys=futex_waitv(0x1000,2)", BUCKET_SYNC, LOCK_NONE },
	      { "sys=futex_waitv(0x1000,2) lock=0x2000", BUCKET_SYNC, LOCK_FUTEX },
	      { "sys=futex(0x1000,0x81,1)", BUCKET_OTHER, LOCK_NONE });
}

static void a_futex_without_a_shape_is_never_called_a_lock(void **state)
{
	(void)state;
	CHECK({ "sys=futex(0x1000,0x80,2)", BUCKET_SYNC, LOCK_FUTEX },
	      { "sys=futex(0x1000,0x80,2) shape=stack", BUCKET_SYNC, LOCK_FUTEX },
	      { "sys=futex(0x1000,0x89,-1)", BUCKET_SYNC, LOCK_FUTEX },
	      { "sys=futex(0x1000,0x80,0)", BUCKET_SYNC, LOCK_FUTEX });
}

static void what_is_parked_on_is_the_lock(void **state)
{
	(void)state;
	CHECK({ "sys=futex(0x7f00,0x189,0) shape=parked lock=0x2000", BUCKET_SYNC,
		LOCK_SEMAPHORE });
	assert_int_equal(classify("sys=futex(0x7f00,0x189,0) shape=parked lock=0x2000").lock_addr,
			 0x2000);
}

static void a_shared_futex_is_a_join_or_between_processes(void **state)
{
	(void)state;
	CHECK({ "sys=futex(0x1000,0x109,11) # tid", BUCKET_SYNC, LOCK_JOIN },
	      { "sys=futex(0x1000,0,11) # tid", BUCKET_SYNC, LOCK_JOIN },
	      { "sys=futex(0x1000,0,11)", BUCKET_IPC, LOCK_FUTEX },
	      { "sys=futex(0x1000,0,2) shape=mutex", BUCKET_IPC, LOCK_MUTEX },
	      { "sys=futex(0x1000,0x109,0) shape=semaphore", BUCKET_IPC, LOCK_SEMAPHORE },
	      { "sys=futex_wait(0x1000,0,0xffffffff,2)", BUCKET_IPC, LOCK_FUTEX });
	assert_true(classify("sys=futex(0x1000,0,2) shape=mutex").is_shared);
	assert_false(classify("sys=futex(0x1000,0,11) # tid").is_shared);
}

static void the_gil_is_a_futex_near_its_known_words(void **state)
{
	(void)state;
	CHECK({ "sys=futex(0x5040,0x89,0,0x7f00) # gil", BUCKET_GIL, LOCK_GIL },
	      { "sys=futex(0x5068,0x80,2) # gil", BUCKET_GIL, LOCK_GIL },
	      { "sys=futex(0x50c0,0x189,0) # gil", BUCKET_GIL, LOCK_GIL },
	      { "sys=futex(0x5800,0x80,2) shape=mutex # gil", BUCKET_LOCK, LOCK_MUTEX },
	      { "sys=futex(0x1000,0x80,2) shape=mutex # gil", BUCKET_LOCK, LOCK_MUTEX },
	      { "sys=futex(0x5068,0x80,2) shape=mutex", BUCKET_LOCK, LOCK_MUTEX });
	assert_int_equal(classify("sys=futex(0x5068,0x80,2) # gil").lock_addr, 0x5000);
}

static void a_request_for_the_gil_is_a_timed_wait_inside_the_range(void **state)
{
	static const struct {
		const char *line;
		bool is_request;
	} rows[] = {
		{ "1 cycle sys=futex(0x5040,0x89,0,0x7f00)", true },
		{ "1 cycle sys=futex(0x5fff,0x89,0,0x7f00)", true },
		{ "1 cycle sys=futex(0x6000,0x89,0,0x7f00)", false },
		{ "1 cycle sys=futex(0x4fff,0x89,0,0x7f00)", false },
		{ "1 cycle sys=futex(0x5040,0x89,0)", false },
		{ "1 cycle sys=futex(0x5040,0x80,2,0x7f00)", false },
		{ "1 cycle sys=read(0x5040,0x89,0,0x7f00)", false },
	};
	struct wait_context ctx = { .calls = &calls, .gil_addr = 0x5000, .gil_size = 0x1000 };
	struct event ev;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(event_text_parse(rows[i].line, &ev, NULL), 0);
		assert_int_equal(wait_is_gil_request(&ctx, &ev.cycle.cause), rows[i].is_request);
	}
}

static void what_is_read_says_whom_it_waits_for(void **state)
{
	(void)state;
	CHECK({ "sys=read(3) file=pipe:9", BUCKET_IPC, LOCK_NONE },
	      { "sys=read(3) file=fifo:9", BUCKET_IPC, LOCK_NONE },
	      { "sys=read(3) file=eventfd:9", BUCKET_IPC, LOCK_NONE },
	      { "sys=read(3) file=mqueue:9", BUCKET_IPC, LOCK_NONE },
	      { "sys=read(3) file=regular:9", BUCKET_DISK, LOCK_NONE },
	      { "sys=pread64(3) file=block:9", BUCKET_DISK, LOCK_NONE },
	      { "sys=read(3) file=tty:9", BUCKET_IDLE, LOCK_NONE },
	      { "sys=read(3) file=char:9", BUCKET_IDLE, LOCK_NONE },
	      { "sys=read(3) file=timerfd:9", BUCKET_SLEEP, LOCK_NONE },
	      { "sys=read(3) file=signalfd:9", BUCKET_IDLE, LOCK_NONE },
	      { "sys=read(3) file=inotify:9", BUCKET_IDLE, LOCK_NONE },
	      { "sys=read(3) file=other:9", BUCKET_OTHER, LOCK_NONE },
	      { "sys=read(3)", BUCKET_OTHER, LOCK_NONE });
}

static void a_socket_is_told_by_its_ends(void **state)
{
	(void)state;
	CHECK({ "sys=recvfrom(3) file=unix:9>10", BUCKET_IPC, LOCK_NONE },
	      { "sys=recvfrom(3) file=unix:9>10,served", BUCKET_IDLE, LOCK_NONE },
	      { "sys=sendto(3) file=unix:9>10,served", BUCKET_IPC, LOCK_NONE },
	      { "sys=recvfrom(3) file=tcp:4000>127.0.0.1:80,loopback", BUCKET_IPC, LOCK_NONE },
	      { "sys=recvfrom(3) file=tcp:4000>10.0.0.1:80", BUCKET_NETWORK, LOCK_NONE },
	      { "sys=recvfrom(3) file=tcp:80>10.0.0.1:4000 # served", BUCKET_IDLE, LOCK_NONE },
	      { "sys=recvfrom(3) file=tcp:80>127.0.0.1:4000,loopback # served", BUCKET_IDLE,
		LOCK_NONE },
	      { "sys=sendto(3) file=tcp:80>10.0.0.1:4000 # served", BUCKET_NETWORK, LOCK_NONE },
	      { "sys=recvfrom(3) file=tcp:80>10.0.0.1:4000,served", BUCKET_IDLE, LOCK_NONE },
	      { "sys=sendto(3) file=tcp:80>10.0.0.1:4000,served", BUCKET_NETWORK, LOCK_NONE },
	      { "sys=recvfrom(3) file=udp:53,served", BUCKET_IDLE, LOCK_NONE },
	      { "sys=recvfrom(3) file=udp:4000", BUCKET_NETWORK, LOCK_NONE },
	      { "sys=recvfrom(3) file=udp:4000,loopback", BUCKET_IPC, LOCK_NONE },
	      { "sys=recvfrom(3) file=udp:4000>10.0.0.1:53", BUCKET_NETWORK, LOCK_NONE },
	      { "sys=recvmsg(3) file=socket,id=9", BUCKET_IDLE, LOCK_NONE },
	      { "sys=connect(3) file=tcp:4000>10.0.0.1:80", BUCKET_NETWORK, LOCK_NONE },
	      { "sys=connect(3) file=tcp:4000>127.0.0.1:80,loopback", BUCKET_IPC, LOCK_NONE },
	      { "sys=connect(3) file=unix:9", BUCKET_IPC, LOCK_NONE },
	      { "sys=accept4(3) file=tcp:80,listens", BUCKET_IDLE, LOCK_NONE },
	      { "sys=accept(3)", BUCKET_IDLE, LOCK_NONE });
}

static void what_is_written_says_who_is_slow(void **state)
{
	(void)state;
	CHECK({ "sys=write(3) file=pipe:9", BUCKET_IPC, LOCK_NONE },
	      { "sys=write(3) file=tty:9", BUCKET_IPC, LOCK_NONE },
	      { "sys=write(3) file=regular:9", BUCKET_DISK, LOCK_NONE },
	      { "sys=fsync(3) file=regular:9 state=D", BUCKET_DISK, LOCK_NONE },
	      { "sys=fdatasync(3) state=D", BUCKET_DISK, LOCK_NONE });
}

static void a_poll_is_what_it_waits_on(void **state)
{
	(void)state;
	CHECK({ "sys=epoll_wait(4) file=epoll:9", BUCKET_IDLE, LOCK_NONE },
	      { "sys=epoll_wait(4) file=epoll:9 # timed out", BUCKET_SLEEP, LOCK_NONE },
	      { "sys=poll(0x7f00,1) file=pipe:9", BUCKET_IPC, LOCK_NONE },
	      { "sys=poll(0x7f00,1) file=tcp:4000>10.0.0.1:80", BUCKET_NETWORK, LOCK_NONE },
	      { "sys=poll(0x7f00,1) file=tcp:80,listens", BUCKET_IDLE, LOCK_NONE },
	      { "sys=poll(0x7f00,1) file=pidfd:9", BUCKET_CHILD, LOCK_NONE },
	      { "sys=poll(0x7f00,99)", BUCKET_IDLE, LOCK_NONE },
	      { "sys=pselect6(0) # timed out", BUCKET_SLEEP, LOCK_NONE },
	      { "sys=rt_sigtimedwait", BUCKET_IDLE, LOCK_NONE },
	      { "sys=rt_sigtimedwait # timed out", BUCKET_SLEEP, LOCK_NONE },
	      { "sys=rt_sigsuspend", BUCKET_IDLE, LOCK_NONE },
	      { "sys=io_uring_enter(4)", BUCKET_IDLE, LOCK_NONE },
	      { "sys=io_uring_enter(4) iowait", BUCKET_IDLE, LOCK_NONE },
	      { "sys=io_uring_enter(4) iowait dev=0xfe00000", BUCKET_DISK, LOCK_NONE },
	      { "sys=io_getevents(4)", BUCKET_DISK, LOCK_NONE });
}

/* PAR_CAUSE_READY 0x10, PAR_CAUSE_POLLED 0x40 */
static void what_was_ready_comes_before_the_time_out(void **state)
{
	(void)state;
	CHECK({ "sys=poll(0x7f00,3,5) file=pipe:9 cause-flags=0x50 # timed out", BUCKET_IPC,
		LOCK_NONE },
	      { "sys=poll(0x7f00,3,5) file=pipe:9 cause-flags=0x40 # timed out", BUCKET_SLEEP,
		LOCK_NONE },
	      { "sys=poll(0x7f00,3,5) file=pipe:9 cause-flags=0x40", BUCKET_IPC, LOCK_NONE },
	      { "sys=select(40) file=tcp:80,listens cause-flags=0x50", BUCKET_IDLE, LOCK_NONE },
	      { "sys=select(40) file=timerfd:9 cause-flags=0x50", BUCKET_SLEEP, LOCK_NONE },
	      { "sys=ppoll(0x7f00,3) file=tcp:80>10.0.0.1:4000,served cause-flags=0x50",
		BUCKET_IDLE, LOCK_NONE },
	      { "sys=ppoll(0x7f00,3) file=tcp:4000>10.0.0.1:80 cause-flags=0x50", BUCKET_NETWORK,
		LOCK_NONE },
	      { "sys=epoll_wait(4) file=unix:9>10,served cause-flags=0x10", BUCKET_IDLE,
		LOCK_NONE },
	      { "sys=epoll_wait(4) file=tcp:4000>127.0.0.1:80,loopback cause-flags=0x10",
		BUCKET_IPC, LOCK_NONE },
	      { "sys=epoll_wait(4) file=signalfd:9 cause-flags=0x10", BUCKET_IDLE, LOCK_NONE },
	      { "sys=epoll_wait(4) file=inotify:9 cause-flags=0x10", BUCKET_IDLE, LOCK_NONE });
	assert_true(classify("sys=poll(0x7f00,3) file=pipe:9 cause-flags=0x50").is_poll);
	assert_false(classify("sys=read(3) file=pipe:9").is_poll);
}

static void an_io_uring_waits_for_what_its_requests_are_about(void **state)
{
	(void)state;
	CHECK({ "sys=io_uring_enter(4) file=io_uring:9", BUCKET_IDLE, LOCK_NONE },
	      { "sys=io_uring_enter(4) file=io_uring:9 # timed out", BUCKET_SLEEP, LOCK_NONE },
	      { "sys=io_uring_enter(4) file=pipe:9 cause-flags=0x10", BUCKET_IPC, LOCK_NONE },
	      { "sys=io_uring_enter(4) file=tcp:80>10.0.0.1:4000,served cause-flags=0x10",
		BUCKET_IDLE, LOCK_NONE },
	      { "sys=io_uring_enter(4) file=tcp:4000>10.0.0.1:80 cause-flags=0x10 iowait",
		BUCKET_NETWORK, LOCK_NONE },
	      { "sys=io_uring_enter(4) file=regular:9 cause-flags=0x10", BUCKET_DISK, LOCK_NONE });
}

static void what_a_sibling_brings_is_not_from_another_process(void **state)
{
	(void)state;
	CHECK({ "sys=read(3) file=pipe:9 # sibling", BUCKET_SYNC, LOCK_NONE },
	      { "sys=write(3) file=pipe:9 # sibling", BUCKET_SYNC, LOCK_NONE },
	      { "sys=read(3) file=eventfd:9 # sibling", BUCKET_SYNC, LOCK_NONE },
	      { "sys=read(3) file=mqueue:9 # sibling", BUCKET_SYNC, LOCK_NONE },
	      { "sys=recvfrom(3) file=unix:9>10 # sibling", BUCKET_SYNC, LOCK_NONE },
	      { "sys=recvfrom(3) file=unix:9>10,served # sibling", BUCKET_IDLE, LOCK_NONE },
	      { "sys=epoll_wait(4) file=eventfd:9 cause-flags=0x10 # sibling", BUCKET_SYNC,
		LOCK_NONE },
	      { "sys=poll(0x7f00,3) file=pipe:9 cause-flags=0x50 # sibling", BUCKET_SYNC,
		LOCK_NONE },
	      { "sys=semop(1) # sibling", BUCKET_SYNC, LOCK_NONE },
	      { "sys=openat # sibling", BUCKET_SYNC, LOCK_NONE },
	      { "sys=read(3) file=regular:9 # sibling", BUCKET_DISK, LOCK_NONE },
	      { "sys=read(3) file=timerfd:9 # sibling", BUCKET_SLEEP, LOCK_NONE },
	      { "sys=read(3) file=tcp:4000>10.0.0.1:80 # sibling", BUCKET_NETWORK, LOCK_NONE });
}

static void an_io_urings_waiter_need_not_wait_for_the_disk(void **state)
{
	(void)state;
	CHECK({ "state=S iowait sys=io_uring_enter(4) file=io_uring:9", BUCKET_IDLE, LOCK_NONE },
	      { "state=D iowait sys=io_uring_enter(4) file=io_uring:9", BUCKET_DISK, LOCK_NONE });
}

static void calls_that_speak_for_themselves(void **state)
{
	(void)state;
	CHECK({ "sys=nanosleep", BUCKET_SLEEP, LOCK_NONE },
	      { "sys=clock_nanosleep", BUCKET_SLEEP, LOCK_NONE },
	      { "sys=wait4(-1)", BUCKET_CHILD, LOCK_NONE },
	      { "sys=waitid(0)", BUCKET_CHILD, LOCK_NONE },
	      { "sys=clone3", BUCKET_CHILD, LOCK_NONE }, { "sys=execve", BUCKET_DISK, LOCK_NONE },
	      { "sys=openat state=D", BUCKET_DISK, LOCK_NONE },
	      { "sys=openat", BUCKET_IPC, LOCK_NONE },
	      { "sys=newfstatat state=D", BUCKET_DISK, LOCK_NONE },
	      { "sys=msgrcv(1)", BUCKET_IPC, LOCK_NONE },
	      { "sys=mq_timedsend(3) file=mqueue:9", BUCKET_IPC, LOCK_NONE },
	      { "sys=semop(1)", BUCKET_IPC, LOCK_NONE },
	      { "sys=mmap(0) state=D", BUCKET_KERNEL_LOCK, LOCK_NONE },
	      { "sys=mmap(0) state=D klock=mmap", BUCKET_KERNEL_LOCK, LOCK_KERNEL },
	      { "sys=mmap(0) state=D klock-told", BUCKET_MEMORY, LOCK_NONE },
	      { "sys=mmap(0) state=D iowait", BUCKET_MEMORY, LOCK_NONE },
	      { "sys=brk(0)", BUCKET_OTHER, LOCK_NONE },
	      { "sys=flock(3) file=regular:9", BUCKET_LOCK, LOCK_FILE },
	      { "sys=fcntl(3,7) file=regular:9", BUCKET_LOCK, LOCK_FILE },
	      { "sys=fcntl(3,38) file=regular:9", BUCKET_LOCK, LOCK_FILE },
	      { "sys=fcntl(3,1) file=regular:9", BUCKET_DISK, LOCK_NONE },
	      { "sys=getpid", BUCKET_OTHER, LOCK_NONE }, { "sys=#9999", BUCKET_OTHER, LOCK_NONE });
	assert_true(classify("sys=restart_syscall").carry_on);
}

static void the_threads_state_comes_first(void **state)
{
	(void)state;
	CHECK({ "state=T sys=read(3) file=pipe:9", BUCKET_STOPPED, LOCK_NONE },
	      { "state=T sys=read(3) klock=mutex", BUCKET_STOPPED, LOCK_NONE },
	      { "state=D iowait sys=read(3) klock=mutex", BUCKET_KERNEL_LOCK, LOCK_KERNEL },
	      { "state=D fault klock=mmap", BUCKET_KERNEL_LOCK, LOCK_KERNEL },
	      { "state=D kthread klock=mutex", BUCKET_KERNEL_LOCK, LOCK_KERNEL },
	      { "state=t sys=nanosleep", BUCKET_STOPPED, LOCK_NONE },
	      { "state=D iowait sys=read(3) file=regular:9", BUCKET_DISK, LOCK_NONE },
	      { "state=D iowait sys=futex(0x1000,0x80,2)", BUCKET_DISK, LOCK_NONE },
	      { "state=D fault", BUCKET_MEMORY, LOCK_NONE },
	      { "state=S fault", BUCKET_OTHER, LOCK_NONE });
}

static void kernel_threads_idle_unless_they_are_stuck(void **state)
{
	(void)state;
	CHECK({ "state=I kthread", BUCKET_IDLE, LOCK_NONE },
	      { "state=S kthread", BUCKET_IDLE, LOCK_NONE },
	      { "state=D kthread", BUCKET_OTHER, LOCK_NONE },
	      { "state=D kthread iowait", BUCKET_DISK, LOCK_NONE });
}

static void a_32_bit_call_is_not_read_with_the_wrong_table(void **state)
{
	(void)state;
	CHECK({ "sys=futex(0x1000,0x80,2) compat", BUCKET_OTHER, LOCK_NONE },
	      { "sys=nanosleep compat", BUCKET_OTHER, LOCK_NONE });
}

static void every_cause_has_a_bucket(void **state)
{
	(void)state;
	for (int sysno = -2; sysno < 600; sysno++) {
		for (int flags = 0; flags < 256; flags++) {
			struct par_cause cause = { .sysno = sysno, .flags = (uint8_t)flags };
			struct wait_context ctx = { .calls = &calls };
			struct wait_what what;

			cause.file.kind = (uint8_t)(flags % 32);
			wait_classify(&ctx, &cause, (uint32_t)flags, &what);
			assert_true(what.bucket < BUCKET_CNT && what.lock <= LOCK_NONE);
			/* Whoever is off the CPU by its own will is not on it, nor waits for it. */
			assert_true(what.bucket > BUCKET_THROTTLED);
		}
	}
}

static void kinds_of_locks_have_names(void **state)
{
	(void)state;
	for (int k = 0; k < LOCK_KIND_CNT; k++)
		assert_int_equal(lock_kind_from_name(lock_kind_name((enum lock_kind)k)), k);
	assert_int_equal(lock_kind_from_name("spoon"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_futex_is_told_by_its_shape),
		cmocka_unit_test(a_futex_without_a_shape_is_never_called_a_lock),
		cmocka_unit_test(what_is_parked_on_is_the_lock),
		cmocka_unit_test(a_shared_futex_is_a_join_or_between_processes),
		cmocka_unit_test(the_gil_is_a_futex_near_its_known_words),
		cmocka_unit_test(a_request_for_the_gil_is_a_timed_wait_inside_the_range),
		cmocka_unit_test(what_is_read_says_whom_it_waits_for),
		cmocka_unit_test(a_socket_is_told_by_its_ends),
		cmocka_unit_test(what_is_written_says_who_is_slow),
		cmocka_unit_test(a_poll_is_what_it_waits_on),
		cmocka_unit_test(what_was_ready_comes_before_the_time_out),
		cmocka_unit_test(an_io_uring_waits_for_what_its_requests_are_about),
		cmocka_unit_test(what_a_sibling_brings_is_not_from_another_process),
		cmocka_unit_test(an_io_urings_waiter_need_not_wait_for_the_disk),
		cmocka_unit_test(calls_that_speak_for_themselves),
		cmocka_unit_test(the_threads_state_comes_first),
		cmocka_unit_test(kernel_threads_idle_unless_they_are_stuck),
		cmocka_unit_test(a_32_bit_call_is_not_read_with_the_wrong_table),
		cmocka_unit_test(every_cause_has_a_bucket),
		cmocka_unit_test(kinds_of_locks_have_names),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
