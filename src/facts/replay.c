// SPDX-License-Identifier: MIT
/*
 * Owns the simulated time. One heap of what will happen; whoever an event lets go on
 * is advanced from a list, not by recursion, so that a chain of wake-ups may be long.
 */
#include "facts/replay.h"

#include <math.h>
#include <stdlib.h>

#include "base/xalloc.h"

#define NOBODY	   UINT32_MAX
#define FORCED_MAX 1000

/*
 * More happens in no recording that is whole: a damaged one may have times so long that
 * doubles can't add a short one to them, and time would stand still.
 */
#define EVENTS_MAX	  5000000
#define EVENTS_PER_OP_MAX 16

/* Times are sums of doubles: what is this close has happened. */
#define SLACK_NS 0.5

/* A thread that needs a group's lock part of the time asks for it once in so much CPU time. */
#define PART_NS 2000000.0

/* Below and above these shares it never and always needs it. */
#define HELD_MIN 0.02
#define HELD_MAX 0.98

/* Less time off a CPU than this makes nobody go before the others. */
#define DUE_NS 100000.0

/* With a part of a CPU, a stretch at one speed lasts at most this long. */
#define STRETCH_NS 5000000.0

enum state { BLOCKED, GOES_ON, READY, RUNNING, IN_GROUP_QUEUE, DONE };

struct actor {
	double left_ns, len_ns;		/* of the operation, if that runs */
	double skipped_ns, added_ns;	/* of it, at its beginning */
	double pace;
	double part_ns;			/* left of the part with or without the group's lock */
	double due_ns;			/* CPU time that it has given up by waiting */
	double off_ns;			/* when it began to wait */
	double skip_ns;			/* still to be skipped */
	uint32_t op, wake;		/* next */
	uint32_t cpu, next;
	bool part_held, has_run;
	uint8_t state;
};

struct cpu {
	uint32_t actor;
	uint32_t gen;			/* of its planned end */
	double turn_ns;			/* when its thread came to it */
	double since_ns, end_ns, speed;	/* of what is not counted yet */
	bool is_asked;			/* to end with its thread's turn */
	bool is_preempted;		/* to end now */
};

struct queue {
	uint32_t first, last;
};

struct group {
	struct queue waiting;
	uint32_t holder;
	uint32_t gen;			/* of the planned hand-over */
	bool give_up;			/* the holder has to, once it runs */
};

enum event_type { EVENT_DELAY, EVENT_STRETCH, EVENT_HAND_OVER };

struct event_at {
	double at_ns;
	uint32_t id, gen;
	enum event_type type;
};

struct sim {
	const struct replay *r;
	const struct replay_model *m;
	struct replay_result *out;
	double now_ns, turn_ns, part_ns, stretch_ns;
	struct actor *actors;
	struct cpu *cpus;
	uint32_t cpu_cnt, busy_cnt;
	uint32_t *idle;			/* [cpu_cnt - busy_cnt]: CPUs */
	struct group *groups;
	struct queue due, ready;	/* for a CPU: who goes before others, and these */
	struct event_at *heap;
	size_t heap_cnt, heap_cap;
	uint32_t *todo;			/* threads to be advanced */
	size_t todo_cnt, todo_cap;
	uint8_t *fired;			/* [op_cnt]: this wait is over */
};

static void heap_push(struct sim *s, struct event_at e)
{
	size_t i = s->heap_cnt;

	XGROW(s->heap, s->heap_cnt, s->heap_cap);
	s->heap_cnt++;
	for (; i && s->heap[(i - 1) / 2].at_ns > e.at_ns; i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = e;
}

static struct event_at heap_pop(struct sim *s)
{
	struct event_at top = s->heap[0], last = s->heap[--s->heap_cnt];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < s->heap_cnt) {
		if (child + 1 < s->heap_cnt && s->heap[child + 1].at_ns < s->heap[child].at_ns)
			child++;
		if (s->heap[child].at_ns >= last.at_ns)
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	s->heap[i] = last;
	return top;
}

static void queue_push(struct sim *s, struct queue *q, uint32_t id)
{
	s->actors[id].next = NOBODY;
	if (q->first == NOBODY)
		q->first = id;
	else
		s->actors[q->last].next = id;
	q->last = id;
}

static void queue_push_first(struct sim *s, struct queue *q, uint32_t id)
{
	s->actors[id].next = q->first;
	if (q->first == NOBODY)
		q->last = id;
	q->first = id;
}

static uint32_t queue_pop(struct sim *s, struct queue *q)
{
	uint32_t id = q->first;

	if (id != NOBODY)
		q->first = s->actors[id].next;
	return id;
}

static const struct replay_change *change_of(const struct sim *s, uint32_t id)
{
	static const struct replay_change none;

	return s->m->changes ? &s->m->changes[id] : &none;
}

static double held_of(const struct sim *s, uint32_t id)
{
	const struct replay_change *c = change_of(s, id);

	return !c->group || c->held < HELD_MIN ? 0 : c->held > HELD_MAX ? 1 : c->held;
}

static void plan(struct sim *s, struct cpu *c, double end_ns)
{
	c->end_ns = end_ns > s->now_ns ? end_ns : s->now_ns;
	c->gen++;
	heap_push(s, (struct event_at){ .at_ns = c->end_ns,
					.id = (uint32_t)(c - s->cpus),
					.gen = c->gen,
					.type = EVENT_STRETCH });
}

static bool is_due(const struct sim *s, uint32_t id)
{
	return s->actors[id].due_ns >= DUE_NS;
}

/* Takes the CPU from one who has had more than it gave up. False: there is none. */
static bool preempt(struct sim *s)
{
	struct cpu *most = NULL;
	double least = 0;

	for (uint32_t i = 0; i < s->cpu_cnt; i++) {
		struct cpu *c = &s->cpus[i];
		double due;

		if (c->actor == NOBODY || c->is_preempted)
			continue;
		due = s->actors[c->actor].due_ns - (s->now_ns - c->since_ns);
		if (due < least) {
			most = c;
			least = due;
		}
	}
	if (!most)
		return false;
	most->is_preempted = true;
	plan(s, most, s->now_ns);
	return true;
}

/* Somebody wants a CPU and none is free: whoever has run longest keeps its for a turn. */
static void ask_for_turn(struct sim *s)
{
	struct cpu *longest = NULL;

	for (uint32_t i = 0; i < s->cpu_cnt; i++) {
		struct cpu *c = &s->cpus[i];

		if (c->actor != NOBODY && !c->is_asked &&
		    (!longest || c->turn_ns < longest->turn_ns))
			longest = c;
	}
	if (!longest)
		return;
	longest->is_asked = true;
	if (longest->turn_ns + s->turn_ns < longest->end_ns)
		plan(s, longest, longest->turn_ns + s->turn_ns);
}

static void make_ready(struct sim *s, uint32_t id)
{
	bool is_first = is_due(s, id);

	s->actors[id].state = READY;
	queue_push(s, is_first ? &s->due : &s->ready, id);
	if (s->busy_cnt == s->cpu_cnt && !(is_first && preempt(s)))
		ask_for_turn(s);
}

static bool is_anyone_ready(const struct sim *s)
{
	return s->due.first != NOBODY || s->ready.first != NOBODY;
}

static void begin_wait(struct sim *s, struct actor *a, enum state state)
{
	a->state = state;
	a->off_ns = s->now_ns;
}

/* What it has not used meanwhile it is due, up to a turn. */
static void end_wait(struct sim *s, struct actor *a)
{
	a->due_ns = fmin(a->due_ns + s->now_ns - a->off_ns, s->turn_ns);
}

static struct group *group_of(struct sim *s, uint32_t id)
{
	uint32_t g = change_of(s, id)->group;

	return g ? &s->groups[g - 1] : NULL;
}

static void plan_hand_over(struct sim *s, struct group *g)
{
	g->gen++;
	g->give_up = false;
	if (s->m->switch_ns > 0 && g->waiting.first != NOBODY)
		heap_push(s, (struct event_at){ .at_ns = s->now_ns + s->m->switch_ns,
						.id = (uint32_t)(g - s->groups),
						.gen = g->gen,
						.type = EVENT_HAND_OVER });
}

static void hand_over(struct sim *s, struct group *g)
{
	g->holder = queue_pop(s, &g->waiting);
	plan_hand_over(s, g);
	if (g->holder == NOBODY)
		return;
	end_wait(s, &s->actors[g->holder]);
	make_ready(s, g->holder);
}

/* It may run now, or once it has what its group shares. */
static void ask_to_run(struct sim *s, uint32_t id)
{
	struct actor *a = &s->actors[id];
	struct group *g = a->part_held ? group_of(s, id) : NULL;

	if (!g || g->holder == id) {
		make_ready(s, id);
		return;
	}
	if (g->holder == NOBODY) {
		g->holder = id;
		make_ready(s, id);
		return;
	}
	begin_wait(s, a, IN_GROUP_QUEUE);
	queue_push(s, &g->waiting, id);
	if (g->waiting.first == id)
		plan_hand_over(s, g);
}

static void begin_part(struct sim *s, uint32_t id, bool held)
{
	struct actor *a = &s->actors[id];
	double share = held_of(s, id);
	double whole = a->left_ns < s->part_ns ? a->left_ns : s->part_ns;

	a->part_held = held ? share > 0 : share >= 1;
	if (share <= 0 || share >= 1)
		a->part_ns = INFINITY;
	else
		a->part_ns = whole * (held ? share : 1 - share);
}

static void push_todo(struct sim *s, uint32_t id)
{
	if (s->actors[id].state == BLOCKED)
		end_wait(s, &s->actors[id]);
	XGROW(s->todo, s->todo_cnt, s->todo_cap);
	s->todo[s->todo_cnt++] = id;
	s->actors[id].state = GOES_ON;
}

static void fire(struct sim *s, const struct replay_wake *w)
{
	struct actor *a = &s->actors[w->thread];

	s->fired[w->op] = 1;
	if (a->state == BLOCKED && a->op == w->op)
		push_todo(s, w->thread);
}

/* Where in the operation, as it is replayed, it comes. */
static double wake_place(const struct actor *a, const struct replay_wake *w)
{
	double at = (double)w->after_ns - a->skipped_ns;

	return (at > 0 ? at : 0) * a->pace + a->added_ns;
}

/* All wake-ups on the way to where it is now; of an operation that is over, all. */
static void fire_until(struct sim *s, uint32_t id, double done_ns)
{
	const struct replay_thread *t = &s->r->threads[id];
	struct actor *a = &s->actors[id];

	while (a->wake < t->wake + t->wake_cnt) {
		const struct replay_wake *w = &s->r->wakes[a->wake];

		if (w->at > a->op || (w->at == a->op && wake_place(a, w) > done_ns + SLACK_NS))
			return;
		a->wake++;
		fire(s, w);
	}
}

enum kind { SKIP, RUN, DELAY, WAIT };

static enum kind kind_of(const struct sim *s, const struct replay_op *op)
{
	switch ((enum bucket)op->bucket) {
	case BUCKET_CPU_USER:
	case BUCKET_CPU_KERNEL:
		return RUN;
	case BUCKET_RUN_QUEUE: /* both come about anew */
	case BUCKET_THROTTLED:
	case BUCKET_GIL:
		return SKIP;
	case BUCKET_LOCK:
	case BUCKET_KERNEL_LOCK:
		if ((op->flags & SEGMENT_PRIVATE) && s->m->no_private)
			return SKIP;
		break;
	default:
		break;
	}
	if (op->lock && op->lock == s->m->no_lock)
		return SKIP;
	return op->waker ? WAIT : DELAY;
}

static void begin_run(struct sim *s, uint32_t id, const struct replay_op *op)
{
	const struct replay_change *c = change_of(s, id);
	struct actor *a = &s->actors[id];
	double ns = (double)op->ns;

	a->pace = c->pace > 0 ? c->pace : 1;
	a->skipped_ns = a->skip_ns < ns ? a->skip_ns : ns;
	a->skip_ns -= a->skipped_ns;
	a->added_ns = a->has_run ? 0 : c->add_ns;
	a->has_run = true;
	a->len_ns = a->left_ns = (ns - a->skipped_ns) * a->pace + a->added_ns;
	fire_until(s, id, 0);
	begin_part(s, id, true);
	ask_to_run(s, id);
}

static void leave_group(struct sim *s, uint32_t id)
{
	struct group *g = group_of(s, id);

	if (g && g->holder == id)
		hand_over(s, g);
}

/* Through all that takes no time, up to the next thing that does. */
static void advance(struct sim *s, uint32_t id)
{
	const struct replay_thread *t = &s->r->threads[id];
	struct actor *a = &s->actors[id];

	for (; a->op < t->op + t->op_cnt; a->op++) {
		const struct replay_op *op = &s->r->ops[a->op];
		enum kind kind = kind_of(s, op);

		if (kind == RUN) {
			begin_run(s, id, op);
			return;
		}
		fire_until(s, id, INFINITY);
		if (kind == SKIP || s->fired[a->op])
			continue;
		leave_group(s, id);
		begin_wait(s, a, BLOCKED);
		if (kind == DELAY) {
			s->fired[a->op] = 1;
			heap_push(s, (struct event_at){ .at_ns = s->now_ns + (double)op->ns,
							.id = id,
							.type = EVENT_DELAY });
		}
		return;
	}
	fire_until(s, id, INFINITY);
	leave_group(s, id);
	a->state = DONE;
}

static void note_work(struct sim *s, uint32_t id, double since_ns)
{
	if (!s->r->threads[id].is_worker)
		return;
	if (since_ns < s->out->first_ns)
		s->out->first_ns = since_ns;
	if (s->now_ns > s->out->last_ns)
		s->out->last_ns = s->now_ns;
}

/* Count what @c's thread has done until now. */
static void settle(struct sim *s, struct cpu *c)
{
	struct actor *a = &s->actors[c->actor];
	double done = (s->now_ns - c->since_ns) * c->speed;

	if (done > a->left_ns)
		done = a->left_ns;
	note_work(s, c->actor, c->since_ns);
	a->left_ns -= done;
	a->part_ns -= done;
	a->due_ns = fmax(a->due_ns - (s->now_ns - c->since_ns), -s->turn_ns);
	s->out->run_ns += done;
	c->since_ns = s->now_ns;
}

static void free_cpu(struct sim *s, struct cpu *c)
{
	s->actors[c->actor].cpu = NOBODY;
	c->actor = NOBODY;
	c->is_preempted = false;
	c->gen++;
	s->busy_cnt--;
	s->idle[s->cpu_cnt - s->busy_cnt - 1] = (uint32_t)(c - s->cpus);
}

/* How long its work may go on before something is to be looked at again. */
static double stretch(const struct sim *s, uint32_t id)
{
	const struct replay_thread *t = &s->r->threads[id];
	const struct actor *a = &s->actors[id];
	double ns = a->left_ns < a->part_ns ? a->left_ns : a->part_ns, wake;

	if (a->wake < t->wake + t->wake_cnt && s->r->wakes[a->wake].at == a->op) {
		wake = wake_place(a, &s->r->wakes[a->wake]) - (a->len_ns - a->left_ns);
		if (wake < ns)
			ns = wake;
	}
	return ns > 0 ? ns : 0;
}

static void go_on(struct sim *s, struct cpu *c)
{
	double share = s->m->cpus / s->busy_cnt, ns = stretch(s, c->actor);
	double turn = c->turn_ns + s->turn_ns - s->now_ns;

	c->since_ns = s->now_ns;
	c->speed = share < 1 ? share : 1;
	c->is_asked = is_anyone_ready(s);
	if (c->is_asked && ns > turn)
		ns = turn;
	if (s->m->cpus < s->cpu_cnt && ns > s->stretch_ns)
		ns = s->stretch_ns;
	plan(s, c, s->now_ns + ns / c->speed);
}

/* It ran with its group's lock when it was asked to pass it on. */
static void give_up(struct sim *s, uint32_t id, struct group *g)
{
	begin_wait(s, &s->actors[id], IN_GROUP_QUEUE);
	queue_push(s, &g->waiting, id);
	hand_over(s, g);
}

static void dispatch(struct sim *s)
{
	while (s->busy_cnt < s->cpu_cnt && is_anyone_ready(s)) {
		uint32_t id = queue_pop(s, s->due.first != NOBODY ? &s->due : &s->ready);
		struct actor *a = &s->actors[id];
		struct group *g = group_of(s, id);
		struct cpu *c;

		if (g && g->holder == id && g->give_up) {
			give_up(s, id, g);
			continue;
		}
		a->state = RUNNING;
		a->cpu = s->idle[s->cpu_cnt - s->busy_cnt - 1];
		c = &s->cpus[a->cpu];
		c->actor = id;
		c->turn_ns = s->now_ns;
		s->busy_cnt++;
		go_on(s, c);
	}
}

static void end_stretch(struct sim *s, struct cpu *c)
{
	uint32_t id = c->actor;
	struct actor *a = &s->actors[id];

	settle(s, c);
	fire_until(s, id, a->len_ns - a->left_ns);
	if (a->left_ns <= SLACK_NS) {
		fire_until(s, id, INFINITY);
		free_cpu(s, c);
		a->op++;
		push_todo(s, id);
	} else if (a->part_ns <= SLACK_NS) {
		free_cpu(s, c);
		if (a->part_held)
			leave_group(s, id);
		begin_part(s, id, !a->part_held);
		ask_to_run(s, id);
	} else if (c->is_preempted && s->due.first != NOBODY) {
		free_cpu(s, c);
		a->state = READY;
		queue_push_first(s, &s->ready, id);
	} else if (is_anyone_ready(s) && s->now_ns >= c->turn_ns + s->turn_ns - SLACK_NS) {
		free_cpu(s, c);
		make_ready(s, id);
	} else {
		c->is_preempted = false;
		go_on(s, c);
	}
}

/* A group's first in line has waited long enough. */
static void end_hold(struct sim *s, struct group *g)
{
	uint32_t id = g->holder;
	struct actor *a;

	if (id == NOBODY)
		return;
	a = &s->actors[id];
	if (a->state != RUNNING) {
		g->give_up = true;
		return;
	}
	settle(s, &s->cpus[a->cpu]);
	fire_until(s, id, a->len_ns - a->left_ns);
	free_cpu(s, &s->cpus[a->cpu]);
	give_up(s, id, g);
}

static void happen(struct sim *s, const struct event_at *e)
{
	switch (e->type) {
	case EVENT_DELAY:
		s->now_ns = e->at_ns;
		push_todo(s, e->id);
		break;
	case EVENT_STRETCH:
		if (s->cpus[e->id].gen != e->gen)
			return;
		s->now_ns = e->at_ns;
		end_stretch(s, &s->cpus[e->id]);
		break;
	case EVENT_HAND_OVER:
		if (s->groups[e->id].gen != e->gen)
			return;
		s->now_ns = e->at_ns;
		end_hold(s, &s->groups[e->id]);
		break;
	}
}

/* Nothing happens any more, and these still wait. */
static bool let_go(struct sim *s)
{
	bool any = false;

	for (uint32_t i = 0; i < s->r->thread_cnt; i++) {
		if (s->actors[i].state != BLOCKED)
			continue;
		s->fired[s->actors[i].op] = 1;
		push_todo(s, i);
		s->out->forced++;
		any = true;
	}
	return any;
}

static void drain(struct sim *s)
{
	while (s->todo_cnt)
		advance(s, s->todo[--s->todo_cnt]);
}

static void sim_init(struct sim *s)
{
	double run_ns = 0, cpus = ceil(s->m->cpus);

	if (cpus > s->r->thread_cnt)
		cpus = s->r->thread_cnt;
	s->cpu_cnt = cpus > 1 ? (uint32_t)cpus : 1;
	s->cpus = xcalloc(s->cpu_cnt, sizeof(*s->cpus));
	s->idle = xcalloc(s->cpu_cnt, sizeof(*s->idle));
	for (uint32_t i = 0; i < s->cpu_cnt; i++) {
		s->cpus[i].actor = NOBODY;
		s->idle[i] = s->cpu_cnt - 1 - i;
	}
	s->groups = xcalloc(s->m->group_cnt, sizeof(*s->groups));
	for (uint32_t i = 0; i < s->m->group_cnt; i++)
		s->groups[i].waiting.first = s->groups[i].holder = NOBODY;
	s->due.first = s->ready.first = NOBODY;
	s->fired = xcalloc(s->r->op_cnt, 1);
	s->actors = xcalloc(s->r->thread_cnt, sizeof(*s->actors));
	for (uint32_t i = 0; i < s->r->thread_cnt; i++) {
		s->actors[i] = (struct actor){
			.op = s->r->threads[i].op,
			.wake = s->r->threads[i].wake,
			.cpu = NOBODY,
			.skip_ns = change_of(s, i)->skip_ns,
		};
		run_ns += (double)s->r->threads[i].run_ns;
	}
	/* So that hours cost no more than minutes. */
	s->turn_ns = REPLAY_TURN_NS > run_ns / 1e6 ? REPLAY_TURN_NS : run_ns / 1e6;
	s->part_ns = PART_NS > run_ns / 1e6 ? PART_NS : run_ns / 1e6;
	s->stretch_ns = STRETCH_NS > run_ns / 1e6 ? STRETCH_NS : run_ns / 1e6;
	for (uint32_t i = s->r->thread_cnt; i-- > 0;)
		push_todo(s, i);
}

void replay_run(const struct replay *r, const struct replay_model *m, struct replay_result *out)
{
	struct sim s = { .r = r, .m = m, .out = out };
	uint64_t events_left = EVENTS_MAX + EVENTS_PER_OP_MAX * (uint64_t)r->op_cnt;

	*out = (struct replay_result){ .first_ns = INFINITY };
	sim_init(&s);
	for (;;) {
		struct event_at e;

		drain(&s);
		dispatch(&s);
		if (s.todo_cnt)
			continue;
		if (s.heap_cnt && events_left) {
			events_left--;
			e = heap_pop(&s);
			happen(&s, &e);
		} else if (!events_left || out->forced > FORCED_MAX || !let_go(&s)) {
			break;
		}
	}
	out->is_broken = !events_left || out->forced > FORCED_MAX;
	if (out->first_ns > out->last_ns)
		out->first_ns = out->last_ns;
	free(s.actors);
	free(s.cpus);
	free(s.idle);
	free(s.groups);
	free(s.heap);
	free(s.todo);
	free(s.fired);
}
