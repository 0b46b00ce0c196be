/* SPDX-License-Identifier: MIT */
/* Telling the observers. Private to the model. */
#ifndef MODEL_TELL_H
#define MODEL_TELL_H

#include "model/model.h"

/* Call `hook` of each observer that has one. */
#define TELL(m, hook, ...)							\
	do {									\
		for (size_t i_ = 0; i_ < (m)->observer_cnt; i_++)		\
			if ((m)->observers[i_]->hook)				\
				(m)->observers[i_]->hook((m)->observers[i_]->ctx, __VA_ARGS__); \
	} while (0)

#endif
