/* SPDX-License-Identifier: MIT */
#ifndef BASE_MEDIAN_H
#define BASE_MEDIAN_H

#include <stddef.h>

/* Of an even number the upper of both in the middle: one that was seen. Sorts @values; @cnt > 0. */
double median(double *values, size_t cnt);

#endif
