// SPDX-License-Identifier: MIT
/* Owns the ways to attach a program to user code. */
#include "record/uprobe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/rights.h"
#include "record/kernel_btf.h"

/* enum bpf_attach_type of Linux 6.6 (89ae89f53d20); our headers may be older. */
#define ATTACH_UPROBE_MULTI 48
#define MULTI_RETURN	    1	/* BPF_F_UPROBE_MULTI_RETURN */

/* The part of union bpf_attr for BPF_LINK_CREATE with that type. */
struct link_create_multi {
	uint32_t prog_fd, target_fd, attach_type, flags;
	uint64_t path, offsets, ref_ctr_offsets, cookies;
	uint32_t cnt, multi_flags, pid, pad;
};

void uprobe_prepare(struct bpf_program *prog, const struct btf *kernel)
{
	/* One program for many functions, where the kernel can. */
	if (kernel_btf_has_value(kernel, "bpf_attach_type", "BPF_TRACE_UPROBE_MULTI"))
		bpf_program__set_expected_attach_type(prog,
						      (enum bpf_attach_type)ATTACH_UPROBE_MULTI);
}

static bool is_multi(const struct bpf_program *prog)
{
	return bpf_program__get_expected_attach_type(prog) ==
	       (enum bpf_attach_type)ATTACH_UPROBE_MULTI;
}

static int attach_multi(struct uprobe *u, struct bpf_program *prog, enum uprobe_at at,
			const char *path, const uint64_t *offsets, size_t cnt)
{
	struct link_create_multi attr = {
		.prog_fd = (uint32_t)bpf_program__fd(prog),
		.attach_type = ATTACH_UPROBE_MULTI,
		.path = (uintptr_t)path,
		.offsets = (uintptr_t)offsets,
		.cnt = (uint32_t)cnt,
		.multi_flags = at == UPROBE_RETURN ? MULTI_RETURN : 0,
	};
	long fd = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));

	if (fd < 0)
		return -errno;
	u->fd = (int)fd;
	return 0;
}

static int attach_each(struct uprobe *u, struct bpf_program *prog, enum uprobe_at at,
		       const char *path, const uint64_t *offsets, size_t cnt)
{
	for (u->cnt = 0; u->cnt < cnt; u->cnt++) {
		struct bpf_link *link;
		int err;

		link = bpf_program__attach_uprobe(prog, at == UPROBE_RETURN, -1, path,
						  offsets[u->cnt]);
		err = (int)libbpf_get_error(link);
		if (err) {
			uprobe_detach(u);
			return err;
		}
		u->links[u->cnt] = link;
	}
	return 0;
}

int uprobe_attach(struct uprobe *u, struct bpf_program *prog, enum uprobe_at at, int file_fd,
		  const uint64_t *offsets, size_t cnt)
{
	uint64_t wanted[UPROBE_FUNCTIONS_MAX];
	bool has_rights;
	size_t n = 0;
	char path[32];
	int err;

	*u = (struct uprobe){ .fd = -1 };
	for (size_t i = 0; i < cnt && n < UPROBE_FUNCTIONS_MAX; i++) {
		if (offsets[i])
			wanted[n++] = offsets[i];
	}
	if (!n)
		return 0;
	/* Names the very file, wherever it lies and in whatever mount namespace. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file_fd);
	has_rights = rights_raise(RIGHTS_TO_PROBE);
	err = is_multi(prog) ? attach_multi(u, prog, at, path, wanted, n)
			     : attach_each(u, prog, at, path, wanted, n);
	if (has_rights)
		rights_lower();
	u->is_attached = !err;
	return err;
}

void uprobe_detach(struct uprobe *u)
{
	for (size_t i = 0; i < u->cnt; i++)
		bpf_link__destroy(u->links[i]);
	if (u->is_attached && u->fd >= 0)
		close(u->fd);
	*u = (struct uprobe){ .fd = -1 };
}
