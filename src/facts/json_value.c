// SPDX-License-Identifier: MIT
/* Owns what JSON can't hold. */
#include "facts/json_value.h"

#include <math.h>
#include <stdlib.h>

#include "base/text.h"

json_t *json_value_text(const char *s)
{
	json_t *value;
	char *clean;

	if (!s)
		return json_null();
	clean = text_clean_copy(s);
	value = json_string(clean);
	free(clean);
	return value;
}

json_t *json_value_real(double d)
{
	return json_real(isfinite(d) ? d : 0);
}
