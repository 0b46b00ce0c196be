/* SPDX-License-Identifier: MIT */
/*
 * What each CPU runs. Private to the model.
 *
 *	T1 leaves          T2 comes
 *	   |   gap (others)   |
 *
 * The record with which T2 comes tells of the gap before it, so each CPU's line
 * is told in order of time, and each switch starts from whom the last one ended
 * with, also after losses.
 */
#ifndef MODEL_CPU_TABLE_H
#define MODEL_CPU_TABLE_H

#include "model/model.h"

/* @tid comes to @cpu at @ts_ns, after @gap. */
void cpu_come(struct model *m, uint16_t cpu, uint64_t ts_ns, uint32_t tid,
	      const struct par_cpu_gap *gap);

/* The recording ends: tell who left last, if that is not told yet. */
void cpu_close(struct model *m, uint16_t cpu, const struct par_cpu_gap *gap);

/* A thread was on @cpu when the recording began, and ran through it. */
void cpu_assume(struct model *m, uint16_t cpu, uint32_t tid);
void cpu_table_release(struct model *m);

#endif
