/* SPDX-License-Identifier: MIT */
/*
 * One BPF program at the entries (or returns) of some functions of one file, in all
 * processes that use it. It goes with uprobe_detach() or with our process.
 *
 * From Linux 6.6 on it is one link, before that one per function: each takes a
 * tenth of a second to go, as the kernel waits until nobody can be in it.
 */
#ifndef RECORD_UPROBE_H
#define RECORD_UPROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UPROBE_FUNCTIONS_MAX 8

struct bpf_link;
struct bpf_program;
struct btf;

struct uprobe {
	int fd;			/* of the one link */
	struct bpf_link *links[UPROBE_FUNCTIONS_MAX];	/* [cnt], or the one per function */
	size_t cnt;
	bool is_attached;
};

/* Before @prog is loaded: it will be attached as an uprobe. @kernel may be NULL. */
void uprobe_prepare(struct bpf_program *prog, const struct btf *kernel);

/* Or at what a function returns to. */
enum uprobe_at { UPROBE_ENTRY, UPROBE_RETURN };

/* @offsets in the file that @file_fd has open; zeros are skipped. -errno, unsaid. */
int uprobe_attach(struct uprobe *u, struct bpf_program *prog, enum uprobe_at at, int file_fd,
		  const uint64_t *offsets, size_t cnt);
void uprobe_detach(struct uprobe *u);

#endif
