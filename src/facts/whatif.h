/* SPDX-License-Identifier: MIT */
/*
 * What would the recorded work have taken under another model? The run is replayed
 * (facts/replay.h), first as it was, which tells how far the replay can be trusted,
 * then changed. Where a recording can't tell, it says why.
 */
#ifndef FACTS_WHATIF_H
#define FACTS_WHATIF_H

#include "facts/facts.h"
#include "facts/segments.h"

/*
 * Fill out->whatif from the rest of @out, which is complete but for the verdict, and
 * from what it was made of. Costs some replays of all segments: for the end only.
 */
void whatif_fill(struct facts *out, const struct segments *s, const struct model *m);

#endif
