// SPDX-License-Identifier: MIT
/* Owns nothing: turns bytes of the ring into one struct event, or refuses. */
#include "event/event.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

/* The shortest record of each kind; 0 = not a kind. */
static const size_t min_size[PAR_KIND_CNT] = {
	[PAR_CYCLE]	= PAR_CYCLE_BARE_BYTES,
	[PAR_TASK]	= sizeof(struct par_task),
	[PAR_OPEN]	= sizeof(struct par_task),
	[PAR_FORK]	= sizeof(struct par_fork),
	[PAR_EXEC]	= sizeof(struct par_exec),
	[PAR_RENAME]	= sizeof(struct par_rename),
	[PAR_EXIT]	= sizeof(struct par_exit),
	[PAR_FREE]	= sizeof(struct par_free),
	[PAR_STARTUP]	= sizeof(struct par_startup),
	[PAR_TURN]	= sizeof(struct par_turn),
	[PAR_REQUEST]	= sizeof(struct par_request),
	[PAR_MISSED]	= sizeof(struct par_missed_cycles),
};

/* Most end before the record's last field does. */
static int check_cycle(struct par_cycle *c, size_t len)
{
	bool has_cause = event_cycle_has_cause(c);
	size_t have = has_cause ? len : PAR_CYCLE_BARE_BYTES;

	if (has_cause && len < PAR_CYCLE_SHORT_BYTES)
		return -EBADMSG;
	if (have < sizeof(*c))
		memset((char *)c + have, 0, sizeof(*c) - have);
	if (!has_cause)
		c->cause.sysno = PAR_NO_SYSCALL;
	return 0;
}

/* A name may be any bytes: prctl(2) does not mind. */
static void check_text(char *s, size_t size)
{
	s[size - 1] = 0;
	text_clean(s, strlen(s));
}

int event_decode(struct event *ev, const void *rec, size_t len)
{
	struct par_hdr hdr;

	if (len < sizeof(hdr))
		return -EBADMSG;
	memcpy(&hdr, rec, sizeof(hdr));
	if (hdr.kind >= PAR_KIND_CNT || !min_size[hdr.kind])
		return -ENOTSUP;
	if (len < min_size[hdr.kind])
		return -EBADMSG;
	/* A longer record is a newer recorder's; its tail is ignored. */
	memcpy(ev, rec, len < sizeof(*ev) ? len : sizeof(*ev));

	switch (hdr.kind) {
	case PAR_CYCLE:
		return check_cycle(&ev->cycle, len);
	case PAR_TASK:
	case PAR_OPEN:
		check_text(ev->task.comm, PAR_COMM_LEN);
		break;
	case PAR_FORK:
		check_text(ev->fork.comm, PAR_COMM_LEN);
		break;
	case PAR_EXEC:
		check_text(ev->exec.comm, PAR_COMM_LEN);
		check_text(ev->exec.path, PAR_PATH_LEN);
		break;
	case PAR_EXIT:
		check_text(ev->exit.comm, PAR_COMM_LEN);
		break;
	case PAR_REQUEST:
		return ev->request.kind < PAR_REQUEST_KIND_CNT ? 0 : -EBADMSG;
	case PAR_RENAME:
		check_text(ev->rename.comm, PAR_COMM_LEN);
		break;
	}
	return 0;
}
