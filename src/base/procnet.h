/* SPDX-License-Identifier: MIT */
/* What /proc says about sockets: which ports they connect, and whose they are. */
#ifndef BASE_PROCNET_H
#define BASE_PROCNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A socket to look for: by its ports, as its own end has them. */
struct procnet_socket {
	bool is_udp;
	uint16_t lport, rport;
	uint32_t not_pid;	/* may have inherited it, and is not who is looked for; or 0 */
	uint64_t inode;		/* answer; 0: there is none */
	uint32_t pid;		/* answer: a process that has it open; 0: not found */
};

/*
 * Fill in who has these sockets of @pid's network namespace. A UDP socket that is
 * not connected goes for one with any remote port. Stops at @until_ns of the
 * monotonic clock, with what it has found until then. Returns how many it found.
 */
size_t procnet_owners(uint32_t pid, struct procnet_socket *sockets, size_t cnt, uint64_t until_ns);

#endif
