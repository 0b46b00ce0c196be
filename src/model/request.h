/* SPDX-License-Identifier: MIT */
/* Requests and the queues in front of servers. Private to the model. */
#ifndef MODEL_REQUEST_H
#define MODEL_REQUEST_H

#include "model/model.h"

/* PAR_REQUEST, EVENT_BACKLOG, EVENT_REQUESTS. */
void request_feed(struct model *m, const struct event *ev);

#endif
