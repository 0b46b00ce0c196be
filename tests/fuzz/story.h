/* SPDX-License-Identifier: MIT */
/* Events on their way through the whole pipeline: model, facts, verdict, report, JSON. */
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

/* All reports are made, and looked at. */
void story_end(struct story *s);

/* @f, not judged yet, in every form that takes no trace; released. */
void story_tell(struct facts *f);

#endif
