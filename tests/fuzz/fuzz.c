// SPDX-License-Identifier: MIT
/* Owns the file that inputs are put into, and the directory. */
#include "fuzz.h"

#include <ftw.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/xalloc.h"

static char dir[64];

const char *fuzz_file(const void *data, size_t size)
{
	static char path[64];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("fuzz", MFD_CLOEXEC);
		FUZZ_CHECK(fd >= 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	FUZZ_CHECK(!ftruncate(fd, 0) && pwrite(fd, data, size, 0) == (ssize_t)size);
	return path;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_dir(void)
{
	nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

const char *fuzz_dir(void)
{
	const char *parent = getenv("TMPDIR");

	if (dir[0])
		return dir;
	snprintf(dir, sizeof(dir), "%.40s/partrace-fuzz-XXXXXX", parent ? parent : "/tmp");
	FUZZ_CHECK(mkdtemp(dir));
	atexit(remove_dir);
	return dir;
}

struct fuzz_piece fuzz_take_piece(const uint8_t **data, size_t *size)
{
	const uint8_t *end = *size ? memchr(*data, 0xff, *size) : NULL;
	struct fuzz_piece piece = { *data, end ? (size_t)(end - *data) : *size };
	size_t taken = piece.size + (end != NULL);

	*data += taken;
	*size -= taken;
	return piece;
}

char *fuzz_take_string(const uint8_t **data, size_t *size)
{
	struct fuzz_piece piece = fuzz_take_piece(data, size);

	return xstrndup(piece.size ? (const char *)piece.data : "", piece.size);
}

void fuzz_check_clean(const struct strbuf *text)
{
	char *copy = xstrdup(strbuf_str(text));
	size_t len = strlen(copy);

	FUZZ_CHECK(len == text->len);
	for (char *c = copy; *c; c++)
		if (*c == '\n' || *c == '\t')
			*c = ' ';
	FUZZ_CHECK(text_clean(copy, len) == len);
	for (size_t i = 0; i < len; i++)
		FUZZ_CHECK(copy[i] == text->buf[i] || copy[i] == ' ');
	free(copy);
}
