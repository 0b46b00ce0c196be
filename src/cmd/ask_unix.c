// SPDX-License-Identifier: MIT
/* Owns what was asked already. */
#include "cmd/ask_unix.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/procfs.h"
#include "base/text.h"

#define ASKED_MAX	16384	/* names are decoration: enough is enough */
#define EVERY_NS	(20 * NS_PER_MS)
#define COST_PERCENT	1

void ask_unix_init(struct ask_unix *in,
		       void (*feed)(void *ctx, const struct event *ev), void *ctx)
{
	*in = (struct ask_unix){ .feed = feed, .ctx = ctx };
}

void ask_unix_release(struct ask_unix *in)
{
	htab_release(&in->asked);
	htab_release(&in->wanted);
}

void ask_unix(struct ask_unix *in, uint32_t pid, const struct par_file_ref *file)
{
	bool has_name = file->flags & (PAR_FILE_SERVED | PAR_FILE_LISTENS);
	uint64_t inode = has_name ? file->id : file->peer_id;

	if (file->kind != PAR_FILE_UNIX || !inode ||
	    (!has_name && (file->flags & PAR_FILE_NAMED)) || htab_find(&in->asked, inode, 0) ||
	    in->asked.cnt >= ASKED_MAX)
		return;
	htab_put(&in->asked, inode, 0, in);
	htab_put(&in->wanted, inode, 0, in);
	in->pid = pid;
}

/* "0000…: 00000003 00000000 00000000 0001 03 12345 /run/socket" */
static int on_line(void *ctx, char *line)
{
	struct ask_unix *in = ctx;
	struct event ev = { .hdr = { .ts_ns = clock_mono_ns() } };
	unsigned long long inode;
	int at = 0;

	if (sscanf(line, "%*x: %*x %*x %*x %*x %*x %llu %n", &inode, &at) < 1 || !at || !line[at] ||
	    !htab_remove(&in->wanted, inode, 0))
		return 0;
	ev.hdr.kind = EVENT_FILE;
	ev.file.id = inode;
	snprintf(ev.file.name, sizeof(ev.file.name), "%s", line + at);
	text_clean(ev.file.name, strlen(ev.file.name));
	in->feed(in->ctx, &ev);
	return 0;
}

void ask_unix_tick(struct ask_unix *in, uint64_t now_ns)
{
	uint64_t start_ns, end_ns;

	if (!in->wanted.cnt || now_ns < in->next_ns)
		return;
	start_ns = clock_mono_ns(); /* @now_ns is when others began to use this step */
	/* It may have ended meanwhile, and most are in our own network namespace. */
	if (procfs_each_line(on_line, in, "/proc/%u/net/unix", in->pid))
		procfs_each_line(on_line, in, "/proc/self/net/unix");
	end_ns = clock_mono_ns();
	in->next_ns = end_ns + EVERY_NS + (end_ns - start_ns) * 100 / COST_PERCENT;
	htab_release(&in->wanted); /* whoever was not found has no name, or is gone */
}
