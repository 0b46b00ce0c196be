// SPDX-License-Identifier: MIT
/* fuzz_X FILE…: each once through the fuzzer; for builds without libFuzzer. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"

static int replay(const char *path)
{
	struct strbuf sb = { 0 };
	FILE *f = fopen(path, "r");
	char piece[4096];
	size_t n;

	if (!f) {
		fprintf(stderr, "cannot read '%s': %s\n", path, strerror(errno));
		return 1;
	}
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		strbuf_add(&sb, piece, n);
	fclose(f);
	LLVMFuzzerTestOneInput((const uint8_t *)strbuf_str(&sb), sb.len);
	strbuf_release(&sb);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i]);
	return failed;
}
