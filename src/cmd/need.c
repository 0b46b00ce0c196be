// SPDX-License-Identifier: MIT
/* Owns the names of the needs. What they change is the verdict's. */
#include "cmd/need.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

int need_parse(void *out, const char *value)
{
	struct need *n = out;

	if (!strcmp(value, "isolation"))
		n->isolation = true;
	else if (!strcmp(value, "sharing"))
		n->sharing = true;
	else
		return -EINVAL;
	return 0;
}

bool need_is_contradiction(const struct need *n)
{
	return n->isolation && n->sharing;
}

const char *need_name(const struct need *n)
{
	return n->isolation ? "isolation" : n->sharing ? "sharing" : NULL;
}
