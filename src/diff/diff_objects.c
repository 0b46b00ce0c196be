// SPDX-License-Identifier: MIT
/*
 * Owns what makes two locks, or two channels, of two recordings the same: kind, name
 * without addresses and numbers of processes, and for channels the roles at its ends.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "base/xalloc.h"
#include "diff/compare.h"
#include "model/wait_class.h"

/* From here on ports are the kernel's choice, and numbers are ids. */
#define EPHEMERAL_PORT 32768

/* A channel with less than this is not worth a line when it comes or goes. */
#define CHANNEL_MIN_MESSAGES 10
#define CHANNEL_MIN_BYTES    65536
#define CHANNEL_MIN_SHARE    1.0	/* of thread time, percent */

struct entry {
	char *kind, *name;
	char *ends;		/* of a channel whose use is a guess, or not known: the roles; else NULL */
	struct diff_use *uses;	/* [before_cnt + after_cnt]; of one that has none all is 0 */
	bool *seen;		/* likewise */
};

struct ledger {
	struct entry *entries;
	size_t cnt, cap;
	size_t recordings;
};

/* Takes @name. */
static struct entry *entry_get(struct ledger *l, const char *kind, char *name)
{
	struct entry *e;

	for (size_t i = 0; i < l->cnt; i++) {
		if (strcmp(l->entries[i].kind, kind) || strcmp(l->entries[i].name, name))
			continue;
		free(name);
		return &l->entries[i];
	}
	XGROW(l->entries, l->cnt, l->cap);
	e = &l->entries[l->cnt++];
	*e = (struct entry){ .kind = xstrdup(kind), .name = name };
	e->uses = xcalloc(l->recordings, sizeof(*e->uses));
	e->seen = xcalloc(l->recordings, sizeof(*e->seen));
	return e;
}

static void ledger_release(struct ledger *l)
{
	for (size_t i = 0; i < l->cnt; i++) {
		free(l->entries[i].kind);
		free(l->entries[i].name);
		free(l->entries[i].ends);
		free(l->entries[i].uses);
		free(l->entries[i].seen);
	}
	free(l->entries);
}

/* "(4711)", "(deleted)" */
static bool is_remark(const char *word)
{
	size_t digits = word[0] == '(' ? strspn(word + 1, "0123456789") : 0;

	return (digits && !strcmp(word + 1 + digits, ")")) || !strcmp(word, "(deleted)");
}

/* Files there mostly have names made up at random: "/dev/shm/sem.wxchhZ" is "/dev/shm/". */
static const char *random_folder(const char *path)
{
	static const char *const folders[] = { "/dev/shm/", "/tmp/" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (!strncmp(path, folders[i], strlen(folders[i])))
			return folders[i];
	return NULL;
}

/*
 * "threading.Lock heap+0x209dd0 of python3 (23872)" is "threading.Lock of python3": words with
 * an address go, numbers in brackets too.
 */
static char *plain_lock_name(const char *name)
{
	struct strbuf s = { 0 };

	while (*name) {
		size_t len = strcspn(name, " ");
		char *word = xstrndup(name, len);
		const char *folder = random_folder(word);

		if (!strstr(word, "0x") && !is_remark(word))
			strbuf_addf(&s, "%s%s", s.len ? " " : "", folder ? folder : word);
		free(word);
		name += len;
		name += strspn(name, " ");
	}
	return strbuf_take(&s);
}

/* "pipe:[4711]" is "pipe", "127.0.0.1:45678" is "127.0.0.1:*". */
static void add_plain_id(struct strbuf *s, const char *id)
{
	const char *folder = random_folder(id);

	if (folder) {
		strbuf_addstr(s, folder);
		return;
	}
	while (*id) {
		size_t digits = strspn(id, "0123456789");

		if (*id == '[' && strchr(id, ']')) {
			id = strchr(id, ']') + 1;
			if (s->len && strbuf_str(s)[s->len - 1] == ':')
				s->buf[--s->len] = '\0';
		} else if (digits && (digits > 5 || strtol(id, NULL, 10) >= EPHEMERAL_PORT)) {
			strbuf_addch(s, '*');
			id += digits;
		} else {
			strbuf_add(s, id, digits ? digits : 1);
			id += digits ? digits : 1;
		}
	}
}

/* The roles of @pids, each once, in alphabetical order: "main, worker". */
static void add_roles(struct strbuf *s, const struct sample *sample, const uint32_t *pids,
		      size_t cnt)
{
	const char *last = NULL;

	for (;;) {
		const char *next = NULL;

		for (size_t i = 0; i < cnt; i++) {
			const char *role = sample_process_role(sample, pids[i]);

			if (role && (!last || strcmp(role, last) > 0) &&
			    (!next || strcmp(role, next) < 0))
				next = role;
		}
		if (!next)
			break;
		strbuf_addf(s, "%s%s", last ? ", " : "", next);
		last = next;
	}
	if (!last)
		strbuf_addstr(s, "others");
}

/* "12 more": the last entry of a ledger sums the rest. */
static bool is_sum(const char *name)
{
	size_t digits = name ? strspn(name, "0123456789") : 0;

	return digits && !strcmp(name + digits, " more");
}

/* "main to worker" */
static char *ends_of(const struct sample *s, const struct fact_channel *c)
{
	struct strbuf ends = { 0 };

	add_roles(&ends, s, c->writers, c->writer_cnt);
	strbuf_addstr(&ends, " to ");
	add_roles(&ends, s, c->readers, c->reader_cnt);
	return strbuf_take(&ends);
}

/* What it is used as shows to who looks into its process in time. "pipe:[4711]" has no name. */
static bool is_use_guessed(const struct fact_channel *c)
{
	return c->used_as ? strstr(c->used_as, "likely") != NULL : c->id && strchr(c->id, '[');
}

static char *plain_channel_name(const struct sample *s, const struct fact_channel *c)
{
	struct strbuf name = { 0 };

	if (is_sum(c->id))
		return xstrdup("others");
	if (c->used_as)
		strbuf_addstr(&name, c->used_as);
	else
		add_plain_id(&name, c->id ? c->id : "");
	if (c->writer_cnt || c->reader_cnt) {
		char *ends = ends_of(s, c);

		strbuf_addf(&name, " (%s)", ends);
		free(ends);
	}
	return strbuf_take(&name);
}

static void add_lock(struct ledger *l, size_t recording, const struct sample *s,
		     const struct fact_lock *lock)
{
	const char *kind = lock_kind_name(lock->kind);
	struct entry *e;
	struct diff_use *use;

	/* Waiting for a signal or for work is no contention. */
	if (!lock->contended_ns)
		return;
	if (is_sum(lock->name))
		e = entry_get(l, kind, xstrdup("others"));
	else
		e = entry_get(l, kind, plain_lock_name(lock->name ? lock->name : kind));
	use = &e->uses[recording];
	e->seen[recording] = true;
	use->waits += (double)lock->waits;
	use->wait_ns += (double)lock->contended_ns;
	use->share = s->life_ns > 0 ? 100 * use->wait_ns / s->life_ns : 0;
}

static void add_channel(struct ledger *l, size_t recording, const struct sample *s,
			const struct fact_channel *c, bool is_run)
{
	double seconds = is_run ? 1 : (double)s->facts->recording.duration_ns / NS_PER_S;
	struct diff_use *use;
	struct entry *e;

	/* Of shared memory only its size is known, and that says little about its use. */
	if (!c->kind || (!c->messages && !c->bytes && !c->read_wait_ns && !c->write_wait_ns))
		return;
	e = entry_get(l, c->kind, plain_channel_name(s, c));
	if (!e->ends && is_use_guessed(c))
		e->ends = ends_of(s, c);
	use = &e->uses[recording];
	e->seen[recording] = true;
	use->messages += (double)c->messages / (seconds > 0 ? seconds : 1);
	use->bytes += (double)c->bytes / (seconds > 0 ? seconds : 1);
	use->wait_ns += (double)(c->read_wait_ns + c->write_wait_ns);
	use->share = s->life_ns > 0 ? 100 * use->wait_ns / s->life_ns : 0;
}

static struct diff_use average(const struct diff_use *uses, size_t cnt)
{
	struct diff_use sum = { 0 };

	for (size_t i = 0; i < cnt; i++) {
		sum.waits += uses[i].waits / (double)cnt;
		sum.wait_ns += uses[i].wait_ns / (double)cnt;
		sum.share += uses[i].share / (double)cnt;
		sum.messages += uses[i].messages / (double)cnt;
		sum.bytes += uses[i].bytes / (double)cnt;
	}
	return sum;
}

static bool is_anywhere(const bool *seen, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		if (seen[i])
			return true;
	return false;
}

/* Which way a difference goes, if it is more than noise: see compare_finish(). */
static enum diff_fate fate_of(const struct entry *e, size_t before_cnt, size_t after_cnt,
			      bool is_more)
{
	if (!is_anywhere(e->seen, before_cnt))
		return DIFF_APPEARED;
	if (!is_anywhere(e->seen + before_cnt, after_cnt))
		return DIFF_WENT;
	return is_more ? DIFF_GREW : DIFF_SHRANK;
}

static const struct sample *sample_at(const struct comparison *c, size_t i)
{
	return i < c->before_cnt ? &c->before[i] : &c->after[i - c->before_cnt];
}

static struct contrast lock_contrast(const struct comparison *c, const struct entry *e)
{
	struct side before = { 0 }, after = { 0 };

	for (size_t i = 0; i < c->before_cnt + c->after_cnt; i++) {
		double share = e->uses[i].share;

		side_add(i < c->before_cnt ? &before : &after, share,
			 hypot(noise_of_share(share / 100, NOISE_SHARE_FLOOR, NOISE_SHARE_SPREAD),
			       DISTURBED_SHARE * sample_at(c, i)->disturbed));
	}
	return side_contrast(&before, &after, 0);
}

static bool is_worth_a_line(const struct diff_use *u)
{
	return u->messages >= CHANNEL_MIN_MESSAGES || u->bytes >= CHANNEL_MIN_BYTES ||
	       u->share >= CHANNEL_MIN_SHARE;
}

/* By what goes through it: how long somebody waits for that depends on everything else. */
static struct contrast channel_contrast(const struct comparison *c, const struct entry *e)
{
	struct side before = { 0 }, after = { 0 };
	double shift = 0;

	for (size_t i = 0; i < c->before_cnt + c->after_cnt; i++) {
		const struct sample *s = sample_at(c, i);
		double messages = fmax(e->uses[i].messages, 1);
		bool is_before = i < c->before_cnt;

		side_add(is_before ? &before : &after, log(fmax(e->uses[i].bytes, messages)),
			 hypot(hypot(NOISE_TRAFFIC, DISTURBED_TIME * s->disturbed),
			       1 / sqrt(messages)));
		/* All of a run's traffic comes sooner or later. */
		if (!c->is_run)
			shift += is_before ? undisturbed_time(s) / (double)c->before_cnt
					   : -undisturbed_time(s) / (double)c->after_cnt;
	}
	return side_contrast(&before, &after, shift);
}

/* Is there one on the other side with the same ends, whose use was guessed otherwise? */
static bool is_guessed_otherwise(const struct comparison *c, const struct ledger *l,
				 const struct entry *e, bool is_new)
{
	for (size_t i = 0; e->ends && i < l->cnt; i++) {
		const struct entry *other = &l->entries[i];

		if (other != e && other->ends && !strcmp(other->ends, e->ends) &&
		    (is_new ? is_anywhere(other->seen, c->before_cnt)
			    : is_anywhere(other->seen + c->before_cnt, c->after_cnt)))
			return true;
	}
	return false;
}

static void judge_channel(const struct comparison *c, const struct ledger *l,
			  const struct entry *e, struct diff_object *o)
{
	bool was = is_anywhere(e->seen, c->before_cnt);
	bool is = is_anywhere(e->seen + c->before_cnt, c->after_cnt);

	o->fate = DIFF_SAME;
	if ((!is_worth_a_line(&o->before) && !is_worth_a_line(&o->after)) ||
	    (was != is && is_guessed_otherwise(c, l, e, is)))
		return;
	if (was && is)
		o->contrast = channel_contrast(c, e);
	o->fate = fate_of(e, c->before_cnt, c->after_cnt, was && is ? o->contrast.value > 0 : is);
}

static int by_wait(const void *a, const void *b)
{
	const struct diff_object *x = a, *y = b;
	double wait_x = x->before.share + x->after.share, wait_y = y->before.share + y->after.share;

	if (wait_x != wait_y)
		return wait_x > wait_y ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int by_bytes(const void *a, const void *b)
{
	const struct diff_object *x = a, *y = b;
	double bytes_x = x->before.bytes + x->after.bytes,
	       bytes_y = y->before.bytes + y->after.bytes;

	if (bytes_x != bytes_y)
		return bytes_x > bytes_y ? -1 : 1;
	return by_wait(a, b);
}

static struct diff_object object_of(const struct comparison *c, struct entry *e)
{
	struct diff_object o = {
		.kind = e->kind,
		.name = e->name,
		.before = average(e->uses, c->before_cnt),
		.after = average(e->uses + c->before_cnt, c->after_cnt),
	};

	e->kind = e->name = NULL;
	return o;
}

void compare_locks(const struct comparison *c, struct diff *out)
{
	struct ledger l = { .recordings = c->before_cnt + c->after_cnt };

	for (size_t i = 0; i < l.recordings; i++) {
		const struct sample *s = sample_at(c, i);

		for (size_t j = 0; j < s->facts->lock_cnt; j++)
			add_lock(&l, i, s, &s->facts->locks[j]);
	}
	out->locks = xcalloc(l.cnt, sizeof(*out->locks));
	for (size_t i = 0; i < l.cnt; i++) {
		struct diff_object *o = &out->locks[out->lock_cnt++];

		*o = object_of(c, &l.entries[i]);
		o->contrast = lock_contrast(c, &l.entries[i]);
		o->fate = fate_of(&l.entries[i], c->before_cnt, c->after_cnt,
				  o->contrast.value > 0);
	}
	qsort(out->locks, out->lock_cnt, sizeof(*out->locks), by_wait);
	ledger_release(&l);
}

void compare_channels(const struct comparison *c, struct diff *out)
{
	struct ledger l = { .recordings = c->before_cnt + c->after_cnt };

	for (size_t i = 0; i < l.recordings; i++) {
		const struct sample *s = sample_at(c, i);

		for (size_t j = 0; j < s->facts->channel_cnt; j++)
			add_channel(&l, i, s, &s->facts->channels[j], c->is_run);
	}
	out->channels = xcalloc(l.cnt, sizeof(*out->channels));
	for (size_t i = 0; i < l.cnt; i++) {
		struct diff_object *o = &out->channels[out->channel_cnt++];

		*o = object_of(c, &l.entries[i]);
		judge_channel(c, &l, &l.entries[i], o);
	}
	qsort(out->channels, out->channel_cnt, sizeof(*out->channels), by_bytes);
	ledger_release(&l);
}
