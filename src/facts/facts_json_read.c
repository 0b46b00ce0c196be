// SPDX-License-Identifier: MIT
/*
 * Owns the reading of facts from JSON that we may not have written. Every
 * getter checks the type and the range before it stores, the first complaint
 * wins, and after it all getters do nothing; so readers are straight lines.
 */
#include "facts/facts_json.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"

#define CONTAINERS_MAX (4u << 20)	/* objects and arrays */
#define COMMAS_MAX     (32u << 20)

/* A value and the way to it, for messages. @json NULL: missing or null. */
struct node {
	json_t *json;
	char *err; /* [FACTS_JSON_ERR_LEN], "" while all is well */
	char path[96];
};

static void complain(const struct node *n, const char *key, const char *expected)
{
	if (!n->err[0])
		snprintf(n->err, FACTS_JSON_ERR_LEN, "%s%s%s: expected %s", n->path,
			 n->path[0] && key[0] ? "." : "", key, expected);
}

/* The member called @key, or NULL when it is missing or null. */
static json_t *member(const struct node *n, const char *key)
{
	json_t *value = n->json && !n->err[0] ? json_object_get(n->json, key) : NULL;

	return json_is_null(value) ? NULL : value;
}

static struct node child(const struct node *n, const char *key)
{
	struct node c = { .json = member(n, key), .err = n->err };

	snprintf(c.path, sizeof(c.path), "%.60s%s%s", n->path, n->path[0] ? "." : "", key);
	if (c.json && !json_is_object(c.json)) {
		complain(n, key, "an object");
		c.json = NULL;
	}
	return c;
}

static size_t array_size(const struct node *n, const char *key)
{
	json_t *value = member(n, key);

	if (value && !json_is_array(value))
		complain(n, key, "an array");
	return json_is_array(value) ? json_array_size(value) : 0;
}

static struct node item(const struct node *n, const char *key, size_t i)
{
	struct node c = { .json = json_array_get(member(n, key), i), .err = n->err };

	snprintf(c.path, sizeof(c.path), "%.50s%s%s[%zu]", n->path, n->path[0] ? "." : "", key, i);
	if (!json_is_object(c.json)) {
		complain(&c, "", "an object");
		c.json = NULL;
	}
	return c;
}

static bool get_u64(const struct node *n, const char *key, uint64_t *out)
{
	json_t *value = member(n, key);

	if (!value)
		return false;
	if (!json_is_integer(value) || json_integer_value(value) < 0) {
		complain(n, key, "a whole number, not negative");
		return false;
	}
	*out = (uint64_t)json_integer_value(value);
	return true;
}

static void get_i64(const struct node *n, const char *key, int64_t *out)
{
	json_t *value = member(n, key);

	if (!value)
		return;
	if (json_is_integer(value))
		*out = json_integer_value(value);
	else
		complain(n, key, "a whole number");
}

static bool get_u32(const struct node *n, const char *key, uint32_t *out)
{
	uint64_t wide;

	if (!get_u64(n, key, &wide))
		return false;
	if (wide > UINT32_MAX) {
		complain(n, key, "a number below 2^32");
		return false;
	}
	*out = (uint32_t)wide;
	return true;
}

static void get_real(const struct node *n, const char *key, double *out)
{
	json_t *value = member(n, key);

	if (value && !json_is_number(value))
		complain(n, key, "a number");
	else if (value)
		*out = json_number_value(value);
}

static bool get_bool(const struct node *n, const char *key, bool *out)
{
	json_t *value = member(n, key);

	if (!value)
		return false;
	if (!json_is_boolean(value)) {
		complain(n, key, "true or false");
		return false;
	}
	*out = json_is_true(value);
	return true;
}

/* Lent until the JSON goes, or NULL. */
static const char *text_of(const struct node *n, const char *key)
{
	json_t *value = member(n, key);

	if (value && !json_is_string(value))
		complain(n, key, "a string");
	return json_string_value(value);
}

static void get_text(const struct node *n, const char *key, char **out)
{
	const char *s = text_of(n, key);

	if (s)
		*out = text_clean_copy(s);
}

/* What each such item has, and nobody asks whether it is there: "" if it is not. */
static void get_own_text(const struct node *n, const char *key, char **out)
{
	get_text(n, key, out);
	if (!*out)
		*out = xstrdup("");
}

/* A name this version does not know comes from a newer one: @fallback. */
static int get_name(const struct node *n, const char *key, int (*from_name)(const char *),
		    int fallback)
{
	const char *s = text_of(n, key);
	int value = s ? from_name(s) : -1;

	return value < 0 ? fallback : value;
}

static void get_texts(const struct node *n, const char *key, char ***out, size_t *cnt)
{
	size_t size = array_size(n, key);
	json_t *arr = member(n, key);

	*out = xcalloc(size, sizeof(**out));
	for (size_t i = 0; i < size; i++) {
		const char *s = json_string_value(json_array_get(arr, i));

		if (!s) {
			complain(n, key, "an array of strings");
			return;
		}
		(*out)[(*cnt)++] = text_clean_copy(s);
	}
}

static void get_ids(const struct node *n, const char *key, uint32_t **out, size_t *cnt)
{
	size_t size = array_size(n, key);
	json_t *arr = member(n, key);

	*out = xcalloc(size, sizeof(**out));
	for (size_t i = 0; i < size; i++) {
		json_t *value = json_array_get(arr, i);
		json_int_t id = json_integer_value(value);

		if (!json_is_integer(value) || id < 0 || id > UINT32_MAX) {
			complain(n, key, "an array of ids");
			return;
		}
		(*out)[(*cnt)++] = (uint32_t)id;
	}
}

/* "2026-01-31T12:00:00.000Z", as clock_format_rfc3339() writes it. */
static void get_time(const struct node *n, const char *key, uint64_t *out)
{
	const char *s = text_of(n, key);
	unsigned int ms = 0;
	struct tm tm = { 0 };
	const char *rest;
	time_t sec;

	if (!s)
		return;
	rest = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);
	sec = rest ? timegm(&tm) : -1;
	if (sec < 0) {
		complain(n, key, "a time as in 2026-01-31T12:00:00Z");
		return;
	}
	sscanf(rest, ".%3u", &ms);
	*out = (uint64_t)sec * NS_PER_S + ms * NS_PER_MS;
}

#define READ_ARRAY(n, key, fn, items, cnt)                     \
	do {                                                   \
		size_t size_ = array_size(n, key);             \
		(items) = xcalloc(size_, sizeof(*(items)));    \
		while ((cnt) < size_ && !(n)->err[0]) {        \
			struct node item_ = item(n, key, cnt); \
			fn(&item_, &(items)[(cnt)++]);         \
		}                                              \
	} while (0)

static void read_part(const struct node *n, struct fact_part *p)
{
	get_u64(n, "start_ns", &p->start_ns);
	get_u64(n, "duration_ns", &p->duration_ns);
	get_bool(n, "launched", &p->launched);
	get_bool(n, "ended", &p->ended);
	get_texts(n, "command", &p->command, &p->command_cnt);
	get_ids(n, "pids", &p->pids, &p->pid_cnt);
	get_u32(n, "processes", &p->process_cnt);
	get_u32(n, "threads", &p->thread_cnt);
}

static void read_recording(const struct node *n, struct fact_recording *r)
{
	struct node cpus = child(n, "cpus"), lost = child(n, "lost");
	struct node overhead = child(n, "overhead");
	bool is_measured;
	const char *split = text_of(n, "cpu_split");

	get_time(n, "start", &r->start_wall_ns);
	get_u64(n, "duration_ns", &r->duration_ns);
	get_texts(n, "command", &r->command, &r->command_cnt);
	get_ids(n, "pids", &r->pids, &r->pid_cnt);
	get_text(n, "kernel", &r->kernel);
	get_text(n, "arch", &r->arch);
	get_u32(&cpus, "online", &r->cpus_online);
	get_u32(&cpus, "affinity", &r->cpus_affinity);
	get_real(&cpus, "quota", &r->cpus_quota);
	get_real(&cpus, "usable", &r->cpus_usable);
	get_u64(n, "memory_bytes", &r->memory_bytes);
	r->cpu_split_exact = split && !strcmp(split, "exact");
	get_u64(n, "steal_ns", &r->steal_ns);
	get_u64(n, "events", &r->events);
	get_u64(&lost, "ring", &r->lost_ring);
	get_u64(&lost, "state", &r->lost_state);
	get_u64(&lost, "wait_ns", &r->lost_wait_ns);
	get_u64(&lost, "passed_over", &r->passed_over);
	get_texts(n, "unavailable", &r->unavailable, &r->unavailable_cnt);
	get_u64(&overhead, "bpf_ns", &r->bpf_ns);
	get_u64(&overhead, "collector_ns", &r->collector_ns);
	get_real(&overhead, "fraction", &r->overhead);
	if (get_bool(&overhead, "bpf_measured", &is_measured))
		r->bpf_unmeasured = !is_measured;
	get_real(&overhead, "limit", &r->overhead_limit);
	get_u64(&overhead, "calls_until_ns", &r->calls_until_ns);
	get_u64(&overhead, "left_out_ns", &r->left_out_ns);
	get_texts(n, "needs", &r->needs, &r->need_cnt);
	get_u64(n, "start_mono_ns", &r->start_mono_ns);
	get_text(n, "boot_id", &r->boot_id);
	get_u32(n, "pid_namespace", &r->pid_namespace);
	get_u64(n, "suspended_ns", &r->suspended_ns);
	get_i64(n, "clock_step_ns", &r->clock_step_ns);
	get_u32(n, "cpus_online_end", &r->cpus_online_end);
	READ_ARRAY(n, "parts", read_part, r->parts, r->part_cnt);
}

static void read_process(const struct node *n, struct fact_process *p)
{
	struct node runtime = child(n, "runtime"), framework = child(n, "framework");
	uint32_t exit_code = 0;

	get_u32(n, "pid", &p->pid);
	get_u32(n, "ppid", &p->ppid);
	get_own_text(n, "name", &p->name);
	get_text(n, "exe", &p->exe);
	get_u64(n, "started_ns", &p->started_ns);
	p->ended = get_u64(n, "ended_ns", &p->ended_ns);
	get_u32(n, "exit_code", &exit_code);
	p->exit_code = (int)(exit_code & 0xffff);
	get_text(&runtime, "name", &p->runtime);
	get_text(&runtime, "version", &p->runtime_version);
	get_bool(&runtime, "global_lock", &p->global_lock);
	get_bool(&runtime, "free_threaded", &p->free_threaded);
	get_text(n, "start_method", &p->start_method);
	p->has_startup = get_u64(n, "startup_ns", &p->startup_ns);
	get_u64(n, "rss_bytes", &p->rss_bytes);
	get_u64(n, "pss_bytes", &p->pss_bytes);
	get_u64(n, "private_bytes", &p->private_bytes);
	get_text(n, "exit_signal", &p->exit_signal);
	get_text(n, "started_by", &p->started_by);
	p->has_exec = get_bool(n, "exec", &p->exec);
	get_text(n, "helper", &p->helper);
	get_text(&framework, "name", &p->framework);
	get_text(&framework, "options", &p->framework_options);
}

static void read_loop(const struct node *n, struct fact_loop *l)
{
	struct node turns = child(n, "long");
	size_t cnt = array_size(n, "blocked_in");

	get_u64(n, "sockets", &l->sockets);
	get_u64(n, "loop_ns", &l->loop_ns);
	get_u64(n, "poll_ns", &l->poll_ns);
	l->has_turns = get_u64(n, "turns", &l->turns);
	get_u64(n, "turn_max_ns", &l->turn_max_ns);
	get_u64(n, "cpu_max_ns", &l->cpu_max_ns);
	get_u64(n, "lag_p95_ns", &l->lag_p95_ns);
	get_u64(&turns, "turns", &l->long_turns);
	get_u64(&turns, "ns", &l->long_ns);
	get_u64(&turns, "cpu_ns", &l->long_cpu_ns);
	get_u64(&turns, "queue_ns", &l->long_queue_ns);
	get_u64(&turns, "blocked_ns", &l->long_blocked_ns);
	get_u64(n, "blocked_ns", &l->blocked_ns);
	l->blocked_in = xcalloc(cnt, sizeof(*l->blocked_in));
	for (size_t i = 0; i < cnt; i++) {
		struct node c = item(n, "blocked_in", i);
		struct fact_loop_call *call = &l->blocked_in[l->blocked_cnt++];

		get_own_text(&c, "call", &call->call);
		call->bucket = (enum bucket)get_name(&c, "bucket", bucket_from_name, BUCKET_OTHER);
		get_u64(&c, "waits", &call->waits);
		get_u64(&c, "wait_ns", &call->wait_ns);
	}
}

static void read_thread(const struct node *n, struct fact_thread *t)
{
	struct node time_ns = child(n, "time_ns"), switches = child(n, "switches");
	struct node queue = child(n, "run_queue_ns"), released = child(n, "gil_released");
	struct node loop = child(n, "loop");

	get_u32(n, "tid", &t->tid);
	get_u32(n, "pid", &t->pid);
	get_own_text(n, "name", &t->name);
	get_own_text(n, "role", &t->role);
	get_u64(n, "started_ns", &t->started_ns);
	get_u64(n, "first_cpu_ns", &t->first_cpu_ns);
	get_u64(n, "last_cpu_ns", &t->last_cpu_ns);
	get_u64(n, "lifetime_ns", &t->lifetime_ns);
	for (int b = 0; b < BUCKET_CNT; b++)
		get_u64(&time_ns, bucket_name((enum bucket)b), &t->time_ns[b]);
	get_u64(&switches, "voluntary", &t->voluntary);
	get_u64(&switches, "involuntary", &t->involuntary);
	get_u64(n, "migrations", &t->migrations);
	get_u64(n, "wakeups", &t->wakeups);
	get_u64(&queue, "p50", &t->run_queue_ns.p50);
	get_u64(&queue, "p95", &t->run_queue_ns.p95);
	get_u64(&queue, "p99", &t->run_queue_ns.p99);
	get_u64(&queue, "max", &t->run_queue_ns.max);
	get_u64(&released, "cpu_ns", &t->watched_ns);
	get_u64(&released, "released_ns", &t->released_ns);
	if (loop.json) {
		t->loop = xcalloc(1, sizeof(*t->loop));
		read_loop(&loop, t->loop);
	}
}

static void read_edge(const struct node *n, struct lock_edge *e)
{
	get_u32(n, "waiter", &e->waiter);
	get_u32(n, "holder", &e->holder);
	get_u64(n, "waits", &e->waits);
	get_u64(n, "wait_ns", &e->wait_ns);
}

static void read_lock(const struct node *n, struct fact_lock *l)
{
	const char *addr = text_of(n, "address");
	size_t size = array_size(n, "edges");
	char *end;

	l->kind = (enum lock_kind)get_name(n, "kind", lock_kind_from_name, LOCK_FUTEX);
	get_own_text(n, "name", &l->name);
	if (addr) {
		l->addr = strtoull(addr, &end, 16);
		if (strncmp(addr, "0x", 2) || !addr[2] || *end)
			complain(n, "address", "an address as in \"0x7f00\"");
	}
	get_u32(n, "pid", &l->pid);
	get_u64(n, "waits", &l->waits);
	get_u64(n, "wait_ns", &l->wait_ns);
	get_u64(n, "max_ns", &l->max_ns);
	/* Older recordings tell by the kind alone. */
	if (!get_u64(n, "contended_ns", &l->contended_ns))
		l->contended_ns = l->wait_ns;
	l->edges = xcalloc(size, sizeof(*l->edges));
	for (size_t i = 0; i < size; i++) {
		struct node edge = item(n, "edges", i);

		read_edge(&edge, &l->edges[l->edge_cnt++]);
	}
}

static void read_deadlock(const struct node *n, struct fact_deadlock *d)
{
	get_ids(n, "threads", &d->threads, &d->thread_cnt);
	get_texts(n, "locks", &d->locks, &d->lock_cnt);
	get_own_text(n, "text", &d->text);
}

static void read_channel_end(const struct node *n, struct fact_channel_end *e)
{
	get_u32(n, "pid", &e->pid);
	get_text(n, "name", &e->name);
	get_bool(n, "traced", &e->traced);
	get_bool(n, "reads", &e->reads);
	get_bool(n, "writes", &e->writes);
	get_u64(n, "messages_sent", &e->messages_sent);
	get_u64(n, "bytes_sent", &e->bytes_sent);
	get_u64(n, "messages_received", &e->messages_received);
	get_u64(n, "bytes_received", &e->bytes_received);
	get_u64(n, "read_wait_ns", &e->read_wait_ns);
	get_u64(n, "write_wait_ns", &e->write_wait_ns);
}

static void read_channel(const struct node *n, struct fact_channel *c)
{
	get_own_text(n, "kind", &c->kind);
	get_own_text(n, "id", &c->id);
	get_ids(n, "writers", &c->writers, &c->writer_cnt);
	get_ids(n, "readers", &c->readers, &c->reader_cnt);
	get_u64(n, "messages", &c->messages);
	get_u64(n, "bytes", &c->bytes);
	get_u64(n, "read_wait_ns", &c->read_wait_ns);
	get_u64(n, "write_wait_ns", &c->write_wait_ns);
	get_text(n, "used_as", &c->used_as);
	get_u64(n, "size_bytes", &c->size_bytes);
	READ_ARRAY(n, "ends", read_channel_end, c->ends, c->end_cnt);
	get_text(n, "key", &c->key);
}

static void read_syscall(const struct node *n, struct fact_syscall *s)
{
	get_own_text(n, "name", &s->name);
	get_u64(n, "calls", &s->calls);
	get_u64(n, "errors", &s->errors);
	get_u64(n, "blocked_ns", &s->blocked_ns);
	get_u64(n, "bytes", &s->bytes);
}

static void read_window(const struct node *n, struct fact_window *w)
{
	get_u64(n, "t_ns", &w->t_ns);
	for (int g = 0; g < GROUP_CNT; g++)
		get_real(n, bucket_group_name((enum bucket_group)g), &w->groups[g]);
}

static void read_totals(const struct node *root, struct facts *f)
{
	struct node conc = child(root, "concurrency"), io = child(root, "io");
	struct node disk = child(&io, "disk"), faults = child(&io, "faults");

	get_real(&conc, "on_cpu_avg", &f->concurrency.on_cpu_avg);
	get_u32(&conc, "on_cpu_max", &f->concurrency.on_cpu_max);
	get_real(&conc, "runnable_avg", &f->concurrency.runnable_avg);
	get_u64(&disk, "reads", &f->disk.reads);
	get_u64(&disk, "writes", &f->disk.writes);
	get_u64(&disk, "bytes", &f->disk.bytes);
	get_u64(&disk, "wait_ns", &f->disk.wait_ns);
	get_u64(&faults, "minor", &f->faults_minor);
	get_u64(&faults, "major", &f->faults_major);
}

static void read_turns(const struct node *n, struct fact_turns *t)
{
	struct node latency = child(n, "latency_ns");

	get_u64(n, "count", &t->count);
	get_real(n, "per_second", &t->per_second);
	get_u64(&latency, "p50", &t->p50);
	get_u64(&latency, "p95", &t->p95);
	get_u64(&latency, "p99", &t->p99);
	get_u64(&latency, "mean", &t->mean);
	get_u64(&latency, "max", &t->max);
	get_real(n, "in_progress_avg", &t->in_progress_avg);
	get_real(n, "unread_avg", &t->unread_avg);
}

static void get_port(const struct node *n, const char *key, uint16_t *out)
{
	uint64_t wide;

	if (!get_u64(n, key, &wide))
		return;
	if (wide > UINT16_MAX)
		complain(n, key, "a port");
	*out = (uint16_t)wide;
}

static void read_server(const struct node *n, struct fact_server *s)
{
	get_own_text(n, "name", &s->name);
	get_own_text(n, "kind", &s->kind);
	get_port(n, "port", &s->port);
	read_turns(n, &s->turns);
}

static void read_listener(const struct node *n, struct fact_listener *l)
{
	get_own_text(n, "name", &l->name);
	get_own_text(n, "kind", &l->kind);
	get_port(n, "port", &l->port);
	get_u64(n, "accepts", &l->accepts);
	get_real(n, "waiting_avg", &l->waiting_avg);
	get_u32(n, "waiting_max", &l->waiting_max);
	get_u32(n, "limit", &l->limit);
}

static void read_requests(const struct node *n, struct fact_requests *r)
{
	read_turns(n, &r->turns);
	get_text(n, "basis", &r->basis);
	if (r->basis && !r->basis[0]) {
		free(r->basis);
		r->basis = NULL;
	}
	get_text(n, "function", &r->function);
	get_u64(n, "unfinished", &r->unfinished);
	get_u64(n, "missed", &r->missed);
	READ_ARRAY(n, "servers", read_server, r->servers, r->server_cnt);
	READ_ARRAY(n, "listeners", read_listener, r->listeners, r->listener_cnt);
}

static void read_slo(const struct node *n, struct fact_slo *s)
{
	get_own_text(n, "name", &s->name);
	get_own_text(n, "unit", &s->unit);
	get_text(n, "why", &s->why);
	get_real(n, "limit", &s->limit);
	s->is_known = member(n, "value") != NULL;
	get_real(n, "value", &s->value);
	get_bool(n, "met", &s->met);
}

static void read_role_verdict(const struct node *n, struct fact_role_verdict *r)
{
	get_own_text(n, "role", &r->role);
	get_u32(n, "threads", &r->threads);
	r->class = (enum verdict_class)get_name(n, "class", verdict_class_from_name,
						CLASS_INCONCLUSIVE);
	r->fit = (enum verdict_fit)get_name(n, "fit", verdict_fit_from_name, FIT_INCONCLUSIVE);
	get_own_text(n, "summary", &r->summary);
}

static void read_evidence(const struct node *n, struct fact_evidence *e)
{
	get_own_text(n, "rule", &e->rule);
	get_own_text(n, "text", &e->text);
	get_own_text(n, "unit", &e->unit);
	get_real(n, "value", &e->value);
	get_real(n, "threshold", &e->threshold);
}

static void read_prediction(const struct node *n, struct fact_prediction *p)
{
	get_own_text(n, "change", &p->change);
	get_u32(n, "workers", &p->workers);
	get_real(n, "speedup", &p->speedup);
	get_real(n, "low", &p->low);
	get_real(n, "high", &p->high);
	get_real(n, "worker_bytes", &p->worker_bytes);
	get_own_text(n, "basis", &p->basis);
}

static void read_not_predicted(const struct node *n, struct fact_not_predicted *p)
{
	get_own_text(n, "change", &p->change);
	get_own_text(n, "why", &p->why);
}

/* Each element of the array @key, through @fn, into @items. */
static void read_verdict(const struct node *n, struct fact_verdict *v)
{
	v->class = (enum verdict_class)get_name(n, "class", verdict_class_from_name,
						CLASS_INCONCLUSIVE);
	v->current = (enum verdict_fit)get_name(n, "current", verdict_fit_from_name,
						FIT_INCONCLUSIVE);
	v->fit = (enum verdict_fit)get_name(n, "fit", verdict_fit_from_name, FIT_INCONCLUSIVE);
	get_real(n, "confidence", &v->confidence);
	get_text(n, "summary", &v->summary);
	READ_ARRAY(n, "roles", read_role_verdict, v->roles, v->role_cnt);
	READ_ARRAY(n, "evidence", read_evidence, v->evidence, v->evidence_cnt);
	READ_ARRAY(n, "predictions", read_prediction, v->predictions, v->prediction_cnt);
	READ_ARRAY(n, "not_predicted", read_not_predicted, v->not_predicted, v->not_predicted_cnt);
	get_texts(n, "advice", &v->advice, &v->advice_cnt);
	get_texts(n, "doubts", &v->doubts, &v->doubt_cnt);
}

static void read_whatif(const struct node *n, struct fact_whatif *w)
{
	get_own_text(n, "change", &w->change);
	get_u32(n, "workers", &w->workers);
	get_text(n, "lock", &w->lock);
	get_real(n, "speedup", &w->speedup);
	get_real(n, "low", &w->low);
	get_real(n, "high", &w->high);
	get_text(n, "basis", &w->basis);
	get_text(n, "why_not", &w->why_not);
}

static void read_facts(const struct node *root, struct facts *f)
{
	struct node recording = child(root, "recording"), verdict = child(root, "verdict");
	struct node requests = child(root, "requests");

	get_text(root, "partrace", &f->recording.version);
	read_recording(&recording, &f->recording);
	READ_ARRAY(root, "processes", read_process, f->processes, f->process_cnt);
	READ_ARRAY(root, "threads", read_thread, f->threads, f->thread_cnt);
	read_totals(root, f);
	READ_ARRAY(root, "locks", read_lock, f->locks, f->lock_cnt);
	READ_ARRAY(root, "channels", read_channel, f->channels, f->channel_cnt);
	READ_ARRAY(root, "syscalls", read_syscall, f->syscalls, f->syscall_cnt);
	read_requests(&requests, &f->requests);
	READ_ARRAY(root, "slo", read_slo, f->slo, f->slo_cnt);
	READ_ARRAY(root, "series", read_window, f->series, f->series_cnt);
	READ_ARRAY(root, "deadlocks", read_deadlock, f->deadlocks, f->deadlock_cnt);
	f->has_whatif = member(root, "whatif") != NULL;
	READ_ARRAY(root, "whatif", read_whatif, f->whatif, f->whatif_cnt);
	read_verdict(&verdict, &f->verdict);
}

/*
 * Parsed, an empty object takes 100 times the three bytes that it is written as. Some
 * times what 100,000 processes of a thread each come to is enough for anybody, and takes two
 * gigabytes at most.
 */
static bool is_too_much(const char *text, size_t len)
{
	size_t containers = 0, commas = 0;
	bool is_string = false;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (is_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				is_string = false;
		} else {
			is_string = c == '"';
			containers += c == '{' || c == '[';
			commas += c == ',';
		}
	}
	return containers > CONTAINERS_MAX || commas > COMMAS_MAX;
}

static int check_schema(const struct node *root)
{
	uint64_t schema = 0;

	get_u64(root, "schema", &schema);
	if (root->err[0])
		return -EBADMSG;
	if (!schema) {
		complain(root, "schema", "a number: this is not a partrace recording's facts");
		return -EBADMSG;
	}
	if (schema == FACTS_SCHEMA)
		return 0;
	snprintf(root->err, FACTS_JSON_ERR_LEN,
		 "schema %llu is newer than this partrace, which reads schema %d",
		 (unsigned long long)schema, FACTS_SCHEMA);
	return -ENOTSUP;
}

int facts_json_parse(struct facts *f, const char *text, size_t len, char err[FACTS_JSON_ERR_LEN])
{
	struct node root = { .err = err };
	json_error_t json_err;
	int ret;

	err[0] = 0;
	if (is_too_much(text, len)) {
		snprintf(err, FACTS_JSON_ERR_LEN, "more values than any recording has");
		return -EBADMSG;
	}
	root.json = json_loadb(text, len, 0, &json_err);
	if (!root.json) {
		snprintf(err, FACTS_JSON_ERR_LEN, "line %d, column %d: %s", json_err.line,
			 json_err.column, json_err.text);
		return -EBADMSG;
	}
	if (!json_is_object(root.json)) {
		complain(&root, "facts", "an object");
		ret = -EBADMSG;
		goto out;
	}
	ret = check_schema(&root);
	if (ret)
		goto out;
	read_facts(&root, f);
	if (err[0]) {
		facts_release(f);
		ret = -EBADMSG;
	} else {
		facts_index(f);
	}
out:
	json_decref(root.json);
	return ret;
}
