// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Owns the configuration. By itself, so that no other file's compiler sees its value, which
 * only user space sets: without volatile one load of a field does for all its uses.
 */
#include "core.bpf.h"

const struct par_config config = {};
