// SPDX-License-Identifier: MIT
/* Owns nothing. Looks for the script where the process would: from its directory on. */
#include "symbol/script_imports.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/procfs.h"
#include "base/reach.h"
#include "base/text.h"

/* Imports stand at the beginning. */
#define SCRIPT_MAX_BYTES 16384
#define ARGS_MAX_BYTES	 2048

static bool ends_with(const char *s, const char *end)
{
	size_t len = strlen(s), tail = strlen(end);

	return len >= tail && !strcmp(s + len - tail, end);
}

/* The first argument that is a script, of a process that runs Python; NULL: none. */
static const char *find_script(const char *args, size_t len)
{
	const char *name = text_base_name(args);

	if (strncmp(name, "python", 6) && strncmp(name, "pypy", 4) && !ends_with(args, ".py"))
		return NULL;
	for (size_t at = 0; at < len; at += strlen(args + at) + 1) {
		if (at && !strcmp(args + at, "-c"))
			return NULL;
		if (ends_with(args + at, ".py"))
			return args + at;
	}
	return NULL;
}

static int open_script(uint32_t pid, const char *script)
{
	char path[PATH_MAX];
	int len;

	if (script[0] == '/')
		len = snprintf(path, sizeof(path), "/proc/%u/root%s", pid, script);
	else
		len = snprintf(path, sizeof(path), "/proc/%u/cwd/%s", pid, script);
	if (len < 0 || (size_t)len >= sizeof(path))
		return -1;
	/* A FIFO of that name would not answer. */
	return reach_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += len)
		if ((at == list || at[-1] == ' ') && (!at[len] || at[len] == ' '))
			return true;
	return false;
}

static void add_module(const char *module, char *out, size_t size)
{
	size_t len = strlen(out);

	if (!has_word(out, module) && len + strlen(module) + 2 <= size)
		snprintf(out + len, size - len, "%s%s", len ? " " : "", module);
}

/* "import a.b, c as d" and "from a.b import c": the first name of each. */
static void visit_line(const char *line, bool (*wanted)(const char *module), char *out, size_t size)
{
	bool is_from = !strncmp(line, "from ", 5);

	if (!is_from && strncmp(line, "import ", 7))
		return;
	line += is_from ? 5 : 7;
	while (*line) {
		char module[32];
		size_t len = 0;

		line += strspn(line, " \t");
		while (isalnum((unsigned char)line[len]) || line[len] == '_')
			len++;
		if (len && len < sizeof(module)) {
			memcpy(module, line, len);
			module[len] = 0;
			if (wanted(module))
				add_module(module, out, size);
		}
		line = strchr(line, ',');
		if (is_from || !line)
			return;
		line++;
	}
}

void script_imports(uint32_t pid, bool (*wanted)(const char *module), char *out, size_t size)
{
	char args[ARGS_MAX_BYTES], text[SCRIPT_MAX_BYTES + 1], *save = NULL;
	const char *script;
	struct stat st;
	ssize_t got = 0;
	int fd, len;

	out[0] = 0;
	len = procfs_read(args, sizeof(args), "/proc/%u/cmdline", pid);
	script = len > 0 ? find_script(args, (size_t)len) : NULL;
	fd = script ? open_script(pid, script) : -1;
	if (fd < 0)
		return;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		got = read(fd, text, SCRIPT_MAX_BYTES);
	close(fd);
	if (got <= 0)
		return;
	text[got] = 0;
	for (char *line = strtok_r(text, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save))
		visit_line(line + strspn(line, " \t"), wanted, out, size);
}
