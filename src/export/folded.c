/* SPDX-License-Identifier: MIT */
/* Owns the folded format: what flame graph scripts read. */
#include "export/profile.h"

/* What ends a frame in this format can't be in its name. */
static void put_frame(const char *name, FILE *to)
{
	for (; *name; name++)
		fputc(*name == ';' ? ',' : *name, to);
}

void profile_folded(struct stacks *s, FILE *to)
{
	stacks_sort(s);
	for (size_t i = 0; i < s->cnt; i++) {
		const struct stack *stack = s->all[i];

		if (!stack->ns)
			continue;
		for (int frame = 0; frame < stack_depth(stack); frame++) {
			if (frame)
				fputc(';', to);
			put_frame(stack->frames[frame], to);
		}
		fprintf(to, " %llu\n", (unsigned long long)stack->ns);
	}
}
