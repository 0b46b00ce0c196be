// SPDX-License-Identifier: MIT
/*
 * Owns nothing. The list of connections gives a socket's inode, and a walk over the
 * descriptors of all processes who has it; the first that is met, as children that
 * inherited it come later.
 */
#include "base/procnet.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/procfs.h"

struct search {
	struct procnet_socket *sockets;
	size_t cnt, open_cnt;	/* open: has an inode, and no process yet */
	bool is_udp;
	uint32_t pid;
	uint64_t until_ns;
};

/* "  12: 0100007F:1F90 0100007F:C350 01 …": number, local, remote, …, the inode as the tenth */
static int parse_line(void *ctx, char *line)
{
	struct search *s = ctx;
	unsigned int lport, rport;
	unsigned long long inode;

	if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%4x %*[0-9A-Fa-f]:%4x %*x %*s %*s %*s %*u %*u %llu",
		   &lport, &rport, &inode) != 3 ||
	    !inode)
		return 0;
	for (size_t i = 0; i < s->cnt; i++) {
		struct procnet_socket *want = &s->sockets[i];

		if (want->is_udp != s->is_udp || want->lport != lport)
			continue;
		if (want->rport == rport || (s->is_udp && !rport && !want->inode))
			want->inode = inode;
	}
	return clock_mono_ns() >= s->until_ns;
}

static void find_inodes(struct search *s, uint32_t pid)
{
	static const char *const lists[] = { "tcp", "tcp6", "udp", "udp6" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		s->is_udp = lists[i][0] == 'u';
		procfs_each_line(parse_line, s, "/proc/%u/net/%s", pid, lists[i]);
	}
	for (size_t i = 0; i < s->cnt; i++)
		s->open_cnt += s->sockets[i].inode != 0;
}

static int match_link(void *ctx, const char *target)
{
	struct search *s = ctx;
	unsigned long long inode;

	if (sscanf(target, "socket:[%llu]", &inode) != 1)
		return 0;
	for (size_t i = 0; i < s->cnt; i++) {
		struct procnet_socket *want = &s->sockets[i];

		if (want->inode != inode || want->pid || want->not_pid == s->pid)
			continue;
		want->pid = s->pid;
		s->open_cnt--;
	}
	return !s->open_cnt;
}

static int search_process(void *ctx, uint32_t pid)
{
	struct search *s = ctx;

	s->pid = pid;
	procfs_each_link(pid, match_link, s);
	return !s->open_cnt || clock_mono_ns() >= s->until_ns;
}

size_t procnet_owners(uint32_t pid, struct procnet_socket *sockets, size_t cnt, uint64_t until_ns)
{
	struct search s = { .sockets = sockets, .cnt = cnt, .until_ns = until_ns };
	size_t found = 0;

	for (size_t i = 0; i < cnt; i++)
		sockets[i].inode = sockets[i].pid = 0;
	find_inodes(&s, pid);
	if (s.open_cnt)
		procfs_each_pid(search_process, &s);
	for (size_t i = 0; i < cnt; i++)
		found += sockets[i].pid != 0;
	return found;
}
