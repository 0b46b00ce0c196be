// SPDX-License-Identifier: MIT
/* Owns nothing: looks things up in BTF that the caller has loaded. */
#include "record/kernel_btf.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct btf_type *find_type(const struct btf *btf, const char *name, __u32 kind)
{
	int id = btf ? btf__find_by_name_kind(btf, name, kind) : -ENOENT;

	return id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;
}

int kernel_btf_tracepoint_args(const struct btf *btf, const char *name)
{
	const struct btf_type *t;
	char type[64];

	snprintf(type, sizeof(type), "btf_trace_%s", name);
	t = find_type(btf, type, BTF_KIND_TYPEDEF);
	if (!t)
		return 0;
	t = btf__type_by_id(btf, btf__type_by_id(btf, t->type)->type);
	return btf_is_func_proto(t) ? btf_vlen(t) : 0;
}

bool kernel_btf_has_function(const struct btf *btf, const char *name)
{
	return find_type(btf, name, BTF_KIND_FUNC);
}

bool kernel_btf_has_value(const struct btf *btf, const char *enumeration, const char *value)
{
	const struct btf_type *t = find_type(btf, enumeration, BTF_KIND_ENUM);
	const struct btf_enum *values = t ? btf_enum(t) : NULL;

	for (int i = 0; t && i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, values[i].name_off), value))
			return true;
	return false;
}

bool kernel_btf_has_member(const struct btf *btf, const char *structure, const char *prefix)
{
	const struct btf_type *t = find_type(btf, structure, BTF_KIND_STRUCT);
	const struct btf_member *members = t ? btf_members(t) : NULL;

	for (int i = 0; t && i < btf_vlen(t); i++)
		if (!strncmp(btf__name_by_offset(btf, members[i].name_off), prefix, strlen(prefix)))
			return true;
	return false;
}
