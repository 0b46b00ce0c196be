// SPDX-License-Identifier: MIT
/* Owns the cache of executables and the signs by which runtimes are known. */
#include "symbol/runtime_detect.h"

#include <gelf.h>
#include <libelf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/procfs.h"
#include "base/text.h"
#include "base/xalloc.h"

/* Notes of compilers are short; a section of that name that is not is something else. */
#define COMMENT_MAX_BYTES 65536

struct runtime_file {
	struct timespec mtime; /* an inode number is soon used again */
	off_t size;
	struct runtime_info info;
};

/* By the beginning of a library's or a program's base name. */
static const struct {
	const char *begins;
	const char *runtime;
	bool global_lock;
} names[] = {
	{ "libjvm.so", "java", false },	  { "libruby", "ruby", true },
	{ "libpypy", "pypy", true },	  { "libnode.so", "node", false },
};

static const struct {
	const char *begins;
	const char *runtime;
	bool global_lock;
} programs[] = {
	{ "ruby", "ruby", true }, { "pypy", "pypy", true }, { "node", "node", false },
};

/* "libruby-3.1.so.3.1.2", "/usr/lib/jvm/java-17-openjdk-amd64/lib/server/libjvm.so", "pypy3.9" */
static void version_from(const char *path, const char *runtime, char *version, size_t size)
{
	const char *at = strstr(path, runtime);
	unsigned int major, minor;

	if (!strcmp(runtime, "java") && !at)
		at = strstr(path, "jdk-");
	for (; at && *at; at = strstr(at, runtime)) {
		at += strcspn(at, "0123456789/");
		if (sscanf(at, "%3u.%3u", &major, &minor) == 2)
			snprintf(version, size, "%u.%u", major, minor);
		else if (!strcmp(runtime, "java") && sscanf(at, "%3u", &major) == 1)
			snprintf(version, size, "%u", major);
		if (version[0])
			return;
	}
}

/* Is it "node", "node18", "ruby3.1", and no "node_exporter"? */
static bool is_program(const char *name, const char *begins)
{
	size_t len = strlen(begins);

	return !strncmp(name, begins, len) && !name[len + strspn(name + len, "0123456789.js")];
}

static bool by_program(const char *exe, struct runtime_info *out)
{
	for (size_t i = 0; i < ARRAY_CNT(programs); i++) {
		if (!is_program(text_base_name(exe), programs[i].begins))
			continue;
		out->name = programs[i].runtime;
		out->global_lock = programs[i].global_lock;
		version_from(text_base_name(exe), out->name, out->version, sizeof(out->version));
		return true;
	}
	return false;
}

/* "7f… r-xp 00001000 08:01 1234     /usr/lib/x86_64-linux-gnu/libruby-3.1.so.3.1.2" */
static int visit_mapping(void *ctx, char *line)
{
	struct runtime_info *out = ctx;
	const char *path = strchr(line, '/');

	for (size_t i = 0; path && i < ARRAY_CNT(names); i++) {
		if (strncmp(text_base_name(path), names[i].begins, strlen(names[i].begins)) ||
		    !strstr(text_base_name(path), ".so"))
			continue;
		out->name = names[i].runtime;
		out->global_lock = names[i].global_lock;
		version_from(path, out->name, out->version, sizeof(out->version));
		return 1;
	}
	return 0;
}

/* "GCC: (GNU) 9.5.0\0rustc version 1.70.0 (90c541806 2023-05-31)\0" */
static void read_comment(Elf_Scn *scn, struct runtime_info *out)
{
	static const char sign[] = "rustc version ";
	Elf_Data *data = elf_rawdata(scn, NULL);
	const char *at, *text = data ? data->d_buf : NULL;
	unsigned int major, minor;
	char found[32] = "";

	if (!text || data->d_size > COMMENT_MAX_BYTES)
		return;
	at = memmem(text, data->d_size, sign, strlen(sign));
	if (!at)
		return;
	at += strlen(sign);
	out->name = "rust";
	snprintf(found, sizeof(found), "%.*s", (int)(text + data->d_size - at), at);
	if (sscanf(found, "%3u.%3u", &major, &minor) == 2)
		snprintf(out->version, sizeof(out->version), "%u.%u", major, minor);
}

/* From Go 1.18 on the version follows the header of 32 bytes: its length, "go1.21.6". */
static void read_buildinfo(Elf_Scn *scn, struct runtime_info *out)
{
	Elf_Data *data = elf_rawdata(scn, NULL);
	unsigned int major, minor;
	char found[16] = "";

	out->name = "go";
	if (!data || !data->d_buf || data->d_size < 64 ||
	    memcmp(data->d_buf, "\xff Go buildinf:", 14))
		return;
	memcpy(found, (const char *)data->d_buf + 33, sizeof(found) - 1);
	if (sscanf(found, "go%3u.%3u", &major, &minor) == 2)
		snprintf(out->version, sizeof(out->version), "%u.%u", major, minor);
}

static void read_sections(Elf *elf, struct runtime_info *out)
{
	Elf_Scn *scn = NULL;
	size_t strings;

	if (elf_getshdrstrndx(elf, &strings))
		return;
	while ((scn = elf_nextscn(elf, scn))) {
		GElf_Shdr sh;
		const char *name = gelf_getshdr(scn, &sh) ? elf_strptr(elf, strings, sh.sh_name)
							  : NULL;

		if (!name)
			continue;
		if (!strcmp(name, ".go.buildinfo"))
			read_buildinfo(scn, out);
		else if (!strcmp(name, ".note.go.buildid") && !out->name)
			out->name = "go";
		else if (!strcmp(name, ".comment") && !out->name)
			read_comment(scn, out);
	}
}

static void parse_file(int fd, struct runtime_info *out)
{
	Elf *elf;

	elf_version(EV_CURRENT);
	/* Not mapped: whoever truncates the file meanwhile would kill us. */
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		read_sections(elf, out);
	elf_end(elf);
}

static bool by_executable(struct runtime_cache *cache, uint32_t pid, struct runtime_info *out)
{
	struct runtime_file *file;
	struct stat st;
	int fd = procfs_open("/proc/%u/exe", pid);

	if (fd < 0)
		return false;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return false;
	}
	file = htab_find(&cache->files, st.st_dev, st.st_ino);
	if (!file) {
		file = xcalloc(1, sizeof(*file));
		htab_put(&cache->files, st.st_dev, st.st_ino, file);
	}
	if (file->size != st.st_size || file->mtime.tv_sec != st.st_mtim.tv_sec ||
	    file->mtime.tv_nsec != st.st_mtim.tv_nsec) {
		*file = (struct runtime_file){ .mtime = st.st_mtim, .size = st.st_size };
		parse_file(fd, &file->info);
	}
	close(fd);
	*out = file->info;
	return out->name;
}

bool runtime_detect(struct runtime_cache *cache, uint32_t pid, bool with_maps,
		    struct runtime_info *out)
{
	char exe[PATH_MAX];

	*out = (struct runtime_info){ 0 };
	if (!procfs_exe(pid, exe, sizeof(exe)) && by_program(exe, out) && out->version[0])
		return true;
	/* The library's name tells the version, too. */
	if (with_maps && procfs_each_line(visit_mapping, out, "/proc/%u/maps", pid) > 0)
		return true;
	return out->name || by_executable(cache, pid, out);
}

void runtime_cache_release(struct runtime_cache *cache)
{
	htab_for_each(&cache->files, i)
		free(cache->files.entries[i].value);
	htab_release(&cache->files);
	*cache = (struct runtime_cache){ 0 };
}
