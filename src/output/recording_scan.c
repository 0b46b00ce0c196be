/* SPDX-License-Identifier: MIT */
/*
 * Owns the way through a recording: from packet to packet, without looking into
 * those that are not ours. Every length is checked against the file's before
 * it is used, and nothing is allocated on the word of the file alone.
 */
#include "output/recording_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/strbuf.h"
#include "base/xalloc.h"
#include "output/pb.h"
#include "output/pb_fields.h"
#include "output/recording.h"
#include "output/recording_format.h"

/* More than the head of any packet: two varints, the tag and length of its first field. */
#define HEAD_BYTES 64

/* Facts that are damaged give way to older ones; a file full of such has no facts. */
#define MAX_TRIES 16

/* Far more than one of our compressed packets can hold: see CHUNK_MAX_BYTES. */
#define UNPACKED_MAX_BYTES (16u << 20)

#define TRACE_PACKET_TAG (PB_TRACE_PACKET << 3 | PB_WIRE_BYTES)

enum step {
	STEP_PACKET,
	STEP_END,		/* right behind the last packet */
	STEP_CUT,		/* the file ends inside a packet */
	STEP_DAMAGED,
};

struct scan {
	int fd;
	uint64_t size;		/* of the file */
	uint64_t next;		/* where the next packet begins */
	uint64_t body, body_len;/* the current packet */
	bool is_ours;		/* it holds a message of ours */
};

/* Where a packet with facts lies. */
struct place {
	uint64_t body, len;
};

/* Up to @len bytes from @at: fewer only at the end of the file. */
static ssize_t read_at(int fd, void *buf, size_t len, uint64_t at)
{
	size_t have = 0;

	while (have < len) {
		ssize_t n = pread(fd, (char *)buf + have, len - have, (off_t)(at + have));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

static enum step scan_next(struct scan *s)
{
	const uint64_t our_tag = (uint64_t)PARTRACE_FIELD << 3 | PB_WIRE_BYTES;
	unsigned char head[HEAD_BYTES];
	uint64_t tag = 0, len;
	size_t n, more;
	ssize_t have;

	if (s->next == s->size)
		return STEP_END;
	have = read_at(s->fd, head, HEAD_BYTES, s->next);
	if (have <= 0)
		return STEP_CUT;

	n = pb_get_varint(head, (size_t)have, &tag);
	if (n && tag != TRACE_PACKET_TAG)
		return STEP_DAMAGED;
	more = n ? pb_get_varint(head + n, (size_t)have - n, &len) : 0;
	if (!more)
		return have < 1 + PB_VARINT_MAX ? STEP_CUT : STEP_DAMAGED;

	s->body = s->next + n + more;
	if (len > s->size - s->body)
		return STEP_CUT;
	s->body_len = len;
	s->next = s->body + len;
	n += more;
	s->is_ours = pb_get_varint(head + n, (size_t)have - n, &tag) && tag == our_tag;
	return STEP_PACKET;
}

/* The body of the current packet, malloc'ed, or NULL. */
static unsigned char *read_body(int fd, uint64_t body, uint64_t len)
{
	unsigned char *data;

	if (len > FACTS_MAX_BYTES)
		return NULL;
	data = xmalloc(len);
	if (read_at(fd, data, len, body) == (ssize_t)len)
		return data;
	free(data);
	return NULL;
}

static bool has_identity(struct scan *s)
{
	struct partrace_message msg = { 0 };
	unsigned char *data;

	if (scan_next(s) != STEP_PACKET || !s->is_ours)
		return false;
	data = read_body(s->fd, s->body, s->body_len);
	if (!data || format_parse(data, s->body_len, &msg) <= 0)
		msg.has_magic = false;
	free(data);
	return msg.has_magic;
}

static int scan_open(struct scan *s, int fd)
{
	struct stat st;

	*s = (struct scan){ .fd = fd };
	if (fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -ESPIPE;
	s->size = (uint64_t)st.st_size;
	return 0;
}

int recording_is_ours(int fd)
{
	struct scan s;
	int err = scan_open(&s, fd);

	if (err)
		return err == -ESPIPE ? 0 : err;
	return has_identity(&s);
}

/* Does the file end inside the packet that would have told whose it is? */
static bool is_identity_cut(const struct scan *s)
{
	struct strbuf identity = { 0 };
	char head[HEAD_BYTES];
	bool is_cut = false;

	format_identity(&identity);
	if (s->size && s->size < identity.len && s->size <= sizeof(head))
		is_cut = read_at(s->fd, head, s->size, 0) == (ssize_t)s->size &&
			 !memcmp(head, identity.buf, s->size);
	strbuf_release(&identity);
	return is_cut;
}

/*
 * What zlib made of @data, into @out: @max bytes at most, and -EBADMSG if it is more or
 * damaged. Memory grows with what really comes out.
 */
static int inflate_all(const unsigned char *data, size_t len, uint64_t max, struct strbuf *out)
{
	z_stream z = { .next_in = (unsigned char *)data, .avail_in = (unsigned int)len };
	unsigned char piece[32768];
	int ret = Z_OK;

	if (inflateInit(&z) != Z_OK)
		return -EBADMSG;
	while (ret == Z_OK && out->len <= max) {
		z.next_out = piece;
		z.avail_out = sizeof(piece);
		ret = inflate(&z, Z_NO_FLUSH);
		strbuf_add(out, piece, sizeof(piece) - z.avail_out);
	}
	inflateEnd(&z);
	return ret == Z_STREAM_END && out->len <= max ? 0 : -EBADMSG;
}

/* @msg's facts as text, or NULL. The length that the message claims is only a limit. */
static char *inflate_facts(const struct partrace_message *msg)
{
	struct strbuf text = { 0 };

	if (!msg->facts || msg->facts_bytes > FACTS_MAX_BYTES)
		return NULL;
	if (!inflate_all(msg->facts, msg->facts_len, msg->facts_bytes, &text) &&
	    text.len == msg->facts_bytes && !memchr(strbuf_str(&text), 0, text.len))
		return strbuf_take(&text);
	strbuf_release(&text);
	return NULL;
}

static char *read_facts_at(int fd, struct place place, bool *is_complete)
{
	unsigned char *data = read_body(fd, place.body, place.len);
	struct partrace_message msg;
	char *json = NULL;

	if (data && format_parse(data, place.len, &msg) > 0) {
		json = inflate_facts(&msg);
		*is_complete = msg.is_complete;
	}
	free(data);
	return json;
}

/* Walk the file; the later facts are, the more they know. */
static int find_facts(struct scan *s, char **json, bool *is_complete)
{
	struct place places[MAX_TRIES];		/* the last ones, by number */
	size_t place_cnt = 0, tries;
	enum step step;
	int err;

	while ((step = scan_next(s)) == STEP_PACKET) {
		if (!s->is_ours)
			continue;
		places[place_cnt++ % MAX_TRIES] = (struct place){ s->body, s->body_len };
	}

	err = step == STEP_DAMAGED || place_cnt ? -EBADMSG : -ENODATA;
	for (tries = 0; err && tries < place_cnt && tries < MAX_TRIES; tries++) {
		struct place place = places[(place_cnt - 1 - tries) % MAX_TRIES];
		bool is_last = !tries && step == STEP_END && place.body + place.len == s->size;
		bool claims_all = false;

		*json = read_facts_at(s->fd, place, &claims_all);
		if (*json) {
			*is_complete = claims_all && is_last;
			err = 0;
		}
	}
	return err;
}

int recording_read_facts(const char *path, char **json, bool *is_complete)
{
	int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	struct scan s;
	int err;

	*json = NULL;
	*is_complete = false;
	if (fd < 0)
		return -errno;
	err = scan_open(&s, fd);
	if (!err) {
		if (has_identity(&s))
			err = find_facts(&s, json, is_complete);
		else
			err = is_identity_cut(&s) ? -ENODATA : -EPROTO;
	}
	close(fd);
	return err;
}

static int hand_on(struct scan *s, recording_packet_fn *fn, void *ctx)
{
	enum step step = STEP_END;
	int ret = 0;

	while (!ret && (step = scan_next(s)) == STEP_PACKET) {
		unsigned char *body = read_body(s->fd, s->body, s->body_len);

		ret = body ? fn(body, s->body_len, ctx) : -EBADMSG;
		free(body);
	}
	return !ret && step == STEP_DAMAGED ? -EBADMSG : ret;
}

int recording_each_packet(const char *path, recording_packet_fn *fn, void *ctx)
{
	int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	struct scan s;
	int ret;

	if (fd < 0)
		return -errno;
	ret = scan_open(&s, fd);
	if (!ret && !has_identity(&s))
		ret = -EPROTO;
	if (!ret)
		ret = hand_on(&s, fn, ctx);
	close(fd);
	return ret;
}

/* Who wants the packets inside of compressed ones. */
struct unpacker {
	recording_packet_fn *fn;
	void *ctx;
};

/* Whole packets, one after the other. */
static int hand_on_unpacked(const struct strbuf *packets, const struct unpacker *u)
{
	const unsigned char *in = (const unsigned char *)strbuf_str(packets);
	size_t len = packets->len;
	int ret = 0;

	while (len && !ret) {
		struct pb_field f;
		size_t n = pb_get_field(in, len, &f);

		if (!n || f.number != PB_TRACE_PACKET || f.wire != PB_WIRE_BYTES)
			return -EBADMSG;
		ret = u->fn(f.data, f.len, u->ctx);
		in += n;
		len -= n;
	}
	return ret;
}

/* A packet is a compressed one, or ours, if that is its first field. */
static int unpack(const unsigned char *body, size_t len, void *ctx)
{
	const struct unpacker *u = ctx;
	struct strbuf unpacked = { 0 };
	struct pb_field f;
	int ret;

	if (!pb_get_field(body, len, &f) || f.wire != PB_WIRE_BYTES)
		return u->fn(body, len, u->ctx);
	if (f.number == PARTRACE_FIELD)
		return 0;
	if (f.number != PB_TRACE_PACKET_COMPRESSED_PACKETS)
		return u->fn(body, len, u->ctx);
	ret = inflate_all(f.data, f.len, UNPACKED_MAX_BYTES, &unpacked);
	if (!ret)
		ret = hand_on_unpacked(&unpacked, u);
	strbuf_release(&unpacked);
	return ret;
}

int recording_each_unpacked(const char *path, recording_packet_fn *fn, void *ctx)
{
	struct unpacker u = { fn, ctx };

	return recording_each_packet(path, unpack, &u);
}
