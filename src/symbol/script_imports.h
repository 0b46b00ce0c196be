/* SPDX-License-Identifier: MIT */
/*
 * What the script of a Python process imports: a library that is nothing but Python leaves
 * no other trace that can be seen from outside.
 */
#ifndef SYMBOL_SCRIPT_IMPORTS_H
#define SYMBOL_SCRIPT_IMPORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Those modules that lines "import X" and "from X import Y" in the beginning of the script
 * name and that are @wanted, joined by blanks; "" if there is no script, or none of them.
 */
void script_imports(uint32_t pid, bool (*wanted)(const char *module), char *out, size_t size);

#endif
