/* SPDX-License-Identifier: MIT */
/*
 * For hashes: of a product the upper half depends on all bits below, the lower one on all above.
 * As 0 leaves nothing of the other factor, small numbers are combined with a constant before.
 */
#ifndef BASE_MIX_H
#define BASE_MIX_H

#include <stdint.h>

#define MIX_ODD 0x9e3779b97f4a7c15ULL

static inline uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 x = (unsigned __int128)a * b;

	return (uint64_t)(x ^ x >> 64);
}

#endif
