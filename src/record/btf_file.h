/* SPDX-License-Identifier: MIT */
/*
 * Where the kernel's types (BTF) are read from. The kernel shows them in sysfs; where
 * that is hidden or not mounted, a file may hold the same.
 */
#ifndef RECORD_BTF_FILE_H
#define RECORD_BTF_FILE_H

struct btf;

/* @path is lent, and used by all that follows; NULL: where the kernel has them. */
void btf_file_use(const char *path);

/* The types, for the caller to btf__free(). Said: none are to be had, or not from that file. -errno. */
int btf_file_load(struct btf **out);

/*
 * libbpf parses these types once more, a hundred thousand of them, when it loads programs. It
 * takes @btf in place of that, and frees it; NULL frees what it has not taken.
 */
void btf_file_offer(struct btf *btf);

#endif
