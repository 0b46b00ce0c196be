// SPDX-License-Identifier: MIT
/* Packets inside a recording that is whole, as the input has them: who reads its trace? */
#include <stdlib.h>
#include <unistd.h>

#include "../unit/make_facts.h"
#include "export/export.h"
#include "fuzz.h"
#include "html/page.h"
#include "output/join_trace.h"
#include "output/recording_format.h"
#include "output/trace_reader.h"

/* The threads that seeds tell of. */
static struct facts seed_facts(void)
{
	struct facts f = recording(20, 2);

	process(&f, 10, 1, "app");
	thread(&f, 10, 10, "app", CPU(5), LOCK(5));
	thread(&f, 11, 10, "worker", CPU(5), DISK(5));
	return f;
}

static void check_export(const char *path, const struct facts *f, enum export_format format)
{
	struct strbuf out = { 0 };
	char *text = NULL;
	size_t len = 0;
	struct export e = { .format = format,
			    .to = open_memstream(&text, &len),
			    .window_ns = NS_PER_MS,
			    .version = "0" };

	export_begin(&e);
	if (!export_add(&e, path, f))
		export_end(&e);
	export_release(&e);
	fclose(e.to);
	if (format != EXPORT_PPROF) {
		strbuf_add(&out, text, len);
		fuzz_check_clean(&out);
		strbuf_release(&out);
	}
	free(text);
}

static void check_page(const char *path, const struct facts *f)
{
	const struct page_options options = { .trace = "t.pftrace", .version = "0" };
	struct strbuf out = { 0 };
	struct timeline tl;

	timeline_read(&tl, path, f);
	page_format(f, &tl, &options, &out);
	fuzz_check_clean(&out);
	timeline_release(&tl);
	strbuf_release(&out);
}

/* What is joined can be read. */
static void check_join(const char *path)
{
	const struct trace_visitor v = { 0 };
	const char *culprit;
	char joined[128];

	snprintf(joined, sizeof(joined), "%s/joined.pftrace", fuzz_dir());
	if (!join_trace(joined, path, path, &culprit)) {
		FUZZ_CHECK(!trace_read(joined, NS_PER_S, &v));
		FUZZ_CHECK(!unlink(joined));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf file = { 0 };
	struct facts f = seed_facts();
	const char *path;

	format_identity(&file);
	strbuf_add(&file, data, size);
	path = fuzz_file(file.buf, file.len);
	for (int format = 0; format < EXPORT_CNT; format++)
		check_export(path, &f, (enum export_format)format);
	check_page(path, &f);
	check_join(path);
	facts_release(&f);
	strbuf_release(&file);
	return 0;
}
