/* SPDX-License-Identifier: MIT */
/* Who made whom wait for a lock, and who exchanged what with whom: tables and drawings. */
#ifndef HTML_EXCHANGE_H
#define HTML_EXCHANGE_H

#include "base/strbuf.h"
#include "facts/facts.h"

/* Both say nothing where there is nothing. */
void exchange_locks(const struct facts *f, struct strbuf *out);
void exchange_channels(const struct facts *f, struct strbuf *out);

#endif
