// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Owns the room for reading descriptor sets. See poll.bpf.h. */
#include "poll.bpf.h"

#include "file.bpf.h"
#include "ready.bpf.h"

/* include/uapi/asm-generic/poll.h */
#define POLLIN_ANY	0x20cb	/* IN PRI RDNORM RDBAND RDHUP */
#define POLLOUT_ANY	0x0304	/* OUT WRNORM WRBAND */

#define SET_WORDS	16	/* of an fd_set: 1024 descriptors */
#define EPOLL_ITEMS	4	/* looked at in a ready list */
#define EPOLL_DEPTH	3	/* EP_MAX_NESTS is 4 */

struct pollfd {
	int fd;
	short events, revents;
};

struct room {
	union {
		struct pollfd fds[POLL_MAX];
		__u64 sets[3][SET_WORDS];
	};
	__u64 table;		/* the files by descriptor, in the kernel, */
	__u64 table_cnt;	/* and how many */
	__u64 in, out;		/* what is left of the word at hand */
	__u32 word;		/* the next one */
};

/* Nobody else leaves the same CPU at the same time. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct room);
} rooms SEC(".maps");

/* Where the only bit of a word is, by its product with a de Bruijn sequence. */
#define DE_BRUIJN 0x0218a392cd3d5dbfULL
static const __u8 bit_places[64] = {
	0, 1, 2, 7, 3, 13, 8, 19, 4, 25, 14, 28, 9, 34, 20, 40,
	5, 17, 26, 38, 15, 46, 29, 48, 10, 31, 35, 54, 21, 50, 41, 57,
	63, 6, 12, 18, 24, 27, 33, 39, 16, 37, 45, 47, 30, 53, 49, 56,
	62, 11, 23, 32, 36, 44, 52, 55, 61, 22, 43, 51, 60, 42, 59, 58,
};

static __always_inline void poll_add(struct poll_set *set, const struct room *room, __u32 fd,
				     __u64 how)
{
	__u64 file;

	if (fd >= room->table_cnt || set->cnt >= POLL_MAX)
		return;
	file = kernel_read_word((void *)(room->table + fd * sizeof(void *)));
	if (!file)
		return;
	set->entry[set->cnt & (POLL_MAX - 1)] = file | how;
	set->cnt++;
}

/*
 * The steps of both loops are global functions: verified once, and not in each round, of
 * which there are many, with several ways through. Their results say whether to go on.
 */
__noinline int poll_step(const struct room *room, struct poll_set *set, __u32 i)
{
	__u16 events;

	if (!room || !set)
		return 0;
	events = room->fds[i & (POLL_MAX - 1)].events;
	poll_add(set, room, room->fds[i & (POLL_MAX - 1)].fd,
		 (events & POLLIN_ANY ? POLL_IN : 0) | (events & POLLOUT_ANY ? POLL_OUT : 0));
	return 1;
}

static __always_inline void collect_poll(struct room *room, const struct par_cause *cause,
					 struct poll_set *set)
{
	__u32 n = cause->args[1] < POLL_MAX ? cause->args[1] : POLL_MAX;

	if (bpf_probe_read_user(room->fds, n * sizeof(room->fds[0]), (void *)cause->args[0]))
		return;
	for (__u32 i = 0; i < POLL_MAX && i < n; i++)
		poll_step(room, set, i);
}

/* The kernel reads whole words, too (fs/select.c). */
static __always_inline void read_set(__u64 *bits, __u32 bytes, __u64 addr)
{
	__builtin_memset(bits, 0, SET_WORDS * sizeof(*bits));
	barrier_var(bytes); /* else clang bounds what it was computed from */
	if (addr && bytes <= SET_WORDS * sizeof(*bits))
		bpf_probe_read_user(bits, bytes, (void *)addr);
}

/* Takes one descriptor out of the word at hand, or the next word; 0: that was the last. */
__noinline int select_step(struct room *room, struct poll_set *set)
{
	__u64 both, one;
	__u32 word;

	if (!room || !set)
		return 0;
	both = room->in | room->out;
	one = both & -both;
	word = room->word;
	if (both) {
		poll_add(set, room, (word - 1) * 64 + bit_places[one * DE_BRUIJN >> 58],
			 (room->in & one ? POLL_IN : 0) | (room->out & one ? POLL_OUT : 0));
		room->in &= ~one;
		room->out &= ~one;
	} else if (word < SET_WORDS) {
		room->in = room->sets[0][word & (SET_WORDS - 1)] |
			   room->sets[2][word & (SET_WORDS - 1)];
		room->out = room->sets[1][word & (SET_WORDS - 1)];
		room->word = word + 1;
	}
	return both || word < SET_WORDS;
}

static __always_inline void collect_select(struct room *room, const struct par_cause *cause,
					   struct poll_set *set)
{
	__u64 n = cause->args[0] < SET_WORDS * 64 ? cause->args[0] : SET_WORDS * 64;
	__u32 bytes = (n + 63) / 64 * 8;

	read_set(room->sets[0], bytes, cause->args[1]);
	read_set(room->sets[1], bytes, cause->args[2]);
	read_set(room->sets[2], bytes, cause->args[3]);
	room->in = room->out = room->word = 0;
	for (__u32 i = 0; i < POLL_MAX + SET_WORDS; i++)
		if (!select_step(room, set))
			break;
}

__noinline int poll_collect(struct thread *t)
{
	struct files_struct *files;
	struct fdtable *fdt;
	struct room *room;
	__u32 zero = 0;

	room = bpf_map_lookup_elem(&rooms, &zero);
	if (!t || !room)
		return 0;
	files = task_pointer(current_task(), files);
	fdt = task_field(files, fdt);
	room->table = (__u64)task_field(fdt, fd);
	room->table_cnt = task_field(fdt, max_fds);
	if (call_of(t->cause.sysno) & PAR_CALL_POLL)
		collect_poll(room, &t->cause, &t->poll);
	else
		collect_select(room, &t->cause, &t->poll);
	if (t->poll.cnt)
		t->asks |= ASK_POLL;
	t->cause.polled = t->poll.cnt;
	return 0;
}

/* The file that an epoll instance has most reason to tell of; 0: nothing is ready. */
static __always_inline __u64 epoll_best(__u64 epoll)
{
	__u64 item = file_epoll_first(epoll), best = 0;
	__u32 best_rank = SCORE_NONE;

	if (item && !file_epoll_next(epoll, item))
		return file_of_epoll_item(item); /* there is no choice, mostly */
	for (int i = 0; i < EPOLL_ITEMS && item; i++) {
		__u64 file = file_of_epoll_item(item);
		__u32 rank = ready_score(file | POLL_IN) & SCORE_RANK;

		if (rank < best_rank) {
			best_rank = rank;
			best = file;
		}
		item = file_epoll_next(epoll, item);
	}
	return best;
}

/* Epoll instances wait for each other; what ended it is behind the last. */
static __always_inline void settle_epoll(struct par_cause *cause)
{
	for (int i = 0; i < EPOLL_DEPTH && cause->file.kind == PAR_FILE_EPOLL; i++) {
		__u64 file = epoll_best(cause->file.id);

		if (!file)
			return;
		file_ref_of(file, &cause->file);
		cause->flags |= PAR_CAUSE_READY;
	}
}

__noinline int poll_settle(const struct poll_set *set, struct par_cause *cause)
{
	__u32 best_score = SCORE_NONE;
	__u64 best = 0;

	if (!set || !cause)
		return 0;
	for (__u32 i = 0; i < POLL_MAX; i++) {
		__u32 score;

		if (i >= set->cnt)
			break;
		score = ready_score(set->entry[i]);
		if (score < best_score) {
			best_score = score;
			best = set->entry[i];
		}
	}
	if (best) {
		file_ref_of(best & ~(__u64)POLL_BITS, &cause->file);
		cause->flags |= PAR_CAUSE_POLLED;
		if (best_score < SCORE_UNKNOWN)
			cause->flags |= PAR_CAUSE_READY;
	}
	settle_epoll(cause);
	return 0;
}
