// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Requests of served connections, and calls of the function that --request names.
 * Owns the table of connections and that of listening sockets. What the data mean is
 * not looked at: a read opens a request, writes answer it, the next read ends it,
 * whichever threads and processes do that.
 *
 *	      read               write               read, end of file
 *	IDLE -------> READ (open) ------> REPLIED ---------------------> told, IDLE
 *	                 ^                   |  ^
 *	                 +- read more        +--+ write more
 */
#include "request.bpf.h"

#include "compat.bpf.h"
#include "emit.bpf.h"
#include "file.bpf.h"
#include "lane.bpf.h"
#include "traffic.bpf.h"

#define SERVED_MAX 65536
#define AF_UNIX 1 /* include/linux/socket.h */

struct par_request_counts request_counts;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SERVED_MAX);
	__type(key, __u64);		/* the address of the struct file */
	__type(value, struct par_served);
} served SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, __u64);		/* the inode number */
	__type(value, struct par_listener);
} listeners SEC(".maps");

_Static_assert(sizeof(struct par_request) % 8 == 0, "what lane_begin() takes");

/* Tell of the request that @s has; in the lane only where nothing comes between: see lane.bpf.h. */
static __always_inline void request_emit(const struct par_served *s, __u64 now, bool in_lane)
{
	struct par_request *rec;

	if (in_lane)
		rec = lane_begin(sizeof(*rec), PAR_REQUEST, s->tid, now);
	else
		rec = emit_begin(sizeof(*rec), PAR_REQUEST, s->tid, now);
	if (!rec)
		return;
	rec->begin_ns = s->begin_ns;
	rec->read_ns = s->read_ns;
	rec->end_ns = s->write_ns;
	rec->tgid = s->tgid;
	rec->end_tid = s->end_tid;
	rec->lport = s->lport;
	rec->kind = s->kind;
	__builtin_memset(rec->pad, 0, sizeof(rec->pad));
	if (in_lane)
		lane_end(rec, sizeof(*rec));
	else
		emit_end(rec);
}

/* The request that @s has is over: tell of it if it was answered. As a call returns. */
static __always_inline void tell(struct par_served *s, __u64 now)
{
	if (s->begin_ns && s->write_ns && !recording_over(now))
		request_emit(s, now, !config.is_preemptible);
	s->begin_ns = 0;
	s->write_ns = 0;
}

static struct par_served unknown; /* what a new one begins with */

/* The entry of @file, made when there is none. NULL, and counted: no room. */
static __always_inline struct par_served *served_get(__u64 file)
{
	struct par_served *s = bpf_map_lookup_elem(&served, &file);

	if (s)
		return s;
	bpf_map_update_elem(&served, &file, &unknown, BPF_NOEXIST);
	s = bpf_map_lookup_elem(&served, &file);
	if (!s)
		__sync_fetch_and_add(&request_counts.missed, 1);
	return s;
}

static __always_inline struct par_moved *served_moved(struct par_served *s, bool is_write)
{
	return is_write ? &s->moved[1] : &s->moved[0];
}

/* Bring what moved one way into the table. A global function; its result says nothing. */
__noinline int served_flush(struct par_served *s, bool is_write)
{
	struct par_traffic_count what = {};
	struct par_moved *m;

	if (!s)
		return 0;
	m = served_moved(s, is_write);
	what.messages = m->messages;
	what.bytes = m->bytes;
	what.main_messages = m->main_messages;
	if (!what.messages)
		return 0;
	what.file = s->file;
	__sync_fetch_and_add(&m->messages, -what.messages);
	__sync_fetch_and_add(&m->bytes, -what.bytes);
	__sync_fetch_and_add(&m->main_messages, -what.main_messages);
	traffic_add(&what, s->mover_tgid, is_write);
	return 0;
}

static __always_inline void served_add(const struct thread *t, struct par_served *s, __u64 bytes,
				       bool is_write)
{
	struct par_moved *m = served_moved(s, is_write);

	__sync_fetch_and_add(&m->messages, 1);
	__sync_fetch_and_add(&m->bytes, bytes);
	if (is_main(t))
		__sync_fetch_and_add(&m->main_messages, 1);
	if (m->messages >= PAR_MOVED_MAX)
		served_flush(s, is_write);
}

/* From now on what process @tgid moves through @s is added up there. 0: nobody's is. */
static __always_inline void mover_set(struct par_served *s, const struct par_file_ref *ref,
				      __u32 tgid)
{
	if (s->mover_tgid == tgid)
		return;
	served_flush(s, false);
	served_flush(s, true);
	s->file = *ref;
	s->mover_tgid = tgid;
}

/* Another connection's, whose file was at the same address: its last reply is whole. */
static __always_inline void take_over(struct par_served *s, const struct par_file_ref *ref,
				      __u64 now)
{
	if (s->ino == ref->id)
		return;
	tell(s, now);
	mover_set(s, ref, 0);
	s->ino = ref->id;
	s->arrival_ns = 0;
	s->lport = ref->lport;
	s->kind = ref->kind == PAR_FILE_UNIX ? PAR_REQUEST_UNIX : PAR_REQUEST_TCP;
}

/*
 * When the data came that was just read. Where the kernel does not tell (before 6.3, or
 * on a connection that was not known yet): at the wake-up that ended the wait for it.
 */
static __always_inline __u64 came_ns(const struct thread *t, const struct par_served *s, __u64 now)
{
	if (s->arrival_ns)
		return s->arrival_ns;
	if (t->cause.file.id == s->ino && t->off.wake_ns > s->last_ns)
		return t->off.wake_ns;
	return now;
}

static __always_inline void on_read(struct thread *t, struct par_served *s, __u64 now)
{
	if (s->write_ns)
		tell(s, now);
	if (!s->begin_ns) {
		s->begin_ns = came_ns(t, s, now);
		s->read_ns = now;
		s->tid = t->tid;
		s->tgid = t->tgid;
	}
	s->arrival_ns = 0;
	s->last_ns = now;
}

static __always_inline void on_write(struct thread *t, struct par_served *s, __u64 now)
{
	s->last_ns = now;
	if (!s->begin_ns)
		return; /* unasked */
	if (s->write_ns && now - s->write_ns > PAR_REPLY_PAUSE_NS) {
		tell(s, now);
		return;
	}
	s->write_ns = now;
	s->end_tid = t->tid;
}

static __always_inline void on_data(struct thread *t, struct par_served *s, bool is_write,
				    __u64 now)
{
	if (is_write)
		on_write(t, s, now);
	else
		on_read(t, s, now);
}

static __always_inline bool is_served_stream(const struct par_file_ref *ref)
{
	/* A datagram socket has one name, and many others come to it. */
	return (ref->flags & PAR_FILE_SERVED) && !(ref->flags & PAR_FILE_NAMED) &&
	       (ref->kind == PAR_FILE_TCP || ref->kind == PAR_FILE_UNIX);
}

__noinline int request_moved(struct thread *t, __u32 step)
{
	const struct par_file_ref *ref;
	struct par_served *s;
	__u64 file, now;

	if (!t || !is_served_stream(&t->file.ref))
		return 0;
	ref = &t->file.ref;
	file = t->file.file;
	s = step == REQUEST_READ ? served_get(file) : bpf_map_lookup_elem(&served, &file);
	if (!s)
		return 0;
	now = bpf_ktime_get_ns();
	take_over(s, ref, now);
	if (step == REQUEST_EOF) {
		tell(s, now);
		mover_set(s, ref, 0);
		bpf_map_delete_elem(&served, &file);
		return 0;
	}
	on_data(t, s, step == REQUEST_WRITE, now);
	mover_set(s, ref, file_is_steady(ref) ? t->tgid : 0);
	return 0;
}

__hot bool request_again(struct thread *t, struct file *file, __u64 bytes, bool is_write)
{
	__u64 key = (__u64)file;
	struct par_served *s;

	if (!file_is_socket(file))
		return false;
	s = bpf_map_lookup_elem(&served, &key);
	if (!s || s->mover_tgid != t->tgid || s->ino != file_ino(file))
		return false;
	on_data(t, s, is_write, bpf_ktime_get_ns());
	served_add(t, s, bytes, is_write);
	return true;
}

static __always_inline void count_backlog(struct task_struct *task, const struct thread *t,
					  __u64 fd)
{
	struct file *file = file_at(task, fd);
	struct socket *socket = BPF_CORE_READ(file, private_data);
	struct sock *sk = BPF_CORE_READ(socket, sk);
	__u64 ino = BPF_CORE_READ(file, f_inode, i_ino);
	struct par_listener start = {}, *l;
	__u32 waiting;

	if (!sk || !socket_listens(sk))
		return;
	l = bpf_map_lookup_elem(&listeners, &ino);
	if (!l) {
		start.limit = BPF_CORE_READ(sk, sk_max_ack_backlog);
		start.kind = socket_is_tcp(sk) ? PAR_REQUEST_TCP : PAR_REQUEST_UNIX;
		if (start.kind == PAR_REQUEST_TCP)
			start.lport = BPF_CORE_READ(sk, __sk_common.skc_num);
		bpf_map_update_elem(&listeners, &ino, &start, BPF_NOEXIST);
		l = bpf_map_lookup_elem(&listeners, &ino);
	}
	if (!l)
		return; /* beyond that many: not watched */
	/* UNIX sockets queue who connects like data. */
	waiting = l->kind == PAR_REQUEST_TCP ? BPF_CORE_READ(sk, sk_ack_backlog)
					     : BPF_CORE_READ(sk, sk_receive_queue.qlen);
	__sync_fetch_and_add(&l->accepts, 1);
	__sync_fetch_and_add(&l->waiting_sum, waiting);
	if (waiting > l->waiting_max)
		l->waiting_max = waiting;
	l->tgid = t->tgid;
}

__noinline int request_accepted(struct thread *t, __u64 listener, __u64 fd)
{
	struct task_struct *task = current_task();
	struct par_file_ref ref;
	struct par_served *s;
	__u64 file, now;

	if (!t)
		return 0;
	count_backlog(task, t, listener);
	file_ref_fill(task, t, fd, &ref);
	if (!is_served_stream(&ref))
		return 0;
	file = t->file.file;
	s = served_get(file);
	if (!s)
		return 0;
	now = bpf_ktime_get_ns();
	take_over(s, &ref, now);
	s->last_ns = now;
	return 0;
}

/* From Linux 6.3 on. Runs for each piece of data that comes on this machine. */
SEC("tp_btf/sk_data_ready")
int BPF_PROG(on_sk_data_ready, const struct sock *sk)
{
	struct par_served *s;
	__u64 file;

	/* A UNIX socket without a name is a client's: see socket_is_served(). */
	if (sk->__sk_common.skc_family == AF_UNIX && !kernel_read((struct unix_sock *)sk, addr))
		return 0;
	file = (__u64)kernel_read(kernel_read((struct sock *)sk, sk_socket), file);
	s = bpf_map_lookup_elem(&served, &file);
	if (s && !s->arrival_ns)
		s->arrival_ns = bpf_ktime_get_ns();
	return 0;
}

/*
 * --request. A call inside a call is part of it. One that was left by an exception or
 * longjmp(3) shows by the next one's stack, which begins no lower.
 */
SEC("uprobe")
int on_request_call(struct pt_regs *ctx)
{
	struct thread *t = thread_find(current_task());
	__u64 sp = regs_probe_sp(ctx);

	if (!t)
		return 0;
	if (t->request.begin_ns) {
		if (sp < t->request.sp)
			return 0;
		__sync_fetch_and_add(&request_counts.abandoned, 1);
	}
	__sync_fetch_and_add(&request_counts.calls, 1);
	t->request.sp = sp;
	t->request.begin_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("uretprobe")
int on_request_return(struct pt_regs *ctx)
{
	struct thread *t = thread_find(current_task());
	struct par_served call = { .kind = PAR_REQUEST_FUNCTION };

	if (!t || !t->request.begin_ns || !regs_returned(ctx, t->request.sp))
		return 0;
	__sync_fetch_and_add(&request_counts.returns, 1);
	call.begin_ns = call.read_ns = t->request.begin_ns;
	call.write_ns = bpf_ktime_get_ns();
	call.tid = call.end_tid = t->tid;
	call.tgid = t->tgid;
	t->request.begin_ns = 0;
	if (!recording_over(call.write_ns))
		request_emit(&call, call.write_ns, false); /* a probe may be preempted */
	return 0;
}
