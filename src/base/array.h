/* SPDX-License-Identifier: MIT */
#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H

/* Elements of an array, not of a pointer. */
#define ARRAY_CNT(a) (sizeof(a) / sizeof((a)[0]))

#endif
