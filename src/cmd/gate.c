// SPDX-License-Identifier: MIT
/* Owns the reading of limits, from the command line and from files. */
#include "cmd/gate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/strbuf.h"
#include "base/xalloc.h"
#include "output/report_slo.h"

#define FILE_MAX_BYTES 65536

int gate_add(void *gate, const char *value)
{
	struct gate *g = gate;

	XGROW(g->texts, g->cnt, g->cap);
	g->texts[g->cnt++] = value;
	return 0;
}

void gate_release(struct gate *g)
{
	free(g->texts);
	*g = (struct gate){ 0 };
}

/* The whole file, with a zero behind it; the caller frees. NULL: errno says why. */
static char *read_file(const char *path)
{
	char *text = xcalloc(1, FILE_MAX_BYTES + 1);
	FILE *f = fopen(path, "re");
	size_t len = f ? fread(text, 1, FILE_MAX_BYTES, f) : 0;
	int err = !f || ferror(f) ? errno : !feof(f) && fgetc(f) != EOF ? EFBIG : 0;

	if (f)
		fclose(f);
	if (!err && !memchr(text, 0, len))
		return text;
	free(text);
	errno = err ? err : EINVAL;
	return NULL;
}

static int parse_file(struct slo *slo, const struct argspec *spec, const char *path)
{
	char why[SLO_WHY_LEN], *text = read_file(path);
	int err;

	if (!text)
		return argspec_error(spec, "cannot read the limits of --slo from '%s': %s", path,
				     strerror(errno));
	err = slo_parse(slo, text, why);
	if (err)
		argspec_error(spec, "invalid limit for '--slo' in '%s': %s", path, why);
	free(text);
	return err;
}

int gate_parse(struct gate *g, const struct argspec *spec)
{
	int err = 0;

	for (size_t i = 0; i < g->cnt && !err; i++) {
		const char *text = g->texts[i];
		char why[SLO_WHY_LEN];

		if (text[0] == '@') {
			err = parse_file(&g->slo, spec, text + 1);
		} else if (strchr(text, '/') && !strchr(text, '=')) {
			err = parse_file(&g->slo, spec, text);
		} else if (slo_parse(&g->slo, text, why)) {
			err = argspec_error(spec, "invalid limit for '--slo': %s", why);
		}
	}
	return err;
}

bool gate_is_missed(const struct facts *f)
{
	struct strbuf line = { 0 };

	for (size_t i = 0; i < f->slo_cnt; i++) {
		if (f->slo[i].met)
			continue;
		strbuf_reset(&line);
		report_slo_line(&f->slo[i], &line);
		log_err(0, "SLO %s", strbuf_str(&line));
	}
	strbuf_release(&line);
	return slo_missed(f) > 0;
}
