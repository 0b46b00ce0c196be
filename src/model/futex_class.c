// SPDX-License-Identifier: MIT
/* Owns the table from shapes to kinds of locks. */
#include "model/futex_class.h"

#include "par_futex.h"

#define FUTEX2_PRIVATE 128 /* flags of futex_wait(2) */

/*
 * The GIL's condition variables and mutexes lie within this many bytes of each
 * other: +128 … +136 and 48 more were seen from 3.7 to 3.13.
 */
#define GIL_SPAN 256

static bool in_gil_range(const struct wait_context *ctx, uint64_t uaddr)
{
	return uaddr >= ctx->gil_addr && uaddr - ctx->gil_addr < ctx->gil_size;
}

bool futex_is_gil_request(const struct wait_context *ctx, const struct par_cause *cause)
{
	return (cause->args[1] & PAR_FUTEX_CMD_MASK) == PAR_FUTEX_WAIT_BITSET && cause->args[3] &&
	       in_gil_range(ctx, cause->args[0]);
}

/* The address by which the GIL with that word is known; 0: it is no GIL's. */
static uint64_t gil_of(const struct wait_context *ctx, uint64_t uaddr)
{
	if (ctx->gil_word && in_gil_range(ctx, uaddr))
		return uaddr - ctx->gil_word + GIL_SPAN <= 2UL * GIL_SPAN ? ctx->gil_addr : 0;
	for (size_t i = 0; i < ctx->own_gil_cnt; i++)
		if (uaddr - ctx->own_gils[i] < GIL_SPAN)
			return ctx->own_gils[i];
	return 0;
}

/* A semaphore is a signal until its use shows that it is a lock: see lock_use.h. */
static const struct {
	enum bucket bucket;
	enum lock_kind lock;
} by_shape[PAR_SHAPE_CNT] = {
	[PAR_SHAPE_UNKNOWN] = { BUCKET_SYNC, LOCK_FUTEX },
	[PAR_SHAPE_MUTEX] = { BUCKET_LOCK, LOCK_MUTEX },
	[PAR_SHAPE_RWLOCK] = { BUCKET_LOCK, LOCK_RWLOCK },
	[PAR_SHAPE_SEMAPHORE] = { BUCKET_SYNC, LOCK_SEMAPHORE },
	[PAR_SHAPE_CONDVAR] = { BUCKET_SYNC, LOCK_CONDVAR },
	[PAR_SHAPE_BARRIER] = { BUCKET_SYNC, LOCK_BARRIER },
	[PAR_SHAPE_STACK] = { BUCKET_SYNC, LOCK_FUTEX },
	[PAR_SHAPE_PARKED] = { BUCKET_SYNC, LOCK_SEMAPHORE },
	[PAR_SHAPE_GIL] = { BUCKET_GIL, LOCK_GIL }, /* of a process with too many to remember */
};

static void classify_word(const struct wait_context *ctx, const struct par_cause *cause,
			  struct wait_what *what)
{
	uint8_t shape = cause->shape < PAR_SHAPE_CNT ? cause->shape : PAR_SHAPE_UNKNOWN;
	bool is_gvl = shape == PAR_SHAPE_GVL;
	/* Ruby's condition variable says nothing, the mutex with it does. */
	uint64_t gil = gil_of(ctx, is_gvl ? cause->lock_addr : cause->args[0]);

	if (is_gvl)
		shape = PAR_SHAPE_CONDVAR;

	what->lock_addr = par_futex_lock(shape, cause->args[0]);
	if (gil) {
		what->bucket = BUCKET_GIL;
		what->lock = ctx->has_gvl ? LOCK_GVL : LOCK_GIL;
		what->lock_addr = gil;
		return;
	}
	what->bucket = by_shape[shape].bucket;
	what->lock = by_shape[shape].lock;
	if (shape == PAR_SHAPE_PARKED || shape == PAR_SHAPE_GIL)
		what->lock_addr = cause->lock_addr;
	if (!what->is_shared)
		return;
	if (shape == PAR_SHAPE_UNKNOWN && ctx->known_tid) {
		what->bucket = BUCKET_SYNC;
		what->lock = LOCK_JOIN;
		what->is_shared = false;
	} else {
		what->bucket = BUCKET_IPC;
	}
}

void futex_classify(const struct wait_context *ctx, const struct par_cause *cause,
		    struct wait_what *what)
{
	uint64_t op = cause->args[1];

	what->is_shared = !(op & PAR_FUTEX_PRIVATE);
	what->is_timed = cause->args[3] != 0;
	switch (op & PAR_FUTEX_CMD_MASK) {
	case PAR_FUTEX_WAIT:
	case PAR_FUTEX_WAIT_BITSET:
		classify_word(ctx, cause, what);
		break;
	case PAR_FUTEX_LOCK_PI:
	case PAR_FUTEX_LOCK_PI2:
		what->bucket = what->is_shared ? BUCKET_IPC : BUCKET_LOCK;
		what->lock = LOCK_PI;
		what->lock_addr = cause->args[0];
		break;
	case PAR_FUTEX_WAIT_REQUEUE_PI:
		what->bucket = what->is_shared ? BUCKET_IPC : BUCKET_SYNC;
		what->lock = LOCK_CONDVAR;
		what->lock_addr = cause->args[0];
		break;
	default:
		/* A waker that itself sleeps: in a fault, or on the hash bucket's lock. */
		what->is_shared = what->is_timed = false;
		what->bucket = BUCKET_OTHER;
	}
}

void futex2_classify(const struct wait_context *ctx, const struct par_cause *cause,
		     struct wait_what *what)
{
	what->is_shared = !(cause->args[3] & FUTEX2_PRIVATE);
	what->is_timed = cause->args[4] != 0;
	classify_word(ctx, cause, what);
}

void futexv_classify(const struct par_cause *cause, struct wait_what *what)
{
	what->bucket = BUCKET_SYNC;
	what->is_timed = cause->args[3] != 0;
	if (!cause->lock_addr)
		return;
	what->lock = LOCK_FUTEX;
	what->lock_addr = cause->lock_addr;
}
