// SPDX-License-Identifier: MIT
/* Owns what is to be asked, and when. */
#include "cmd/ask_peers.h"

#include "base/clock.h"
#include "base/procfs.h"
#include "base/procnet.h"

/* A server meets connections without end. */
#define ASKED_MAX 16384

#define GATHER_NS (50 * NS_PER_MS)	/* connections mostly come in groups */
#define BUDGET_NS (50 * NS_PER_MS)	/* for one look; the rings hold seconds */
#define COST_PERCENT 2			/* of the time, in the long run */

void ask_peers_note(struct ask_peers *ap, uint32_t pid, const struct par_file_ref *file)
{
	uint64_t ports = (uint64_t)file->lport << 16 | file->rport;

	if (file->kind != PAR_FILE_TCP && file->kind != PAR_FILE_UDP)
		return;
	if (!(file->flags & PAR_FILE_LOOPBACK) || (file->flags & PAR_FILE_LISTENS) || !file->rport)
		return;
	if (ap->open_cnt == ASK_PEERS_CNT || ap->asked.cnt >= ASKED_MAX ||
	    htab_find(&ap->asked, ports, file->kind))
		return;
	htab_put(&ap->asked, ports, file->kind, ap);
	if (!ap->open_cnt && ap->next_ns < clock_mono_ns() + GATHER_NS)
		ap->next_ns = clock_mono_ns() + GATHER_NS;
	ap->open[ap->open_cnt].pid = pid;
	ap->open[ap->open_cnt].is_asked_again = false;
	ap->open[ap->open_cnt++].file = *file;
}

static void answer(const struct par_file_ref *file, uint32_t pid,
		   void (*feed)(void *ctx, const struct event *ev), void *ctx)
{
	struct event ev = { .hdr = { .ts_ns = clock_mono_ns(), .kind = EVENT_PEER, .tid = pid } };

	ev.peer.file = *file;
	procfs_comm(pid, ev.peer.comm, sizeof(ev.peer.comm));
	feed(ctx, &ev);
}

void ask_peers_tick(struct ask_peers *ap, uint64_t now_ns,
		    void (*feed)(void *ctx, const struct event *ev), void *ctx)
{
	struct procnet_socket sockets[ASK_PEERS_CNT];
	size_t left = 0;
	bool is_whole;

	if (!ap->open_cnt || now_ns < ap->next_ns)
		return;
	for (size_t i = 0; i < ap->open_cnt; i++)
		sockets[i] = (struct procnet_socket){
			.is_udp = ap->open[i].file.kind == PAR_FILE_UDP,
			.lport = ap->open[i].file.rport,
			.rport = ap->open[i].file.lport,
			.not_pid = ap->open[i].pid,
		};
	/* Containers with connections to themselves are rare: the first one's view is taken. */
	procnet_owners(ap->open[0].pid, sockets, ap->open_cnt, now_ns + BUDGET_NS);
	is_whole = clock_mono_ns() < now_ns + BUDGET_NS;
	for (size_t i = 0; i < ap->open_cnt; i++) {
		if (sockets[i].pid) {
			answer(&ap->open[i].file, sockets[i].pid, feed, ctx);
		} else if (!is_whole && !ap->open[i].is_asked_again) {
			ap->open[left] = ap->open[i];
			ap->open[left++].is_asked_again = true;
		}
	}
	ap->open_cnt = left;
	ap->next_ns = now_ns + (clock_mono_ns() - now_ns) * 100 / COST_PERCENT;
}

void ask_peers_release(struct ask_peers *ap)
{
	htab_release(&ap->asked);
}
