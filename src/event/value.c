// SPDX-License-Identifier: MIT
/* Keeps no state. Knows how each value is written, and nothing of lines and keys. */
#include "event/value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "event/sysno.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define ARG_SMALL    100 /* arguments below are counts and the like, above are flags and addresses */
#define ARG_NEGATIVE ((uint64_t)-4096)

static bool eat(const char **p, char c)
{
	if (**p != c)
		return false;
	++*p;
	return true;
}

bool value_get_uint(const char **p, uint64_t *v)
{
	bool is_negative = eat(p, '-');
	bool is_hex = (*p)[0] == '0' && (*p)[1] == 'x';
	char *end;

	/* strtoull() alone would take blanks, signs and octal numbers too. */
	if (is_hex)
		*p += 2;
	if (is_hex ? !isxdigit((unsigned char)**p) : !isdigit((unsigned char)**p))
		return false;
	errno = 0;
	*v = strtoull(*p, &end, is_hex ? 16 : 10);
	if (errno)
		return false;
	*p = end;
	if (is_negative)
		*v = -*v;
	return true;
}

/* The same, for a value that must be at most @max. */
static bool get_max(const char **p, uint64_t max, uint64_t *v)
{
	return value_get_uint(p, v) && *v <= max;
}

static bool get_u16(const char **p, uint16_t *v)
{
	uint64_t wide;

	if (!get_max(p, UINT16_MAX, &wide))
		return false;
	*v = (uint16_t)wide;
	return true;
}

static bool get_u32(const char **p, uint32_t *v)
{
	uint64_t wide;

	if (!get_max(p, UINT32_MAX, &wide))
		return false;
	*v = (uint32_t)wide;
	return true;
}

void value_put_id(struct strbuf *out, uint64_t v)
{
	strbuf_addf(out, v > UINT32_MAX ? "0x%llx" : "%llu", (unsigned long long)v);
}

static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = { { "s", NS_PER_S }, { "ms", NS_PER_MS }, { "us", NS_PER_US }, { "ns", 1 } };

static uint64_t get_unit(const char **p)
{
	for (size_t i = 0; i < COUNT(units); i++) {
		size_t len = strlen(units[i].name);

		if (!strncmp(*p, units[i].name, len)) {
			*p += len;
			return units[i].ns;
		}
	}
	return 1;
}

bool value_get_time(const char **p, uint64_t *ns)
{
	const char *digits = "";
	uint64_t unit, scale, whole, part = 0;

	if (!isdigit((unsigned char)**p) || !value_get_uint(p, &whole))
		return false;
	if (eat(p, '.')) {
		digits = *p;
		while (isdigit((unsigned char)**p))
			++*p;
		if (*p == digits)
			return false;
	}
	unit = get_unit(p);
	for (scale = unit; isdigit((unsigned char)*digits); digits++) {
		if (scale == 1)
			return false; /* finer than a nanosecond */
		scale /= 10;
		part += scale * (uint64_t)(*digits - '0');
	}
	return !__builtin_mul_overflow(whole, unit, ns) && !__builtin_add_overflow(*ns, part, ns);
}

/* In the largest unit that three decimals are enough for. */
void value_put_time(struct strbuf *out, uint64_t ns)
{
	for (size_t i = 0; i < COUNT(units); i++) {
		uint64_t unit = units[i].ns;
		unsigned thousandths;

		if (unit < 1000)
			break;
		if (ns < unit || ns % (unit / 1000))
			continue;
		strbuf_addf(out, "%llu", (unsigned long long)(ns / unit));
		thousandths = (unsigned)(ns % unit / (unit / 1000));
		if (thousandths) {
			strbuf_addf(out, ".%03u", thousandths);
			while (out->buf[out->len - 1] == '0')
				out->buf[--out->len] = 0;
		}
		strbuf_addstr(out, units[i].name);
		return;
	}
	strbuf_addf(out, "%llu", (unsigned long long)ns);
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static bool get_escaped(const char **p, char *c)
{
	int high, low;

	if (**p == '"' || **p == '\\') {
		*c = *(*p)++;
		return true;
	}
	if (!eat(p, 'x'))
		return false;
	high = hex_digit((*p)[0]);
	low = high < 0 ? -1 : hex_digit((*p)[1]);
	if (low < 0)
		return false;
	*p += 2;
	*c = (char)(high << 4 | low);
	return *c;
}

static bool get_quoted(const char **p, char *buf, size_t size)
{
	size_t len = 0;

	while (!eat(p, '"')) {
		char c = **p;

		if (!c || len + 1 >= size)
			return false;
		++*p;
		if (c == '\\' && !get_escaped(p, &c))
			return false;
		buf[len++] = c;
	}
	return true;
}

bool value_get_string(const char **p, char *buf, size_t size)
{
	size_t len;

	memset(buf, 0, size);
	if (eat(p, '"'))
		return get_quoted(p, buf, size);
	len = strcspn(*p, " \t\r\n\"\\");
	if (!len || len >= size)
		return false;
	memcpy(buf, *p, len);
	*p += len;
	return true;
}

static bool is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

static bool is_bare(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (is_control(s[i]) || strchr(" \"\\", s[i]))
			return false;
	return len;
}

void value_put_string(struct strbuf *out, const char *s, size_t size)
{
	size_t len = strnlen(s, size);

	if (is_bare(s, len)) {
		strbuf_add(out, s, len);
		return;
	}
	strbuf_addch(out, '"');
	for (size_t i = 0; i < len; i++) {
		if (is_control(s[i])) {
			strbuf_addf(out, "\\x%02x", (unsigned char)s[i]);
			continue;
		}
		if (strchr("\"\\", s[i]))
			strbuf_addch(out, '\\');
		strbuf_addch(out, s[i]);
	}
	strbuf_addch(out, '"');
}

/*
 * include/linux/sched.h. X is TASK_DEAD, which a thread leaves its CPU in for
 * the last time; EXIT_DEAD is never in __state.
 */
static const struct state {
	char letter;
	uint16_t bits;
} states[] = {
	{ 'R', 0 },    { 'S', 1 },    { 'D', 2 },    { 'T', 4 },     { 't', 8 },
	{ 'Z', 0x20 }, { 'P', 0x40 }, { 'X', 0x80 }, { 'I', 0x402 },
};

bool value_get_state(const char **p, uint16_t *state)
{
	for (size_t i = 0; i < COUNT(states); i++) {
		if (eat(p, states[i].letter)) {
			*state = states[i].bits;
			return true;
		}
	}
	return get_u16(p, state);
}

void value_put_state(struct strbuf *out, uint16_t state)
{
	for (size_t i = 0; i < COUNT(states); i++) {
		if (state == states[i].bits) {
			strbuf_addch(out, states[i].letter);
			return;
		}
	}
	strbuf_addf(out, "0x%x", state);
}

bool value_get_sysno(const char **p, int32_t *sysno)
{
	char name[40];
	size_t len = 0;
	uint64_t nr;

	if (eat(p, '#')) {
		if (!value_get_uint(p, &nr) || (int64_t)nr != (int32_t)nr)
			return false;
		*sysno = (int32_t)nr;
		return true;
	}
	while (isalnum((unsigned char)(*p)[len]) || (*p)[len] == '_')
		len++;
	if (!len || len >= sizeof(name))
		return false;
	memcpy(name, *p, len);
	name[len] = 0;
	*p += len;
	*sysno = sysno_from_name(name);
	return *sysno >= 0;
}

void value_put_sysno(struct strbuf *out, int32_t sysno)
{
	const char *name = sysno_name(sysno);

	if (name)
		strbuf_addstr(out, name);
	else
		strbuf_addf(out, "#%d", sysno);
}

bool value_get_call(const char **p, struct par_cause *cause)
{
	size_t cnt = 0;

	if (!value_get_sysno(p, &cause->sysno))
		return false;
	memset(cause->args, 0, sizeof(cause->args));
	if (!eat(p, '('))
		return true;
	do {
		uint64_t arg;

		if (cnt == COUNT(cause->args) || !value_get_uint(p, &arg))
			return false;
		cause->args[cnt++] = arg;
	} while (eat(p, ','));
	return eat(p, ')');
}

static void put_arg(struct strbuf *out, uint64_t arg)
{
	if (arg >= ARG_NEGATIVE)
		strbuf_addf(out, "-%llu", (unsigned long long)-arg);
	else
		strbuf_addf(out, arg < ARG_SMALL ? "%llu" : "0x%llx", (unsigned long long)arg);
}

void value_put_call(struct strbuf *out, const struct par_cause *cause)
{
	size_t cnt = COUNT(cause->args);

	value_put_sysno(out, cause->sysno);
	while (cnt && !cause->args[cnt - 1])
		cnt--;
	for (size_t i = 0; i < cnt; i++) {
		strbuf_addch(out, i ? ',' : '(');
		put_arg(out, cause->args[i]);
	}
	if (cnt)
		strbuf_addch(out, ')');
}

static const char *const file_words[PAR_FILE_CNT] = {
	[PAR_FILE_NONE] = "none",
	[PAR_FILE_REGULAR] = "regular",
	[PAR_FILE_DIRECTORY] = "directory",
	[PAR_FILE_BLOCK] = "block",
	[PAR_FILE_CHAR] = "char",
	[PAR_FILE_TTY] = "tty",
	[PAR_FILE_PIPE] = "pipe",
	[PAR_FILE_FIFO] = "fifo",
	[PAR_FILE_UNIX] = "unix",
	[PAR_FILE_TCP] = "tcp",
	[PAR_FILE_UDP] = "udp",
	[PAR_FILE_SOCKET] = "socket",
	[PAR_FILE_EVENTFD] = "eventfd",
	[PAR_FILE_SIGNALFD] = "signalfd",
	[PAR_FILE_TIMERFD] = "timerfd",
	[PAR_FILE_INOTIFY] = "inotify",
	[PAR_FILE_EPOLL] = "epoll",
	[PAR_FILE_PIDFD] = "pidfd",
	[PAR_FILE_MQUEUE] = "mqueue",
	[PAR_FILE_IO_URING] = "io_uring",
	[PAR_FILE_OTHER] = "other",
	[PAR_FILE_SYSV_QUEUE] = "sysv_queue",
	[PAR_FILE_SYSV_SEMAPHORE] = "sysv_semaphore",
};

static const char *const shape_words[PAR_SHAPE_CNT] = {
	[PAR_SHAPE_UNKNOWN] = "unknown", [PAR_SHAPE_MUTEX] = "mutex",
	[PAR_SHAPE_RWLOCK] = "rwlock",   [PAR_SHAPE_SEMAPHORE] = "semaphore",
	[PAR_SHAPE_CONDVAR] = "condvar", [PAR_SHAPE_BARRIER] = "barrier",
	[PAR_SHAPE_STACK] = "stack",     [PAR_SHAPE_PARKED] = "parked",
	[PAR_SHAPE_GIL] = "gil",	   [PAR_SHAPE_GVL] = "gvl",
};

static const char *const klock_words[PAR_KLOCK_CNT] = {
	[PAR_KLOCK_NONE] = "none", [PAR_KLOCK_OTHER] = "other", [PAR_KLOCK_MUTEX] = "mutex",
	[PAR_KLOCK_READ] = "read", [PAR_KLOCK_WRITE] = "write", [PAR_KLOCK_MMAP] = "mmap",
	[PAR_KLOCK_FILE] = "file", [PAR_KLOCK_TABLE] = "table",
};

static const struct file_flag {
	const char *word;
	uint8_t bit;
} file_flags[] = {
	{ "listens", PAR_FILE_LISTENS },
	{ "loopback", PAR_FILE_LOOPBACK },
	{ "served", PAR_FILE_SERVED },
	{ "ipv6", PAR_FILE_IPV6 },
	{ "named", PAR_FILE_NAMED },
};

/* Has ports and an address, and an inode number only on the side. */
static bool is_inet(const struct par_file_ref *ref)
{
	return ref->kind == PAR_FILE_TCP || ref->kind == PAR_FILE_UDP ||
	       ref->kind == PAR_FILE_SOCKET;
}

/* The word at *@p, up to any punctuation. */
static bool get_word(const char **p, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*p, word, len) || isalnum((unsigned char)(*p)[len]) || (*p)[len] == '_')
		return false;
	*p += len;
	return true;
}

/* One of @words, or "#N". */
static bool get_enum(const char **p, const char *const words[], int cnt, uint8_t *out)
{
	uint64_t v;

	if (eat(p, '#')) {
		if (!get_max(p, UINT8_MAX, &v))
			return false;
		*out = (uint8_t)v;
		return true;
	}
	for (int i = 0; i < cnt; i++) {
		if (get_word(p, words[i])) {
			*out = (uint8_t)i;
			return true;
		}
	}
	return false;
}

static void put_enum(struct strbuf *out, const char *const words[], int cnt, uint8_t v)
{
	if (v < cnt)
		strbuf_addstr(out, words[v]);
	else
		strbuf_addf(out, "#%u", v);
}

bool value_get_shape(const char **p, uint8_t *shape)
{
	return get_enum(p, shape_words, PAR_SHAPE_CNT, shape);
}

void value_put_shape(struct strbuf *out, uint8_t shape)
{
	put_enum(out, shape_words, PAR_SHAPE_CNT, shape);
}

bool value_get_klock(const char **p, uint8_t *klock)
{
	return get_enum(p, klock_words, PAR_KLOCK_CNT, klock);
}

void value_put_klock(struct strbuf *out, uint8_t klock)
{
	put_enum(out, klock_words, PAR_KLOCK_CNT, klock);
}

static bool get_address(const char **p, struct par_file_ref *ref)
{
	bool is_ipv6 = eat(p, '[');
	size_t len = strcspn(*p, is_ipv6 ? "]" : ":");
	char text[INET6_ADDRSTRLEN];

	if (len >= sizeof(text))
		return false;
	memcpy(text, *p, len);
	text[len] = 0;
	*p += len;
	if (is_ipv6 && !eat(p, ']'))
		return false;
	if (is_ipv6)
		ref->flags |= PAR_FILE_IPV6;
	return inet_pton(is_ipv6 ? AF_INET6 : AF_INET, text, ref->raddr) == 1 && eat(p, ':') &&
	       get_u16(p, &ref->rport);
}

static bool get_file_body(const char **p, struct par_file_ref *ref)
{
	uint64_t v;

	if (is_inet(ref))
		return get_u16(p, &ref->lport) && (!eat(p, '>') || get_address(p, ref));
	if (!value_get_uint(p, &v))
		return false;
	ref->id = v;
	if (!eat(p, '>'))
		return true;
	if (!value_get_uint(p, &v))
		return false;
	ref->peer_id = v;
	return true;
}

static bool get_file_word(const char **p, struct par_file_ref *ref)
{
	uint64_t v;

	for (size_t i = 0; i < COUNT(file_flags); i++) {
		if (get_word(p, file_flags[i].word)) {
			ref->flags |= file_flags[i].bit;
			return true;
		}
	}
	if (get_word(p, "id")) {
		if (!eat(p, '=') || !value_get_uint(p, &v))
			return false;
		ref->id = v;
		return true;
	}
	if (get_word(p, "net"))
		return is_inet(ref) && eat(p, '=') && get_u16(p, &ref->net);
	if (get_word(p, "peer"))
		return !is_inet(ref) && eat(p, '=') && get_u32(p, &ref->peer_pid);
	if (get_word(p, "dev"))
		return !is_inet(ref) && eat(p, '=') && get_u32(p, &ref->dev);
	if (!get_max(p, UINT8_MAX, &v))
		return false;
	ref->flags |= (uint8_t)v;
	return true;
}

bool value_get_file(const char **p, struct par_file_ref *ref)
{
	*ref = (struct par_file_ref){ 0 };
	if (!get_enum(p, file_words, PAR_FILE_CNT, &ref->kind))
		return false;
	if (eat(p, ':') && !get_file_body(p, ref))
		return false;
	while (eat(p, ','))
		if (!get_file_word(p, ref))
			return false;
	return true;
}

/* Returns whether the address told that it is IPv6. */
static bool put_inet(struct strbuf *out, const struct par_file_ref *ref)
{
	static const uint8_t none[sizeof(ref->raddr)];
	bool is_ipv6 = ref->flags & PAR_FILE_IPV6;
	char text[INET6_ADDRSTRLEN];

	if (ref->lport || ref->rport || memcmp(ref->raddr, none, sizeof(none)))
		strbuf_addf(out, ":%u", ref->lport);
	if (!ref->rport && !memcmp(ref->raddr, none, sizeof(none)))
		return false;
	inet_ntop(is_ipv6 ? AF_INET6 : AF_INET, ref->raddr, text, sizeof(text));
	strbuf_addf(out, is_ipv6 ? ">[%s]:%u" : ">%s:%u", text, ref->rport);
	return is_ipv6;
}

void value_put_file(struct strbuf *out, const struct par_file_ref *ref)
{
	uint8_t flags = ref->flags;

	put_enum(out, file_words, PAR_FILE_CNT, ref->kind);
	if (is_inet(ref)) {
		if (put_inet(out, ref))
			flags &= (uint8_t)~PAR_FILE_IPV6;
		if (ref->id) {
			strbuf_addstr(out, ",id=");
			value_put_id(out, ref->id);
		}
		if (ref->net)
			strbuf_addf(out, ",net=0x%x", ref->net);
	} else if (ref->id || ref->peer_id) {
		strbuf_addch(out, ':');
		value_put_id(out, ref->id);
		if (ref->peer_id) {
			strbuf_addch(out, '>');
			value_put_id(out, ref->peer_id);
		}
	}
	if (!is_inet(ref) && ref->peer_pid)
		strbuf_addf(out, ",peer=%u", ref->peer_pid);
	if (!is_inet(ref) && ref->dev)
		strbuf_addf(out, ",dev=0x%x", ref->dev);
	for (size_t i = 0; i < COUNT(file_flags); i++) {
		if (flags & file_flags[i].bit)
			strbuf_addf(out, ",%s", file_flags[i].word);
		flags &= (uint8_t)~file_flags[i].bit;
	}
	if (flags)
		strbuf_addf(out, ",0x%x", flags);
}

static bool get_gap_out(const char **p, struct par_cpu_gap *gap)
{
	uint16_t flags = PAR_OUT_PREEMPT;
	uint64_t ns;

	if (!value_get_time(p, &ns) || !eat(p, ':') || !get_u32(p, &gap->out_tid) || !eat(p, ':') ||
	    !value_get_state(p, &gap->out_state))
		return false;
	gap->out_ns = ns;
	if (eat(p, '+')) {
		if (**p == '0' && (!get_u16(p, &flags) || flags > UINT8_MAX))
			return false;
		gap->out_flags = (uint8_t)flags;
	}
	return eat(p, '>') && get_u32(p, &gap->next_tid);
}

bool value_get_gap(const char **p, struct par_cpu_gap *gap)
{
	uint16_t state = 0;

	*gap = (struct par_cpu_gap){ 0 };
	if (**p != '<' && !get_gap_out(p, gap))
		return false;
	if (!eat(p, '<'))
		return true;
	if (!get_u32(p, &gap->prev_tid))
		return false;
	if (eat(p, ':') && (!value_get_state(p, &state) || state > UINT8_MAX))
		return false;
	gap->prev_state = (uint8_t)state;
	return true;
}

void value_put_gap(struct strbuf *out, const struct par_cpu_gap *gap)
{
	bool has_out = gap->out_ns || gap->out_tid || gap->next_tid || gap->out_state ||
		       gap->out_flags;

	if (has_out) {
		value_put_time(out, gap->out_ns);
		strbuf_addf(out, ":%u:", gap->out_tid);
		value_put_state(out, gap->out_state);
		if (gap->out_flags == PAR_OUT_PREEMPT)
			strbuf_addch(out, '+');
		else if (gap->out_flags)
			strbuf_addf(out, "+0x%x", gap->out_flags);
		strbuf_addf(out, ">%u", gap->next_tid);
	}
	if (gap->prev_tid || gap->prev_state || !has_out)
		strbuf_addf(out, "<%u", gap->prev_tid);
	if (gap->prev_state) {
		strbuf_addch(out, ':');
		value_put_state(out, gap->prev_state);
	}
}
