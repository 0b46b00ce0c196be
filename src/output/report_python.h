/* SPDX-License-Identifier: MIT */
/* The part of the text report on CPython: who works without the GIL; is it on at all? */
#ifndef OUTPUT_REPORT_PYTHON_H
#define OUTPUT_REPORT_PYTHON_H

#include "facts/facts.h"
#include "output/report_wrap.h"

void report_python(struct wrap *w, const struct facts *f);

#endif
