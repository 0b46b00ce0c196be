// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Owns nothing; see unix.bpf.h. */
#include "unix.bpf.h"

#define PATH_BYTES 108	/* include/uapi/linux/un.h */
#define NAME_WORDS 14

/* A struct sockaddr_un, with zeroes behind the name. */
union unix_name {
	struct {
		__u16 family;
		char path[PATH_BYTES];	/* begins with a zero: an abstract name */
	};
	__u64 words[NAME_WORDS];
};

static __always_inline __u64 hash_of(const union unix_name *name, __u32 netns)
{
	__u64 hash = name->path[0] ? 0 : netns;

	for (int i = 0; i < NAME_WORDS; i++) {
		hash = (hash ^ name->words[i]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return hash ? hash : 1;
}

/* A path ends with a zero, or where it is full; an abstract name after @len bytes. */
__noinline __u64 unix_bound_hash(__u64 addr, __u32 netns)
{
	const struct unix_address *bound = (const struct unix_address *)addr;
	const char *at = (const char *)addr + bpf_core_field_offset(struct unix_address, name);
	union unix_name name = {};
	__u32 len;

	if (!addr)
		return 0;
	bpf_probe_read_kernel(&name, sizeof(name.family) + 1, at);
	if (name.path[0]) {
		bpf_probe_read_kernel_str(name.path, sizeof(name.path), at + sizeof(name.family));
	} else {
		len = BPF_CORE_READ(bound, len);
		if (len > sizeof(name.family) + PATH_BYTES)
			return 0;
		bpf_probe_read_kernel(&name, len, at);
	}
	return hash_of(&name, netns);
}

__noinline __u64 unix_address_hash(__u64 addr, __u32 len, __u32 netns)
{
	const char *at = (const char *)addr;
	union unix_name name = {};

	if (len <= sizeof(name.family) || len > sizeof(name.family) + PATH_BYTES)
		return 0;
	if (bpf_probe_read_user(&name, sizeof(name.family) + 1, at))
		return 0;
	if (name.path[0])
		bpf_probe_read_user_str(name.path, sizeof(name.path), at + sizeof(name.family));
	else
		bpf_probe_read_user(&name, len, at);
	return hash_of(&name, netns);
}
