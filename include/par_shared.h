/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Memory that both sides see while a recording runs (the programs' .bss), and
 * the keys and values of the maps that user space reads.
 */
#ifndef PAR_SHARED_H
#define PAR_SHARED_H

#include "par_config.h"
#include "par_event.h"

#define PAR_CPU_CNT 1024	/* a power of two; CPUs beyond share a slot, and lose gaps */
#define PAR_CACHE_LINE 64

/* One counter per way to lose data. */
enum par_drop {
	PAR_DROP_RING,		/* no room in the ring buffer */
	PAR_DROP_STATE,		/* no memory for a thread's state */
	PAR_DROP_TRAFFIC,	/* the table of channels is full */

	PAR_DROP_CNT
};

struct par_cpu_slot {
	struct par_cpu_gap gap;
	__u64 stranger, known;	/* see core.bpf.h */
	__u64 pad[3];		/* a cache line each */
};

struct par_shared {
	__u64 end_ns;		/* nothing from here on is recorded; user space sets it */
	__u64 drops[PAR_DROP_CNT];
	__u64 counts_over;	/* set once, after the end: nothing is counted any more */
	__u64 pad[3];
	struct par_cpu_slot cpus[PAR_CPU_CNT];
};

_Static_assert(sizeof(struct par_cpu_slot) == PAR_CACHE_LINE &&
		       __builtin_offsetof(struct par_shared, cpus) % PAR_CACHE_LINE == 0,
	       "a cache line per CPU, if the whole begins with one");

#define PAR_LANE_PAGE	4096	/* only x86 has lanes */
#define PAR_LANE_SPARE	4096	/* bytes: room for the record that goes on behind the data's end */

/* A CPU's own ring: see bpf/lane.bpf.h. Positions only grow. */
struct par_lane {
	__u64 given_back;	/* user space has read up to here; it only reads the pages after this */
	__u8 pad[PAR_LANE_PAGE - sizeof(__u64)];
	__u64 produced;		/* the program has written up to here */
	__u8 pad2[PAR_LANE_PAGE - sizeof(__u64)];
	char data[];
};

#define PAR_LANE_BYTES(data_bytes) (sizeof(struct par_lane) + (data_bytes) + PAR_LANE_SPARE)

/* The pid namespace that partrace runs in; all 0: the first one. */
struct par_pidns {
	__u64 ns;		/* the kernel's address of it */
	__u32 level;		/* how many it lies in */
	__u32 pad;
};

/* Where the kernel's locking functions lie; 0: not known. */
struct par_lock_text {
	__u64 sched, sched_bytes;	/* those that may sleep */
	__u64 lock, lock_bytes;		/* those that spin */
};

/* Of all traced threads. */
struct par_syscall_count {
	__u64 calls, errors, bytes, wakes;
};

/* A CPU's. */
struct par_syscall_counts {
	struct par_syscall_count of[PAR_SYSNO_CNT];
};

struct par_traffic_key {
	__u64 file_id;		/* 0: all that there was no room for to tell apart */
	__u32 tgid;
	__u8  kind;		/* enum par_file */
	__u8  is_write;
	__u16 more;		/* UDP: the port it was sent to; FIFO: the device; else 0 */
};

struct par_traffic_count {
	__u64 messages, bytes;
	__u64 main_messages;	/* those that the process's first thread moved */
	struct par_file_ref file;
};

/*
 * The uprobes in CPython. Their hits are counted before anything else, of
 * processes that are not traced, too: each costs whoever runs into it.
 */
struct par_python_watch {
	__u64 begin_ns;		/* who releases the GIL is watched since then; 0: never was */
	__u64 end_ns;		/* … and until then */
	__u64 hits;
	__u64 park_hits;
	__u64 has_gvl;		/* there is a Ruby among the traced processes */
};

/* The functions of CPython that are watched. */
enum par_python_function {
	PAR_PYTHON_SAVE_THREAD,		/* these drop the GIL */
	PAR_PYTHON_RELEASE_THREAD,
	PAR_PYTHON_DELETE_CURRENT,	/* ... for good */
	PAR_PYTHON_DELETE_CURRENT_OLD,	/* until 3.12, with an underscore */
	PAR_PYTHON_GILSTATE_RELEASE,	/* ... if its argument says so */
	PAR_PYTHON_RESTORE_THREAD,	/* these take it */
	PAR_PYTHON_ACQUIRE_THREAD,
	PAR_PYTHON_PARK,

	PAR_PYTHON_FUNCTION_CNT
};

/* One per process id: where CPython is in it; or that it is Ruby. */
struct par_python_place {
	__u64 lock_addr, lock_size;	/* the GIL is in there */
	__u64 eval_addr, eval_size;	/* who runs that code has it */
	__u64 has_gvl;			/* Ruby, and all of the above 0 */
};

/* One per thread id; growing. */
struct par_released_count {
	__u64 cpu_ns;		/* CPU time of which it is known */
	__u64 released_ns;	/* ... of it, with the GIL released */
};

/*
 * What moved one way and is not in the table of channels yet, which costs more to look up
 * than all else that is done for a call. Several threads may add, and several bring it
 * there: then it may be below 0, and its sum with the table's is right.
 */
struct par_moved {
	__s64 messages, bytes, main_messages;
};

#define PAR_MOVED_MAX 64	/* so many messages are brought to the table */

/*
 * A served connection, by the address of its struct file. Requests and replies take
 * turns: what is read opens a request, what is written answers it, and the next
 * read ends it. Kept past the connection's end: user space collects the last reply.
 */
struct par_served {
	__u64 ino;		/* tells a file from its successor at the same address */
	__u64 arrival_ns;	/* data came that was not read yet; 0: none was seen */
	__u64 begin_ns;		/* of the open request; 0: there is none */
	__u64 read_ns;
	__u64 write_ns;		/* the last write of its reply; 0: none yet */
	__u64 last_ns;		/* anything moved */
	__u32 tid, tgid;	/* who read the request */
	__u32 end_tid;		/* who wrote last */
	__u16 lport;
	__u8  kind;		/* enum par_request_kind */
	__u8  pad;
	__u32 mover_tgid;	/* whose @moved is; 0: what moves is brought to the table at once */
	__u32 pad2;
	struct par_moved moved[2];	/* read, written */
	struct par_file_ref file;	/* of the connection, once there is a mover */
};

/*
 * A reply that pauses for longer than this is over; what is written after that,
 * unasked, is news, and belongs to no request.
 */
#define PAR_REPLY_PAUSE_NS 1000000000ULL

/* A listening socket as those found it who took a connection from it. */
struct par_listener {
	__u64 accepts;
	__u64 waiting_sum;	/* connections that still waited, over all of these */
	__u32 waiting_max;
	__u32 limit;		/* how many may wait */
	__u32 tgid;		/* who took the last one */
	__u16 lport;		/* TCP; else 0 */
	__u8  kind;		/* enum par_request_kind */
	__u8  pad;
};

/* What the programs count of requests beside their records. */
struct par_request_counts {
	__u64 missed;		/* reads from connections that there was no room for */
	__u64 calls, returns, abandoned; /* --request: outermost calls; those that never return */
};

struct par_disk_key {
	__u32 tgid;
	__u32 dev;		/* dev_t */
};

struct par_disk_count {
	__u64 reads, writes;	/* requests */
	__u64 read_bytes, write_bytes;
};

#endif
