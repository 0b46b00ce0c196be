// SPDX-License-Identifier: MIT
/*
 * Owns the choice. libbpf takes another file for relocations only, but looks up what
 * programs attach to in the kernel's own place; both go through the function below, of
 * which the dynamic linker takes the executable's before the library's.
 */
#include "record/btf_file.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>

#include "base/log.h"

static const char *file;
static struct btf *offered;	/* whoever asks next takes it */

struct btf *btf__load_vmlinux_btf(void)
{
	struct btf *(*load)(void) = NULL;
	struct btf *btf = offered;

	offered = NULL;
	if (btf)
		return btf;
	if (file)
		return btf__parse(file, NULL);
	*(void **)&load = dlsym(RTLD_NEXT, "btf__load_vmlinux_btf");
	if (load)
		return load();
	errno = ENOENT;
	return NULL;
}

void btf_file_use(const char *path)
{
	file = path;
}

void btf_file_offer(struct btf *btf)
{
	btf__free(offered);
	offered = btf;
}

int btf_file_load(struct btf **out)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int err = (int)libbpf_get_error(btf);

	if (!err) {
		*out = btf;
		return 0;
	}
	if (file) {
		log_err(err, "cannot take the kernel's types from '%s'", file);
		log_hint("it must hold BTF, of this very kernel: a copy of its "
			 "/sys/kernel/btf/vmlinux");
	} else {
		log_err(0, "this kernel shows no types (BTF): there is no /sys/kernel/btf/vmlinux");
		log_hint("mount /sys, or give a copy with --btf FILE; a kernel that was built "
			 "without CONFIG_DEBUG_INFO_BTF cannot be recorded");
	}
	return err;
}
