/* SPDX-License-Identifier: MIT */
/* Where in an ELF file a function begins. */
#ifndef SYMBOL_FUNCTION_FIND_H
#define SYMBOL_FUNCTION_FIND_H

#include <stdint.h>

/*
 * Find the function @name, as the linker spells it, in @path: in its .symtab, that of its
 * installed debug file, or .dynsym. 0 and its place in the file; -ENOENT: there is none;
 * -ENOEXEC: not an ELF file; -ENOTSUP: a Go program, whose stacks move, which a probe on a
 * return does not survive; or what open(2) says.
 */
int function_find(const char *path, const char *name, uint64_t *offset);

#endif
