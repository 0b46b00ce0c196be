/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the advice share: whom it is for, what that one needs, and the
 * numbers from its recording that go into the words. Private to verdict/.
 */
#ifndef VERDICT_ADVISE_H
#define VERDICT_ADVISE_H

#include "base/strbuf.h"
#include "verdict/judge.h"

/* What the program is written in, as far as it changes the advice. */
enum language {
	LANG_NATIVE,		/* C, C++, or not known */
	LANG_CPYTHON, LANG_PYPY, LANG_RUBY, LANG_NODE, LANG_JAVA, LANG_GO, LANG_RUST,
	LANG_CNT
};

/* What would help. docs/verdicts.md says when each is advised. */
enum need {
	NEED_PROCESSES,		/* past a global lock, or an address space's lock */
	NEED_DIVIDE,		/* one thread's work, over threads that compute */
	NEED_DIVIDE_THREADS,	/* the same, where the global lock is released meanwhile */
	NEED_THREADS,		/* that wait at the same time */
	NEED_THREADS_IPC,	/* in place of processes that cost more than they bring */
	NEED_ASYNC,
	NEED_HYBRID,
	NEED_FEWER,		/* workers */
	NEED_MORE,
	NEED_WAITERS,		/* keep the threads; how many are worth having */
	NEED_CHUNKS,
	NEED_SHARE,		/* large data, in place of sending it */
	NEED_START,		/* how to start processes */
	NEED_POOL,		/* processes that live long, in place of one per task */
	NEED_LESS_LOCK,
	NEED_MMAP_LOCK,
	NEED_KERNEL_LOCK,
	NEED_OFFLOAD,		/* what blocks an event loop */
	NEED_GIL_OFF,		/* a free-threaded build has its lock on */
	NEED_FREE_THREADED,
	NEED_BALANCE,
	NEED_CPU_COUNT,		/* what the language calls the number of CPUs is not it */
	NEED_QUOTA_COUNT,	/* ... because of a quota */
	NEED_SCALE_OUT,
	NEED_CNT
};

struct audience {
	enum language language;
	unsigned int major, minor;	/* of its version; 0: not known */
	const char *framework;		/* NULL: none known */
	const char *options;		/* the framework's, of the process that leads; "" */
	bool is_product;		/* a finished program: its user does not write its code */
};

/* 0 stands for not known: a sentence that would name it is not said. */
struct sizes {
	uint32_t workers;		/* as many as are worth having */
	uint32_t per_process;		/* of these, in each process there is */
	uint32_t now;			/* at the same time */
	uint32_t waiters;		/* threads that mostly wait */
	double usable;			/* CPUs */
	uint32_t cpus;			/* ... rounded up */
	uint32_t online;
	double wait_ratio;		/* waiting for I/O / CPU, of the workers */
	double tasks;			/* that were handed to worker processes */
	double task_ns, trip_ns;	/* CPU of one in its worker; of handing it over and back */
	uint32_t chunk;			/* this many in place of one; 0: they are long enough */
	double startup_ns, work_ns;	/* medians, of workers that lived briefly; 0: none did */
	uint64_t worker_bytes;		/* of one more process */
	const char *lock;		/* the most waited for, or "" */
};

/* advise_who.c */
void audience_find(const struct judgement *j, struct audience *out);

/* advise_size.c */
void sizes_find(const struct judgement *j, const struct fact_verdict *verdict,
		struct sizes *out);

/*
 * advise_words.c: a sentence for that need in the audience's language, or NULL when
 * there is none or a number it names is not known; the caller frees.
 */
char *advice_words(const struct audience *who, enum need need, const struct sizes *sizes);

#endif
