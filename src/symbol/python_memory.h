/* SPDX-License-Identifier: MIT */
/* What a running CPython's own memory says, read where its debug offsets point. */
#ifndef SYMBOL_PYTHON_MEMORY_H
#define SYMBOL_PYTHON_MEMORY_H

#include <stdint.h>

#include "symbol/python_detect.h"

/*
 * Of a free-threaded build, 3.13 or 3.14: is its GIL on after all? 1: for good; 0: no,
 * or only while a module is imported; -errno: it can't be told.
 */
int python_gil_is_on(uint32_t pid, const struct python_info *python);

#endif
