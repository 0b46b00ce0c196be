// SPDX-License-Identifier: MIT
/* Owns the search for the file: a running process knows its own, a command is looked up. */
#include "cmd/request_option.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/procfs.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "symbol/function_find.h"

#if defined(__x86_64__)
#define TRIPLET "x86_64-linux-gnu"
#else
#define TRIPLET "aarch64-linux-gnu"
#endif

static const char *const library_dirs[] = {
	"/lib/" TRIPLET, "/usr/lib/" TRIPLET, "/lib64", "/usr/lib64",
	"/lib",		 "/usr/lib",	      "/usr/local/lib",
};

int request_option_parse(void *out, const char *value)
{
	struct request_option *r = out;
	const char *at = strchr(value, '@'), *colon = strrchr(value, ':');

	request_option_release(r);
	if (at) {
		r->function = xstrndup(value, (size_t)(at - value));
		r->binary = xstrdup(at + 1);
	} else if (colon) {
		r->function = xstrdup(colon + 1);
		r->binary = xstrndup(value, (size_t)(colon - value));
	} else {
		r->function = xstrdup(value);
	}
	return r->function[0] && (!r->binary || r->binary[0]) ? 0 : -EINVAL;
}

void request_option_release(struct request_option *r)
{
	free(r->function);
	free(r->binary);
	*r = (struct request_option){ 0 };
}

/* "libssl" and "libssl.so" stand for libssl.so.3, as does its whole name. */
static bool names_file(const char *name, const char *path)
{
	const char *base = text_base_name(path);
	size_t len = strlen(name);

	return !strncmp(base, name, len) && (!base[len] || base[len] == '.' || base[len] == '-');
}

struct maps_search {
	struct request_option *r;
	uint32_t pid;
	bool found;
};

/* "55d0c0000000-55d0c0200000 r-xp 00001000 08:01 1234     /usr/bin/redis-server" */
static int visit_mapping(void *ctx, char *line)
{
	struct maps_search *s = ctx;
	const char *path = strchr(line, '/');

	if (!path || s->found || !strstr(line, " r-xp ") || !names_file(s->r->binary, path))
		return 0;
	s->found = true;
	snprintf(s->r->path, sizeof(s->r->path), "/proc/%u/root%s", s->pid, path);
	return 0;
}

static bool find_mapped(struct request_option *r, uint32_t pid)
{
	struct maps_search s = { .r = r, .pid = pid };

	procfs_each_line(visit_mapping, &s, "/proc/%u/maps", pid);
	return s.found;
}

/* As execvp(3) does. */
static bool find_command(struct request_option *r, const char *command)
{
	const char *dirs = getenv("PATH");

	if (strchr(command, '/')) {
		snprintf(r->path, sizeof(r->path), "%s", command);
		return true;
	}
	for (dirs = dirs ? dirs : "/bin:/usr/bin"; *dirs; dirs += *dirs == ':') {
		size_t len = strcspn(dirs, ":");

		snprintf(r->path, sizeof(r->path), "%.*s/%s", (int)len, dirs, command);
		if (!access(r->path, X_OK))
			return true;
		dirs += len;
	}
	return false;
}

static bool find_library(struct request_option *r)
{
	for (size_t i = 0; i < sizeof(library_dirs) / sizeof(library_dirs[0]); i++) {
		snprintf(r->path, sizeof(r->path), "%s/%s", library_dirs[i], r->binary);
		if (!access(r->path, R_OK))
			return true;
	}
	return false;
}

static bool find_file(struct request_option *r, uint32_t pid, const char *command)
{
	bool is_own = !r->binary;

	if (!is_own && strchr(r->binary, '/')) {
		snprintf(r->path, sizeof(r->path), "/proc/%u/root%s", pid, r->binary);
		if (!pid || r->binary[0] != '/' || access(r->path, R_OK))
			snprintf(r->path, sizeof(r->path), "%s", r->binary);
		return true;
	}
	if (is_own && pid) {
		snprintf(r->path, sizeof(r->path), "/proc/%u/exe", pid);
		return true;
	}
	if (pid)
		return find_mapped(r, pid);
	if (command && (is_own || names_file(r->binary, command)))
		return find_command(r, command);
	return !is_own && find_library(r);
}

static int say_not_found(const struct request_option *r, int err)
{
	char exe[PATH_MAX];
	ssize_t len = readlink(r->path, exe, sizeof(exe) - 1);
	const char *path = r->path;

	if (len > 0) {
		exe[len] = 0;
		path = exe;
	}
	switch (err) {
	case -ENOENT:
		if (access(r->path, F_OK))
			break;
		log_err(0, "cannot use --request: no function '%s' in '%s'", r->function, path);
		log_hint("'nm %s' and 'nm -D %s' list what there is; FUNC@BINARY looks elsewhere",
			 path, path);
		return err;
	case -ENOEXEC:
		log_err(0, "cannot use --request: '%s' is not an ELF file", path);
		log_hint("name the program or library that has the function: --request "
			 "FUNC@BINARY");
		return err;
	case -ENOTSUP:
		log_err(0, "cannot use --request: '%s' is a Go program, which would crash", path);
		log_hint("without --request, requests are those of served connections");
		return err;
	}
	return log_err(err, "cannot use --request: cannot read '%s'", path);
}

int request_option_find(struct request_option *r, uint32_t pid, const char *command)
{
	int err;

	if (!find_file(r, pid, command)) {
		log_err(0, "cannot use --request: found no file '%s'",
			r->binary ? r->binary
			: command ? command
				  : "");
		log_hint("give its path: --request FUNC@/path/of/the/program");
		return -ENOENT;
	}
	err = function_find(r->path, r->function, &r->offset);
	return err ? say_not_found(r, err) : 0;
}
