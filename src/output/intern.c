/* SPDX-License-Identifier: MIT */
/* Owns copies of the strings. */
#include "output/intern.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

struct interned {
	uint32_t iid;
	char s[];
};

/* FNV-1a */
static uint64_t hash(const char *s, size_t len)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3ULL;
	return h;
}

uint32_t intern_get(struct intern *in, const char *s)
{
	size_t len = strlen(s);
	struct interned *str;
	uint64_t h;

	if (len > INTERN_MAX_LEN)
		return 0;
	h = hash(s, len);
	str = htab_find(&in->by_hash, h, len);
	if (str)
		return strcmp(str->s, s) ? 0 : str->iid;
	if (in->by_hash.cnt >= INTERN_MAX_STRINGS)
		return 0;

	str = xmalloc(sizeof(*str) + len + 1);
	memcpy(str->s, s, len + 1);
	str->iid = (uint32_t)in->by_hash.cnt + 1;
	htab_put(&in->by_hash, h, len, str);
	return str->iid;
}

void intern_release(struct intern *in)
{
	htab_for_each(&in->by_hash, i)
		free(in->by_hash.entries[i].value);
	htab_release(&in->by_hash);
}
