/* SPDX-License-Identifier: MIT */
/*
 * Which framework or server a process belongs to, by what its command line says: a
 * program's name, `python -m NAME`, a script, or the title that a server gives itself;
 * else by what its script imports.
 */
#ifndef FACTS_FRAMEWORK_H
#define FACTS_FRAMEWORK_H

#include <stdbool.h>

#include "base/strbuf.h"

/*
 * @command: arguments joined by blanks; @imports: modules that the script imports,
 * joined by blanks. Either may be NULL. A constant name, or NULL: none that is known.
 * @options gets those arguments that say how many workers it has ("-w 4 --threads 2"),
 * and no others: command lines hold secrets.
 */
const char *framework_find(const char *command, const char *imports, struct strbuf *options);

/* Is it worth telling that a script imports @module? */
bool framework_is_module(const char *module);

#endif
