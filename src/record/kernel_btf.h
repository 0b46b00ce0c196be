/* SPDX-License-Identifier: MIT */
/* What the kernel's own type information says it has; no privilege is needed to ask. */
#ifndef RECORD_KERNEL_BTF_H
#define RECORD_KERNEL_BTF_H

#include <stdbool.h>

struct btf;

/*
 * How many arguments a tracepoint has, its context included; 0: this kernel does not
 * have it. @btf may be NULL here and below: then there is nothing.
 */
int kernel_btf_tracepoint_args(const struct btf *btf, const char *name);

/* Of those that BPF programs may call, too. */
bool kernel_btf_has_function(const struct btf *btf, const char *name);

/* Has the enumeration this value? "bpf_func_id", "BPF_FUNC_task_pt_regs". */
bool kernel_btf_has_value(const struct btf *btf, const char *enumeration, const char *value);

/* Has the structure a member whose name begins so? */
bool kernel_btf_has_member(const struct btf *btf, const char *structure, const char *prefix);

#endif
