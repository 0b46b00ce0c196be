// SPDX-License-Identifier: MIT
/*
 * Owns the writing of facts as JSON; facts_json_read.c is the way back. The
 * order of keys is docs/facts.md's.
 */
#include "facts/facts_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "facts/json_doc.h"
#include "facts/json_value.h"

static json_t *text(const char *s)
{
	return json_value_text(s ? s : "");
}

/* JSON's integers end at 2^63 - 1 in most readers, jansson among them. */
static json_t *number(uint64_t n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

static json_t *number_or_null(bool is_known, uint64_t n)
{
	return is_known ? number(n) : json_null();
}

static void set(json_t *obj, const char *key, json_t *value)
{
	json_object_set_new(obj, key, value);
}

static json_t *texts(char *const *strings, size_t cnt)
{
	json_t *arr = json_array();

	for (size_t i = 0; i < cnt; i++)
		json_array_append_new(arr, text(strings[i]));
	return arr;
}

static json_t *ids(const uint32_t *values, size_t cnt)
{
	json_t *arr = json_array();

	for (size_t i = 0; i < cnt; i++)
		json_array_append_new(arr, number(values[i]));
	return arr;
}

#define SET_ARRAY(root, key, fn, items, cnt)                           \
	do {                                                           \
		json_t *arr_ = json_array();                           \
		for (size_t i_ = 0; i_ < (cnt); i_++)                  \
			json_array_append_new(arr_, fn(&(items)[i_])); \
		set(root, key, arr_);                                  \
	} while (0)

static json_t *cpus(const struct fact_recording *r)
{
	json_t *o = json_object();

	set(o, "online", number(r->cpus_online));
	set(o, "affinity", number(r->cpus_affinity));
	set(o, "quota", r->cpus_quota > 0 ? json_value_real(r->cpus_quota) : json_null());
	set(o, "usable", json_value_real(r->cpus_usable));
	return o;
}

static json_t *part(const struct fact_part *p)
{
	json_t *o = json_object();

	set(o, "start_ns", number(p->start_ns));
	set(o, "duration_ns", number(p->duration_ns));
	set(o, "launched", json_boolean(p->launched));
	set(o, "ended", json_boolean(p->ended));
	set(o, "command", texts(p->command, p->command_cnt));
	set(o, "pids", ids(p->pids, p->pid_cnt));
	set(o, "processes", number(p->process_cnt));
	set(o, "threads", number(p->thread_cnt));
	return o;
}

static json_t *recording(const struct fact_recording *r)
{
	json_t *o = json_object(), *lost = json_object(), *overhead = json_object();
	char start[32];

	clock_format_rfc3339(start, r->start_wall_ns);
	set(o, "start", text(start));
	set(o, "duration_ns", number(r->duration_ns));
	set(o, "command", texts(r->command, r->command_cnt));
	set(o, "pids", ids(r->pids, r->pid_cnt));
	set(o, "kernel", text(r->kernel));
	set(o, "arch", text(r->arch));
	set(o, "cpus", cpus(r));
	set(o, "memory_bytes", number_or_null(r->memory_bytes, r->memory_bytes));
	set(o, "cpu_split", text(r->cpu_split_exact ? "exact" : "estimated"));
	set(o, "steal_ns", number(r->steal_ns));
	set(o, "events", number(r->events));
	set(lost, "ring", number(r->lost_ring));
	set(lost, "state", number(r->lost_state));
	if (r->lost_wait_ns)
		set(lost, "wait_ns", number(r->lost_wait_ns));
	if (r->passed_over)
		set(lost, "passed_over", number(r->passed_over));
	set(o, "lost", lost);
	set(o, "unavailable", texts(r->unavailable, r->unavailable_cnt));
	set(overhead, "bpf_ns", number(r->bpf_ns));
	set(overhead, "collector_ns", number(r->collector_ns));
	set(overhead, "fraction", json_value_real(r->overhead));
	set(overhead, "bpf_measured", json_boolean(!r->bpf_unmeasured));
	if (r->overhead_limit > 0)
		set(overhead, "limit", json_value_real(r->overhead_limit));
	if (r->calls_until_ns)
		set(overhead, "calls_until_ns", number(r->calls_until_ns));
	if (r->left_out_ns)
		set(overhead, "left_out_ns", number(r->left_out_ns));
	set(o, "overhead", overhead);
	set(o, "needs", texts(r->needs, r->need_cnt));
	set(o, "start_mono_ns", number_or_null(r->start_mono_ns, r->start_mono_ns));
	set(o, "boot_id", json_value_text(r->boot_id));
	if (r->pid_namespace)
		set(o, "pid_namespace", number(r->pid_namespace));
	if (r->suspended_ns)
		set(o, "suspended_ns", number(r->suspended_ns));
	if (r->clock_step_ns)
		set(o, "clock_step_ns", json_integer(r->clock_step_ns));
	if (r->cpus_online_end)
		set(o, "cpus_online_end", number(r->cpus_online_end));
	SET_ARRAY(o, "parts", part, r->parts, r->part_cnt);
	return o;
}

static json_t *runtime(const struct fact_process *p)
{
	json_t *o;

	if (!p->runtime)
		return json_null();
	o = json_object();
	set(o, "name", text(p->runtime));
	set(o, "version", json_value_text(p->runtime_version));
	set(o, "global_lock", json_boolean(p->global_lock));
	set(o, "free_threaded", json_boolean(p->free_threaded));
	return o;
}

static json_t *framework(const struct fact_process *p)
{
	json_t *o;

	if (!p->framework)
		return json_null();
	o = json_object();
	set(o, "name", text(p->framework));
	set(o, "options", text(p->framework_options));
	return o;
}

static json_t *process(const struct fact_process *p)
{
	json_t *o = json_object();

	set(o, "pid", number(p->pid));
	set(o, "ppid", number(p->ppid));
	set(o, "name", text(p->name));
	set(o, "exe", json_value_text(p->exe));
	set(o, "started_ns", number(p->started_ns));
	set(o, "ended_ns", number_or_null(p->ended, p->ended_ns));
	set(o, "exit_code", p->ended ? json_integer(p->exit_code) : json_null());
	set(o, "runtime", runtime(p));
	set(o, "start_method", json_value_text(p->start_method));
	set(o, "startup_ns", number_or_null(p->has_startup, p->startup_ns));
	set(o, "rss_bytes", number(p->rss_bytes));
	set(o, "pss_bytes", number(p->pss_bytes));
	set(o, "private_bytes", number(p->private_bytes));
	set(o, "exit_signal", json_value_text(p->exit_signal));
	set(o, "started_by", json_value_text(p->started_by));
	set(o, "exec", p->has_exec ? json_boolean(p->exec) : json_null());
	set(o, "helper", json_value_text(p->helper));
	set(o, "framework", framework(p));
	return o;
}

static json_t *gil_released(const struct fact_thread *t)
{
	json_t *o;

	if (!t->watched_ns)
		return json_null();
	o = json_object();
	set(o, "cpu_ns", number(t->watched_ns));
	set(o, "released_ns", number(t->released_ns));
	return o;
}

static json_t *loop_calls(const struct fact_loop *l)
{
	json_t *arr = json_array();

	for (size_t i = 0; i < l->blocked_cnt; i++) {
		json_t *o = json_object();

		set(o, "call", text(l->blocked_in[i].call));
		set(o, "bucket", text(bucket_name(l->blocked_in[i].bucket)));
		set(o, "waits", number(l->blocked_in[i].waits));
		set(o, "wait_ns", number(l->blocked_in[i].wait_ns));
		json_array_append_new(arr, o);
	}
	return arr;
}

static json_t *long_turns(const struct fact_loop *l)
{
	json_t *o;

	if (!l->has_turns)
		return json_null();
	o = json_object();
	set(o, "turns", number(l->long_turns));
	set(o, "ns", number(l->long_ns));
	set(o, "cpu_ns", number(l->long_cpu_ns));
	set(o, "queue_ns", number(l->long_queue_ns));
	set(o, "blocked_ns", number(l->long_blocked_ns));
	return o;
}

static json_t *loop(const struct fact_loop *l)
{
	json_t *o;

	if (!l)
		return json_null();
	o = json_object();
	set(o, "sockets", number(l->sockets));
	set(o, "loop_ns", number(l->loop_ns));
	set(o, "poll_ns", number(l->poll_ns));
	set(o, "turns", number_or_null(l->has_turns, l->turns));
	set(o, "turn_max_ns", number_or_null(l->has_turns, l->turn_max_ns));
	set(o, "cpu_max_ns", number_or_null(l->has_turns, l->cpu_max_ns));
	set(o, "lag_p95_ns", number_or_null(l->has_turns, l->lag_p95_ns));
	set(o, "long", long_turns(l));
	set(o, "blocked_ns", number(l->blocked_ns));
	set(o, "blocked_in", loop_calls(l));
	return o;
}

static json_t *thread(const struct fact_thread *t)
{
	json_t *o = json_object(), *time_ns = json_object();
	json_t *switches = json_object(), *queue = json_object();

	set(o, "tid", number(t->tid));
	set(o, "pid", number(t->pid));
	set(o, "name", text(t->name));
	set(o, "role", text(t->role));
	set(o, "started_ns", number(t->started_ns));
	set(o, "first_cpu_ns", number(t->first_cpu_ns));
	set(o, "last_cpu_ns", number(t->last_cpu_ns));
	set(o, "lifetime_ns", number(t->lifetime_ns));
	for (int b = 0; b < BUCKET_CNT; b++)
		set(time_ns, bucket_name((enum bucket)b), number(t->time_ns[b]));
	set(o, "time_ns", time_ns);
	set(switches, "voluntary", number(t->voluntary));
	set(switches, "involuntary", number(t->involuntary));
	set(o, "switches", switches);
	set(o, "migrations", number(t->migrations));
	set(o, "wakeups", number(t->wakeups));
	set(queue, "p50", number(t->run_queue_ns.p50));
	set(queue, "p95", number(t->run_queue_ns.p95));
	set(queue, "p99", number(t->run_queue_ns.p99));
	set(queue, "max", number(t->run_queue_ns.max));
	set(o, "run_queue_ns", queue);
	set(o, "gil_released", gil_released(t));
	set(o, "loop", loop(t->loop));
	return o;
}

static json_t *concurrency(const struct facts *f)
{
	json_t *o = json_object();

	set(o, "on_cpu_avg", json_value_real(f->concurrency.on_cpu_avg));
	set(o, "on_cpu_max", number(f->concurrency.on_cpu_max));
	set(o, "runnable_avg", json_value_real(f->concurrency.runnable_avg));
	set(o, "usable_cpus", json_value_real(f->recording.cpus_usable));
	return o;
}

static json_t *lock(const struct fact_lock *l)
{
	json_t *o = json_object(), *edges = json_array();
	char addr[24];

	snprintf(addr, sizeof(addr), "0x%" PRIx64, l->addr);
	set(o, "kind", text(lock_kind_name(l->kind)));
	set(o, "name", text(l->name));
	set(o, "address", text(addr));
	set(o, "pid", number(l->pid));
	set(o, "waits", number(l->waits));
	set(o, "wait_ns", number(l->wait_ns));
	set(o, "max_ns", number(l->max_ns));
	for (size_t i = 0; i < l->edge_cnt; i++) {
		const struct lock_edge *e = &l->edges[i];
		json_t *edge = json_object();

		set(edge, "waiter", number(e->waiter));
		set(edge, "holder", number(e->holder));
		set(edge, "waits", number(e->waits));
		set(edge, "wait_ns", number(e->wait_ns));
		json_array_append_new(edges, edge);
	}
	set(o, "edges", edges);
	set(o, "contended_ns", number(l->contended_ns));
	return o;
}

static json_t *deadlock(const struct fact_deadlock *d)
{
	json_t *o = json_object();

	set(o, "threads", ids(d->threads, d->thread_cnt));
	set(o, "locks", texts(d->locks, d->lock_cnt));
	set(o, "text", text(d->text));
	return o;
}

static json_t *channel_end(const struct fact_channel_end *e)
{
	json_t *o = json_object();

	set(o, "pid", number(e->pid));
	set(o, "name", json_value_text(e->name));
	set(o, "traced", json_boolean(e->traced));
	set(o, "reads", json_boolean(e->reads));
	set(o, "writes", json_boolean(e->writes));
	set(o, "messages_sent", number(e->messages_sent));
	set(o, "bytes_sent", number(e->bytes_sent));
	set(o, "messages_received", number(e->messages_received));
	set(o, "bytes_received", number(e->bytes_received));
	set(o, "read_wait_ns", number(e->read_wait_ns));
	set(o, "write_wait_ns", number(e->write_wait_ns));
	return o;
}

static json_t *channel(const struct fact_channel *c)
{
	json_t *o = json_object();

	set(o, "kind", text(c->kind));
	set(o, "id", text(c->id));
	set(o, "writers", ids(c->writers, c->writer_cnt));
	set(o, "readers", ids(c->readers, c->reader_cnt));
	set(o, "messages", number(c->messages));
	set(o, "bytes", number(c->bytes));
	set(o, "read_wait_ns", number(c->read_wait_ns));
	set(o, "write_wait_ns", number(c->write_wait_ns));
	set(o, "used_as", json_value_text(c->used_as));
	set(o, "size_bytes", number(c->size_bytes));
	SET_ARRAY(o, "ends", channel_end, c->ends, c->end_cnt);
	set(o, "key", json_value_text(c->key));
	return o;
}

static json_t *syscall_count(const struct fact_syscall *s)
{
	json_t *o = json_object();

	set(o, "name", text(s->name));
	set(o, "calls", number(s->calls));
	set(o, "errors", number(s->errors));
	set(o, "total_ns", json_null()); /* nothing times whole calls yet */
	set(o, "blocked_ns", number(s->blocked_ns));
	set(o, "bytes", number(s->bytes));
	return o;
}

static json_t *io(const struct facts *f)
{
	json_t *o = json_object(), *disk = json_object(), *faults = json_object();

	set(disk, "reads", number(f->disk.reads));
	set(disk, "writes", number(f->disk.writes));
	set(disk, "bytes", number(f->disk.bytes));
	set(disk, "wait_ns", number(f->disk.wait_ns));
	set(o, "disk", disk);
	set(faults, "minor", number(f->faults_minor));
	set(faults, "major", number(f->faults_major));
	set(o, "faults", faults);
	return o;
}

/* Into @o, beside what else it holds. */
static void set_turns(json_t *o, const struct fact_turns *t)
{
	json_t *latency = json_object();

	set(o, "count", number(t->count));
	set(o, "per_second", json_value_real(t->per_second));
	set(latency, "p50", number(t->p50));
	set(latency, "p95", number(t->p95));
	set(latency, "p99", number(t->p99));
	set(latency, "mean", number(t->mean));
	set(latency, "max", number(t->max));
	set(o, "latency_ns", latency);
	set(o, "in_progress_avg", json_value_real(t->in_progress_avg));
	set(o, "unread_avg", json_value_real(t->unread_avg));
}

static json_t *server(const struct fact_server *s)
{
	json_t *o = json_object();

	set(o, "name", text(s->name));
	set(o, "kind", text(s->kind));
	set(o, "port", number_or_null(s->port, s->port));
	set_turns(o, &s->turns);
	return o;
}

static json_t *listener(const struct fact_listener *l)
{
	json_t *o = json_object();

	set(o, "name", text(l->name));
	set(o, "kind", text(l->kind));
	set(o, "port", number_or_null(l->port, l->port));
	set(o, "accepts", number(l->accepts));
	set(o, "waiting_avg", json_value_real(l->waiting_avg));
	set(o, "waiting_max", number(l->waiting_max));
	set(o, "limit", number(l->limit));
	return o;
}

static json_t *slo(const struct fact_slo *s)
{
	json_t *o = json_object();

	set(o, "name", text(s->name));
	set(o, "limit", json_value_real(s->limit));
	set(o, "value", s->is_known ? json_value_real(s->value) : json_null());
	set(o, "met", json_boolean(s->met));
	set(o, "unit", text(s->unit));
	set(o, "why", json_value_text(s->why));
	return o;
}

static json_t *requests(const struct fact_requests *r)
{
	json_t *o = json_object();

	set_turns(o, &r->turns);
	set(o, "basis", text(r->basis));
	set(o, "function", json_value_text(r->function));
	set(o, "unfinished", number(r->unfinished));
	set(o, "missed", number(r->missed));
	SET_ARRAY(o, "servers", server, r->servers, r->server_cnt);
	SET_ARRAY(o, "listeners", listener, r->listeners, r->listener_cnt);
	return o;
}

static json_t *window(const struct fact_window *w)
{
	json_t *o = json_object();

	set(o, "t_ns", number(w->t_ns));
	for (int g = 0; g < GROUP_CNT; g++)
		set(o, bucket_group_name((enum bucket_group)g), json_value_real(w->groups[g]));
	return o;
}

static json_t *whatif(const struct fact_whatif *w)
{
	json_t *o = json_object();

	set(o, "change", text(w->change));
	set(o, "workers", number(w->workers));
	set(o, "lock", json_value_text(w->lock));
	set(o, "speedup", w->why_not ? json_null() : json_value_real(w->speedup));
	set(o, "low", w->why_not ? json_null() : json_value_real(w->low));
	set(o, "high", w->why_not ? json_null() : json_value_real(w->high));
	set(o, "basis", json_value_text(w->basis));
	set(o, "why_not", json_value_text(w->why_not));
	return o;
}

static json_t *verdict_roles(const struct fact_verdict *v)
{
	json_t *arr = json_array();

	for (size_t i = 0; i < v->role_cnt; i++) {
		const struct fact_role_verdict *r = &v->roles[i];
		json_t *o = json_object();

		set(o, "role", text(r->role));
		set(o, "threads", number(r->threads));
		set(o, "class", text(verdict_class_name(r->class)));
		set(o, "fit", text(verdict_fit_name(r->fit)));
		set(o, "summary", text(r->summary));
		json_array_append_new(arr, o);
	}
	return arr;
}

static json_t *verdict_evidence(const struct fact_verdict *v)
{
	json_t *arr = json_array();

	for (size_t i = 0; i < v->evidence_cnt; i++) {
		const struct fact_evidence *e = &v->evidence[i];
		json_t *o = json_object();

		set(o, "rule", text(e->rule));
		set(o, "text", text(e->text));
		set(o, "value", json_value_real(e->value));
		set(o, "threshold", json_value_real(e->threshold));
		set(o, "unit", text(e->unit));
		json_array_append_new(arr, o);
	}
	return arr;
}

static json_t *verdict_predictions(const struct fact_verdict *v)
{
	json_t *arr = json_array();

	for (size_t i = 0; i < v->prediction_cnt; i++) {
		const struct fact_prediction *p = &v->predictions[i];
		json_t *o = json_object();

		set(o, "change", text(p->change));
		set(o, "workers", number(p->workers));
		set(o, "speedup", json_value_real(p->speedup));
		set(o, "low", json_value_real(p->low));
		set(o, "high", json_value_real(p->high));
		set(o, "worker_bytes",
		    p->worker_bytes != 0 ? json_value_real(p->worker_bytes) : json_null());
		set(o, "basis", text(p->basis));
		json_array_append_new(arr, o);
	}
	return arr;
}

static json_t *verdict(const struct fact_verdict *v)
{
	json_t *o = json_object(), *not_predicted = json_array();

	set(o, "class", text(verdict_class_name(v->class)));
	set(o, "current", text(verdict_fit_name(v->current)));
	set(o, "fit", text(verdict_fit_name(v->fit)));
	set(o, "confidence", json_value_real(v->confidence));
	set(o, "summary", text(v->summary));
	set(o, "roles", verdict_roles(v));
	set(o, "evidence", verdict_evidence(v));
	set(o, "predictions", verdict_predictions(v));
	for (size_t i = 0; i < v->not_predicted_cnt; i++) {
		json_t *n = json_object();

		set(n, "change", text(v->not_predicted[i].change));
		set(n, "why", text(v->not_predicted[i].why));
		json_array_append_new(not_predicted, n);
	}
	set(o, "not_predicted", not_predicted);
	set(o, "advice", texts(v->advice, v->advice_cnt));
	set(o, "doubts", texts(v->doubts, v->doubt_cnt));
	return o;
}

#define PUT_ARRAY(doc, key, fn, items, cnt)                     \
	do {                                                    \
		json_doc_array(doc, key);                       \
		for (size_t i_ = 0; i_ < (cnt); i_++)           \
			json_doc_element(doc, fn(&(items)[i_])); \
		json_doc_array_end(doc);                        \
	} while (0)

void facts_json_format(const struct facts *f, struct strbuf *out, bool is_pretty)
{
	struct json_doc doc;

	json_doc_begin(&doc, out, is_pretty);
	json_doc_member(&doc, "schema", number(FACTS_SCHEMA));
	json_doc_member(&doc, "partrace", text(f->recording.version));
	json_doc_member(&doc, "recording", recording(&f->recording));
	PUT_ARRAY(&doc, "processes", process, f->processes, f->process_cnt);
	PUT_ARRAY(&doc, "threads", thread, f->threads, f->thread_cnt);
	json_doc_member(&doc, "concurrency", concurrency(f));
	PUT_ARRAY(&doc, "locks", lock, f->locks, f->lock_cnt);
	PUT_ARRAY(&doc, "channels", channel, f->channels, f->channel_cnt);
	PUT_ARRAY(&doc, "syscalls", syscall_count, f->syscalls, f->syscall_cnt);
	json_doc_member(&doc, "io", io(f));
	json_doc_member(&doc, "requests", requests(&f->requests));
	PUT_ARRAY(&doc, "series", window, f->series, f->series_cnt);
	json_doc_member(&doc, "verdict", verdict(&f->verdict));
	PUT_ARRAY(&doc, "slo", slo, f->slo, f->slo_cnt);
	PUT_ARRAY(&doc, "deadlocks", deadlock, f->deadlocks, f->deadlock_cnt);
	if (f->has_whatif)
		PUT_ARRAY(&doc, "whatif", whatif, f->whatif, f->whatif_cnt);
	else
		json_doc_member(&doc, "whatif", json_null());
	json_doc_end(&doc);
}
