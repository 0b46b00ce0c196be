// SPDX-License-Identifier: MIT
/* Owns what is known of each thread's polls, and the decision which of them are loops. */
#include "facts/loop.h"

#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "base/xalloc.h"

/* Of what ended its polls so many are told apart. */
#define FILES_MAX 4096

/* Calls that are kept, longest waits first. */
#define CALLS_MAX 16

#define DNS_PORT 53

/* What a loop by epoll does at least of its waiting there, if nothing else tells. */
#define POLL_MIN_PERCENT 90

/* The number of descriptors, and of sockets, from which on a poll is a loop's. */
#define SET_MIN	    3
#define SOCKETS_MIN 2

/* Fewer polls than this don't make a loop of a thread that has sockets, and epoll. */
#define POLLS_MIN 3

struct loop_call {
	int32_t sysno;
	enum bucket bucket;
	bool is_dns;
	uint64_t waits, wait_ns;
	/* Not known yet if it polls again: else this was after the loop. */
	uint64_t new_waits, new_ns;
};

static struct loop_sum *sum_get(struct loop_sum **sum, uint64_t ts_ns)
{
	if (!*sum) {
		*sum = xcalloc(1, sizeof(**sum));
		(*sum)->begin_ns = ts_ns;
	}
	if (ts_ns < (*sum)->begin_ns)
		(*sum)->begin_ns = ts_ns;
	return *sum;
}

void loop_free(struct loop_sum *sum)
{
	if (!sum)
		return;
	htab_release(&sum->files);
	free(sum->calls);
	free(sum);
}

static bool is_socket(uint8_t file_kind)
{
	return file_kind == PAR_FILE_TCP || file_kind == PAR_FILE_UNIX ||
	       file_kind == PAR_FILE_UDP || file_kind == PAR_FILE_SOCKET;
}

/* It polls again: what it did since the last time was a turn. */
static void commit(struct loop_sum *sum)
{
	for (size_t i = 0; i < sum->call_cnt; i++) {
		struct loop_call *c = &sum->calls[i];

		c->waits += c->new_waits;
		c->wait_ns += c->new_ns;
		c->new_waits = c->new_ns = 0;
	}
}

static void add_file(struct loop_sum *sum, const struct par_cause *cause)
{
	const struct par_file_ref *f = &cause->file;

	if (!(cause->flags & PAR_CAUSE_READY) || sum->files.cnt >= FILES_MAX ||
	    htab_find(&sum->files, f->id, f->kind))
		return;
	htab_put(&sum->files, f->id, f->kind, sum);
	if (f->flags & PAR_FILE_LISTENS)
		sum->listens = true;
	else
		sum->sockets += is_socket(f->kind);
}

static bool asks_dns(const struct par_file_ref *f)
{
	return (f->kind == PAR_FILE_UDP || f->kind == PAR_FILE_TCP) && f->rport == DNS_PORT;
}

static void add_call(struct loop_sum *sum, const struct span *s)
{
	bool is_dns = asks_dns(&s->cause->file);
	struct loop_call *c = NULL;

	for (size_t i = 0; !c && i < sum->call_cnt; i++)
		if (sum->calls[i].sysno == s->sysno && sum->calls[i].bucket == s->bucket &&
		    sum->calls[i].is_dns == is_dns)
			c = &sum->calls[i];
	if (!c) {
		if (sum->call_cnt == sum->call_cap) {
			sum->call_cap = sum->call_cap ? 2 * sum->call_cap : 4;
			sum->calls = xrealloc(sum->calls, sum->call_cap * sizeof(*sum->calls));
		}
		c = &sum->calls[sum->call_cnt++];
		*c = (struct loop_call){ .sysno = s->sysno, .bucket = s->bucket, .is_dns = is_dns };
	}
	c->new_waits++;
	c->new_ns += s->end_ns - s->start_ns;
}

static void add_poll(struct loop_sum *sum, const struct span *s)
{
	uint64_t len = s->end_ns - s->start_ns;

	add_file(sum, s->cause);
	if (s->poll == WAIT_POLL_EPOLL) {
		sum->by_epoll = true;
		sum->epoll_fd = (uint32_t)s->cause->args[0];
		sum->epoll.waits++;
		sum->epoll.wait_ns += len;
		return;
	}
	if (s->cause->polled > sum->polled_max)
		sum->polled_max = s->cause->polled;
	sum->set.waits++;
	sum->set.wait_ns += len;
}

void loop_add_span(struct loop_sum **out, const struct span *s)
{
	if (!s->cause || s->bucket == BUCKET_STOPPED || (!*out && s->poll == WAIT_POLL_NONE))
		return;
	sum_get(out, s->start_ns);
	/* In a loop by epoll every other poll is a wait like any: a library's, inside it. */
	if (s->poll != WAIT_POLL_NONE)
		add_poll(*out, s);
	if (s->poll == WAIT_POLL_EPOLL || (s->poll == WAIT_POLL_SET && !(*out)->by_epoll))
		commit(*out);
	else
		add_call(*out, s);
}

void loop_add_turn(struct loop_sum **out, const struct turn *t)
{
	uint64_t len = t->end_ns - t->start_ns;
	struct loop_sum *sum = sum_get(out, t->start_ns);

	sum->by_epoll |= t->by_epoll;
	sum->turns = t->turns;
	sum->turns_told = true;
	if (t->is_last) {
		sum->end_ns = t->start_ns;
		return;
	}
	commit(sum);
	if (len < LAG_MIN_NS)
		return;
	lag_add(&sum->lag, len);
	sum->long_turns++;
	sum->long_ns += len;
	sum->long_queue_ns += t->queue_ns;
	sum->long_blocked_ns += t->blocked_ns;
	if (len > sum->turn_max_ns)
		sum->turn_max_ns = len;
	if (len - t->queue_ns - t->blocked_ns > sum->cpu_max_ns)
		sum->cpu_max_ns = len - t->queue_ns - t->blocked_ns;
}

/* What is known only of all threads together. */
struct census {
	struct htab pollers;		/* (pid, epoll descriptor) -> number of threads */
	struct htab active;		/* (pid, 0) -> number of threads by epoll that it ever woke */
	struct htab sockets;		/* (pid, 0) -> number of sockets that bytes went through */
};

static void count_up(struct htab *h, uint64_t a, uint64_t b)
{
	htab_put(h, a, b, (void *)((uintptr_t)htab_find(h, a, b) + 1));
}

static size_t count_of(const struct htab *h, uint64_t a, uint64_t b)
{
	return (size_t)(uintptr_t)htab_find(h, a, b);
}

static bool is_active(const struct loop_sum *sum)
{
	return sum->turns || sum->epoll.waits > 1;
}

static void take_census(struct census *c, const struct model *m, struct loop_sum *const *sums)
{
	size_t cnt = 0;

	for (size_t i = 0; i < m->task_cnt; i++) {
		uint32_t pid = m->all_tasks[i]->process->pid;

		cnt += sums[i] != NULL;
		if (!sums[i] || !sums[i]->by_epoll)
			continue;
		if (is_active(sums[i]))
			count_up(&c->active, pid, 0);
		if (sums[i]->epoll.waits)
			count_up(&c->pollers, pid, sums[i]->epoll_fd);
	}
	for (size_t i = 0; cnt && i < m->channels.cnt; i++) {
		const struct channel *ch = m->channels.entries[i].value;

		for (size_t e = 0; is_socket(ch->file_kind) && e < ch->end_cnt; e++)
			count_up(&c->sockets, ch->ends[e]->pid, 0);
	}
}

static void release_census(struct census *c)
{
	htab_release(&c->pollers);
	htab_release(&c->active);
	htab_release(&c->sockets);
}

static uint64_t blocked_ns(const struct loop_sum *sum)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < sum->call_cnt; i++)
		ns += sum->calls[i].wait_ns;
	return ns;
}

static bool is_loop(const struct loop_sum *sum, const struct census *c, uint32_t pid)
{
	size_t active = count_of(&c->active, pid, 0);
	uint64_t wait_ns = sum->epoll.wait_ns + blocked_ns(sum);

	if (!sum->by_epoll)
		return sum->polled_max >= SET_MIN && sum->sockets >= SOCKETS_MIN;
	if (sum->epoll.waits && count_of(&c->pollers, pid, sum->epoll_fd) > 1)
		return false;
	/* A process per connection, as PostgreSQL's: whatever else may wake it. */
	if (sum->sockets == 1 && !sum->listens && count_of(&c->sockets, pid, 0) <= 1)
		return false;
	if (sum->sockets && sum->files.cnt > 1)
		return true;
	if (sum->epoll.waits + sum->turns >= POLLS_MIN && active == 1 &&
	    count_of(&c->sockets, pid, 0) >= SOCKETS_MIN)
		return true;
	/* One that nothing ever woke, beside another one, is a helper of that. */
	if (active && !is_active(sum))
		return false;
	return sum->epoll.wait_ns && sum->epoll.wait_ns * 100 >= wait_ns * POLL_MIN_PERCENT;
}

static int by_wait(const void *a, const void *b)
{
	const struct loop_call *x = a, *y = b;

	return order_down(x->wait_ns, y->wait_ns) ?: order_up(x->sysno, y->sysno);
}

static char *name_call(const struct loop_call *c, const char *(*sysno_name)(int))
{
	const char *name = c->sysno >= 0 && sysno_name ? sysno_name(c->sysno) : NULL;

	if (c->is_dns)
		return xstrdup("DNS");
	if (c->sysno < 0)
		return xstrdup(c->bucket == BUCKET_MEMORY ? "page fault" : "exception");
	return name ? xstrdup(name) : xasprintf("syscall_%d", c->sysno);
}

static void fill_calls(struct fact_loop *out, struct loop_sum *sum,
		       const char *(*sysno_name)(int))
{
	if (!sum->call_cnt)
		return;
	qsort(sum->calls, sum->call_cnt, sizeof(*sum->calls), by_wait);
	out->blocked_in = xcalloc(CALLS_MAX, sizeof(*out->blocked_in));
	for (size_t i = 0; i < sum->call_cnt && out->blocked_cnt < CALLS_MAX; i++) {
		const struct loop_call *c = &sum->calls[i];

		if (!c->waits)
			continue;
		out->blocked_in[out->blocked_cnt++] =
			(struct fact_loop_call){ .call = name_call(c, sysno_name),
						 .bucket = c->bucket,
						 .waits = c->waits,
						 .wait_ns = c->wait_ns };
	}
}

static struct fact_loop *fill(struct loop_sum *sum, uint64_t end_ns, bool has_turns,
			      const char *(*sysno_name)(int))
{
	struct fact_loop *l = xcalloc(1, sizeof(*l));

	*l = (struct fact_loop){
		.loop_ns = end_ns > sum->begin_ns ? end_ns - sum->begin_ns : 0,
		.poll_ns = sum->by_epoll ? sum->epoll.wait_ns : sum->set.wait_ns,
		.blocked_ns = blocked_ns(sum),
		.has_turns = has_turns,
		.turns = sum->turns,
		.turn_max_ns = sum->turn_max_ns,
		.cpu_max_ns = sum->cpu_max_ns,
		.long_turns = sum->long_turns,
		.long_ns = sum->long_ns,
		.long_cpu_ns = sum->long_ns - sum->long_queue_ns - sum->long_blocked_ns,
		.long_queue_ns = sum->long_queue_ns,
		.long_blocked_ns = sum->long_blocked_ns,
	};
	l->lag_p95_ns = lag_percentile(&sum->lag, l->loop_ns, 95);
	fill_calls(l, sum, sysno_name);
	return l;
}

/* With --light no call is counted, and no poll that does not block is seen. */
static bool sees_calls(const struct model *m)
{
	htab_for_each(&m->syscalls, i)
		if (((const struct syscall_count *)m->syscalls.entries[i].value)->calls)
			return true;
	return false;
}

void loops_fill(struct facts *out, const struct model *m, struct loop_sum *const *sums,
		uint64_t now_ns, const char *(*sysno_name)(int sysno))
{
	bool counted = sees_calls(m);
	struct census c = { 0 };

	take_census(&c, m, sums);
	for (size_t i = 0; i < m->task_cnt; i++) {
		const struct task *t = m->all_tasks[i];
		struct loop_sum *sum = sums[i];
		struct fact_loop *l;
		uint64_t sockets;

		if (!sum || !is_loop(sum, &c, t->process->pid))
			continue;
		l = fill(sum,
			 sum->end_ns ? sum->end_ns
			 : t->end_ns ? t->end_ns
				     : now_ns,
			 sum->turns_told || counted, sysno_name);
		sockets = count_of(&c.sockets, t->process->pid, 0);
		/* Which of its process's sockets are whose, only the polls tell. */
		l->sockets = sum->sockets;
		if (count_of(&c.active, t->process->pid, 0) <= 1 && sockets > l->sockets)
			l->sockets = sockets;
		out->threads[i].loop = l;
	}
	release_census(&c);
}
