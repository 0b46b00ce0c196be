/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef TASK_BPF_H
#define TASK_BPF_H

#include "core.bpf.h"

/* @parent has made @child: if that is to be traced, it is from now on, and is told. */
int birth(struct task_struct *parent, struct task_struct *child) __hidden;

#endif
