/* SPDX-License-Identifier: MIT */
/*
 * What the model is fed: the kernel's records, checked, and what the collector
 * itself found out on the way (numbers from 64 on).
 */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "par_event.h"

enum event_kind {
	/* 1 … PAR_KIND_CNT - 1 are the kernel's, see par_event.h */
	EVENT_BEGIN	= 64,	/* accounting begins; the first event of every stream */
	EVENT_END	= 65,	/* accounting ends; nothing follows */
	EVENT_PROCESS	= 66,	/* what /proc says about a process */
	EVENT_RUNTIME	= 67,	/* a language runtime was found in a process */
	EVENT_MEMORY	= 68,	/* a sample of a process's memory */
	EVENT_SYSCALLS	= 69,	/* how often a system call was made since the last one of these */
	EVENT_TRAFFIC	= 70,	/* what a process moved through a channel, likewise */
	EVENT_FILE	= 71,	/* the name of a file */
	EVENT_LISTEN	= 72,	/* this machine listens on a TCP port */
	EVENT_GAP	= 73,	/* at the end: what is open on a CPU */
	EVENT_LOST	= 74,	/* how many records were lost; cumulative */
	EVENT_NAME	= 75,	/* the name of a thread that is not traced */
	EVENT_SYMBOL	= 76,	/* what lies at an address */
	EVENT_SHARED	= 77,	/* a process maps memory that others map, too */
	EVENT_RELEASED	= 78,	/* CPU time without the GIL, since the last one of the same thread */
	EVENT_DISK	= 79,	/* block requests of a process, since the last one */
	EVENT_PEER	= 80,	/* who has the other end of a channel */
	EVENT_DEVICE	= 82,	/* the name of a block device */
	EVENT_BACKLOG	= 90,	/* connections taken from a listening socket since the last one */
	EVENT_REQUESTS	= 91,	/* requests that no PAR_REQUEST tells of; cumulative */
};

#define EVENT_NAME_LEN 256

struct event_process {
	struct par_hdr hdr;	/* tid = process id */
	uint32_t ppid;
	char exe[EVENT_NAME_LEN];	/* path, "" if unknown */
	char command[EVENT_NAME_LEN];	/* arguments joined by blanks, "" if unknown */
	char imports[64];	/* modules that its script imports, of those asked for, joined by blanks */
};

struct event_runtime {
	struct par_hdr hdr;	/* tid = process id */
	char name[16];		/* "cpython" */
	char version[16];	/* "3.11", "" if unknown */
	uint8_t global_lock;	/* one thread at a time */
	uint8_t free_threaded;	/* a build that can do without; it may still be switched on */
	uint64_t lock_addr;	/* the range that holds the global lock's words; 0: none known */
	uint64_t lock_size;
};

struct event_memory {
	struct par_hdr hdr;	/* tid = process id */
	uint64_t rss_bytes, pss_bytes, private_bytes;
};

struct event_syscalls {
	struct par_hdr hdr;
	int32_t sysno;
	uint64_t calls, errors;
	uint64_t bytes;		/* moved, by those that return a byte count */
	uint64_t wakes;		/* threads woken, by futex calls */
};

struct event_traffic {
	struct par_hdr hdr;	/* tid = process id */
	struct par_file_ref file;	/* id 0: all those of the process that can't be told apart */
	uint8_t is_write;
	uint64_t messages, bytes;
	uint64_t main_messages;	/* of these, moved by the process's first thread */
};

struct event_file {
	struct par_hdr hdr;
	uint64_t id;		/* inode number */
	uint32_t dev;		/* dev_t of its file system, as the kernel has it */
	char name[EVENT_NAME_LEN];
};

struct event_listen {
	struct par_hdr hdr;
	uint16_t port;
};

struct event_gap {
	struct par_hdr hdr;	/* cpu */
	struct par_cpu_gap gap;
};

struct event_lost {
	struct par_hdr hdr;
	uint64_t ring;		/* no room in a ring buffer */
	uint64_t state;		/* no memory for a thread's state, or a map was full */
};

struct event_name {
	struct par_hdr hdr;	/* tid */
	uint32_t tgid;
	char comm[PAR_COMM_LEN];
};

struct event_symbol {
	struct par_hdr hdr;	/* tid = process id; 0: the kernel */
	uint64_t addr;
	char name[EVENT_NAME_LEN];	/* "queue_lock", "cache+0x40 in libapp.so" */
};

/* hdr.flags of EVENT_SHARED */
#define EVENT_SHARED_WRITABLE	0x01

struct event_shared {
	struct par_hdr hdr;	/* tid = process id */
	uint64_t id;		/* inode number */
	uint32_t dev;
	uint64_t bytes;		/* mapped by this process */
	char name[EVENT_NAME_LEN];	/* path, "" if it has none */
};

struct event_released {
	struct par_hdr hdr;	/* tid */
	uint64_t cpu_ns;	/* CPU time while that was watched */
	uint64_t released_ns;	/* of it, without the GIL */
};

struct event_disk {
	struct par_hdr hdr;	/* tid = process id */
	uint32_t dev;		/* dev_t */
	uint64_t reads, writes;	/* requests */
	uint64_t read_bytes, write_bytes;
};

struct event_peer {
	struct par_hdr hdr;	/* tid = who has the other end: process id */
	struct par_file_ref file;	/* the end that is known */
	char comm[PAR_COMM_LEN];
};

struct event_device {
	struct par_hdr hdr;
	uint32_t dev;		/* dev_t, as the kernel has it */
	char name[64];		/* "vda" */
};

struct event_backlog {
	struct par_hdr hdr;	/* tid = process id: who took the last one */
	uint64_t id;		/* inode number of the listening socket */
	uint64_t accepts;
	uint64_t waiting;	/* connections that still waited then, over all of these */
	uint32_t waiting_max;	/* at most at any time */
	uint32_t limit;		/* how many may wait */
	uint16_t lport;		/* TCP; else 0 */
	uint8_t kind;		/* enum par_request_kind */
};

struct event_requests {
	struct par_hdr hdr;
	uint64_t unfinished;	/* begun and not answered when the recording ended */
	uint64_t missed;	/* reads from connections that could not be followed */
};

struct event {
	union {
		struct par_hdr hdr;
		struct par_cycle cycle;
		struct par_task task;
		struct par_fork fork;
		struct par_exec exec;
		struct par_rename rename;
		struct par_exit exit;
		struct par_free free;
		struct par_startup startup;
		struct par_turn turn;
		struct par_request request;
		struct par_missed_cycles missed;
		struct event_process process;
		struct event_runtime runtime;
		struct event_memory memory;
		struct event_syscalls syscalls;
		struct event_traffic traffic;
		struct event_file file;
		struct event_listen listen;
		struct event_gap gap;
		struct event_lost lost;
		struct event_name name;
		struct event_symbol symbol;
		struct event_shared shared;
		struct event_released released;
		struct event_disk disk;
		struct event_peer peer;
		struct event_device device;
		struct event_backlog backlog;
		struct event_requests requests;
	};
};

/*
 * Check and copy one kernel record. The trust boundary: nothing past this
 * function checks a length or a string's end again. -EBADMSG: shorter than its
 * kind; -ENOTSUP: a kind we do not know.
 */
int event_decode(struct event *ev, const void *rec, size_t len);

/* Does this cycle say why the thread left its CPU? */
static inline int event_cycle_has_cause(const struct par_cycle *c)
{
	return !(c->off.out_flags & (PAR_OUT_PREEMPT | PAR_OUT_NEW));
}

#endif
