/* SPDX-License-Identifier: MIT */
/*
 * What qsort(3) wants to hear of two numbers: below 0 where @x comes first. In a chain,
 * order_down(...) ?: order_up(...), the first that differs decides.
 */
#ifndef BASE_ORDER_H
#define BASE_ORDER_H

#include <stdint.h>

/* The smaller one first. */
static inline int order_up(uint64_t x, uint64_t y)
{
	return x < y ? -1 : x > y;
}

/* The larger one first. */
static inline int order_down(uint64_t x, uint64_t y)
{
	return order_up(y, x);
}

#endif
