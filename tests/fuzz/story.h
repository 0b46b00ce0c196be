/* SPDX-License-Identifier: MIT */
/* Events on their way through model, facts and verdict; and facts in all their forms. */
#ifndef TESTS_FUZZ_STORY_H
#define TESTS_FUZZ_STORY_H

#include "facts/facts_build.h"
#include "model/model.h"

struct story {
	struct model model;
	struct facts_build build;
};

void story_begin(struct story *s);
/* Through its text, too. */
void story_feed(struct story *s, const struct event *ev);

/* Judged, and written as JSON. */
void story_end(struct story *s);

/* Judge @f, write every form of it that takes no trace, release it. */
void story_tell(struct facts *f);

#endif
