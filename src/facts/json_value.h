/* SPDX-License-Identifier: MIT */
/* Values as JSON, whatever is in them: names may hold any bytes, and numbers be none. */
#ifndef FACTS_JSON_VALUE_H
#define FACTS_JSON_VALUE_H

#include <jansson.h>

/* Cleaned: jansson takes UTF-8 only, and keeps control characters past ASCII. NULL is null. */
json_t *json_value_text(const char *s);

/* What is no finite number is 0. */
json_t *json_value_real(double d);

#endif
