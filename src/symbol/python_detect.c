// SPDX-License-Identifier: MIT
/*
 * Owns the cache of parsed files. Reads a process's mappings and the files
 * behind them, never its memory: everything needed is in initialised data.
 */
#include "symbol/python_detect.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/procfs.h"
#include "base/reach.h"
#include "base/text.h"
#include "base/xalloc.h"

#define LOAD_MAX      16
#define CANDIDATE_MAX 4

/*
 * .symtab of an executable that exports nothing is worth a look, but a browser's
 * has millions of entries, and none of them is ours.
 */
#define SYMTAB_MAX_BYTES (16U << 20)

/* The start of _PyRuntime from 3.13 on: CPython's struct _Py_DebugOffsets. */
struct debug_offsets {
	char cookie[8];
	uint64_t version; /* PY_VERSION_HEX */
	uint64_t free_threaded;
};

struct load {
	uint64_t vaddr, offset, file_size, size;
	bool is_exec, is_writable;
};

/* What one ELF file says. */
struct python_file {
	struct timespec mtime; /* an inode number is soon used again */
	off_t size;
	bool has_api; /* defines the C API: some CPython is in there */
	bool free_threaded;
	uint64_t runtime_vaddr, runtime_size;
	uint64_t version_vaddr, version_size;
	uint64_t eval_vaddr, eval_size;
	uint64_t functions[PAR_PYTHON_FUNCTION_CNT]; /* addresses; 0: not in here */
	char version[16];
	struct load loads[LOAD_MAX];
	size_t load_cnt;
};

/* A mapped file that may be, or contain, CPython. */
struct candidate {
	char path[PATH_MAX];
	bool is_exe;
	bool has_exec_map; /* the mapping below is executable */
	uint64_t start, end, offset;
};

struct scan {
	char exe[PATH_MAX];
	struct candidate found[CANDIDATE_MAX];
	size_t cnt;
};

static void read_loads(Elf *elf, struct python_file *file)
{
	size_t cnt = 0;

	if (elf_getphdrnum(elf, &cnt))
		return;
	for (size_t i = 0; i < cnt && i < INT_MAX && file->load_cnt < LOAD_MAX; i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD)
			continue;
		file->loads[file->load_cnt++] = (struct load){
			.vaddr = ph.p_vaddr,
			.offset = ph.p_offset,
			.file_size = ph.p_filesz,
			.size = ph.p_memsz,
			.is_exec = ph.p_flags & PF_X,
			.is_writable = ph.p_flags & PF_W,
		};
	}
}

static const char *const function_names[PAR_PYTHON_FUNCTION_CNT] = {
	[PAR_PYTHON_SAVE_THREAD] = "PyEval_SaveThread",
	[PAR_PYTHON_RELEASE_THREAD] = "PyEval_ReleaseThread",
	[PAR_PYTHON_DELETE_CURRENT] = "PyThreadState_DeleteCurrent",
	[PAR_PYTHON_DELETE_CURRENT_OLD] = "_PyThreadState_DeleteCurrent",
	[PAR_PYTHON_GILSTATE_RELEASE] = "PyGILState_Release",
	[PAR_PYTHON_RESTORE_THREAD] = "PyEval_RestoreThread",
	[PAR_PYTHON_ACQUIRE_THREAD] = "PyEval_AcquireThread",
	[PAR_PYTHON_PARK] = "_PyParkingLot_Park",
};

static void note_function(struct python_file *file, const char *name, const GElf_Sym *sym)
{
	for (int f = 0; f < PAR_PYTHON_FUNCTION_CNT; f++) {
		if (!strcmp(name, function_names[f]))
			file->functions[f] = sym->st_value;
	}
	if (!strcmp(name, "_PyEval_EvalFrameDefault")) {
		file->eval_vaddr = sym->st_value;
		file->eval_size = sym->st_size;
	}
}

static void note_symbol(struct python_file *file, const char *name, const GElf_Sym *sym)
{
	if (!strcmp(name, "_PyRuntime")) {
		file->runtime_vaddr = sym->st_value;
		file->runtime_size = sym->st_size;
	} else if (!strcmp(name, "Py_Version")) {
		file->version_vaddr = sym->st_value;
		file->version_size = sym->st_size;
	} else if (!strcmp(name, "PyEval_RestoreThread")) {
		file->has_api = true;
	}
	if (strstr(name, "Py"))
		note_function(file, name, sym);
}

static void read_symbols(Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh, struct python_file *file)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t cnt = data && sh->sh_entsize ? data->d_size / sh->sh_entsize : 0;

	for (size_t i = 0; i < cnt && i < INT_MAX; i++) {
		const char *name;
		GElf_Sym sym;

		if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF)
			continue;
		name = elf_strptr(elf, sh->sh_link, sym.st_name);
		if (name)
			note_symbol(file, name, &sym);
	}
}

static void read_symbol_table(Elf *elf, uint32_t type, size_t max_bytes, struct python_file *file)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(elf, scn))) {
		GElf_Shdr sh;

		if (gelf_getshdr(scn, &sh) && sh.sh_type == type && sh.sh_size <= max_bytes)
			read_symbols(elf, scn, &sh, file);
	}
}

/* The bytes that the file has for an address; false for zeroed memory. */
static bool read_at(int fd, const struct python_file *file, uint64_t vaddr, void *buf, size_t size)
{
	for (size_t i = 0; i < file->load_cnt; i++) {
		const struct load *l = &file->loads[i];
		uint64_t at = vaddr - l->vaddr;

		if (vaddr < l->vaddr || at >= l->file_size || size > l->file_size - at)
			continue;
		return pread(fd, buf, size, (off_t)(l->offset + at)) == (ssize_t)size;
	}
	return false;
}

/* PY_VERSION_HEX: 0x030b07f0 is 3.11.7 final. */
static void format_version(struct python_file *file, uint64_t hex)
{
	unsigned int major = hex >> 24 & 0xff, minor = hex >> 16 & 0xff;

	if (major == 2 || major == 3)
		snprintf(file->version, sizeof(file->version), "%u.%u", major, minor);
}

static void read_version(int fd, struct python_file *file)
{
	struct debug_offsets offsets;
	uint64_t hex = 0;

	if (file->runtime_size >= sizeof(offsets) &&
	    read_at(fd, file, file->runtime_vaddr, &offsets, sizeof(offsets)) &&
	    !memcmp(offsets.cookie, "xdebugpy", sizeof(offsets.cookie))) {
		file->free_threaded = offsets.free_threaded;
		format_version(file, offsets.version);
	}
	/* An unsigned long, exported from 3.11 on. */
	if (!file->version[0] && file->version_size && file->version_size <= sizeof(hex) &&
	    read_at(fd, file, file->version_vaddr, &hex, file->version_size))
		format_version(file, hex);
}

/*
 * Before 3.7 there is no _PyRuntime: the GIL's words are static variables. They
 * are somewhere in the writable data, and nothing else there waits like them.
 */
static void use_static_data(struct python_file *file)
{
	for (size_t i = 0; i < file->load_cnt; i++) {
		if (!file->loads[i].is_writable)
			continue;
		file->runtime_vaddr = file->loads[i].vaddr;
		file->runtime_size = file->loads[i].size;
	}
}

static void parse_file(int fd, struct python_file *file)
{
	Elf *elf;

	elf_version(EV_CURRENT);
	/* Not mapped: whoever truncates the file meanwhile would kill us. */
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf)
		return;
	if (elf_kind(elf) == ELF_K_ELF) {
		read_loads(elf, file);
		read_symbol_table(elf, SHT_DYNSYM, SIZE_MAX, file);
		if (!file->runtime_vaddr && !file->has_api)
			read_symbol_table(elf, SHT_SYMTAB, SYMTAB_MAX_BYTES, file);
		if (file->has_api && !file->runtime_vaddr)
			use_static_data(file);
		read_version(fd, file);
	}
	elf_end(elf);
}

static bool is_same_content(const struct python_file *file, const struct stat *st)
{
	return file->size == st->st_size && file->mtime.tv_sec == st->st_mtim.tv_sec &&
	       file->mtime.tv_nsec == st->st_mtim.tv_nsec;
}

/* Lent by the cache. NULL: the file cannot be examined. */
static const struct python_file *file_get(struct python_cache *cache, int fd)
{
	struct python_file *file;
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return NULL;
	file = htab_find(&cache->files, st.st_dev, st.st_ino);
	if (file && is_same_content(file, &st))
		return file;

	if (!file) {
		file = xmalloc(sizeof(*file));
		htab_put(&cache->files, st.st_dev, st.st_ino, file);
	}
	*file = (struct python_file){ .mtime = st.st_mtim, .size = st.st_size };
	parse_file(fd, file);
	cache->parse_cnt++;
	return file;
}

/* Programs that embed CPython bring libpython; `ld.so python3` is not its own exe. */
static bool is_python_name(const char *path)
{
	const char *name = text_base_name(path);

	return !strncmp(name, "libpython", 9) || !strncmp(name, "python", 6);
}

/* "libpython3.6m.so.1.0", "python3.8": the version that the name tells, or "". */
static void version_from_name(const char *path, char *version, size_t size)
{
	const char *at = strstr(text_base_name(path), "python");
	unsigned int major, minor;

	if (at && sscanf(at, "python%1u.%2u", &major, &minor) == 2)
		snprintf(version, size, "%u.%u", major, minor);
}

static struct candidate *candidate_get(struct scan *scan, const char *path)
{
	struct candidate *c;
	bool is_exe = !strcmp(path, scan->exe);

	for (size_t i = 0; i < scan->cnt; i++) {
		if (!strcmp(scan->found[i].path, path))
			return &scan->found[i];
	}
	if (scan->cnt == CANDIDATE_MAX || (!is_exe && !is_python_name(path)))
		return NULL;
	c = &scan->found[scan->cnt++];
	snprintf(c->path, sizeof(c->path), "%s", path);
	c->is_exe = is_exe;
	return c;
}

/* "55d0c0000000-55d0c0200000 r-xp 00001000 08:01 1234     /usr/bin/python3.11" */
static int visit_mapping(void *ctx, char *line)
{
	unsigned long long start, end, offset;
	struct candidate *c;
	char perm[5];
	int path_at = 0;

	if (sscanf(line, "%llx-%llx %4s %llx %*s %*u %n", &start, &end, perm, &offset, &path_at) <
		    4 ||
	    !path_at || line[path_at] != '/')
		return 0;
	c = candidate_get(ctx, line + path_at);
	/*
	 * The code says where a file was loaded. A mapping without it may be
	 * someone who just reads the file, and serves if there is no other.
	 */
	if (!c || c->has_exec_map || (c->end && perm[2] != 'x'))
		return 0;
	c->start = start;
	c->end = end;
	c->offset = offset;
	c->has_exec_map = perm[2] == 'x';
	return 0;
}

/* The very file, in whatever mount namespace, deleted or not; a library for root only. */
static void path_of(uint32_t pid, const struct candidate *c, char *path, size_t size)
{
	if (c->is_exe)
		snprintf(path, size, "/proc/%u/exe", pid);
	else
		snprintf(path, size, "/proc/%u/map_files/%llx-%llx", pid,
			 (unsigned long long)c->start, (unsigned long long)c->end);
}

static int open_candidate(uint32_t pid, const struct candidate *c)
{
	char path[64];
	int fd;

	path_of(pid, c, path, sizeof(path));
	fd = procfs_open("%s", path);
	if (fd >= 0 || c->is_exe)
		return fd;
	return procfs_open("/proc/%u/root%s", pid, c->path);
}

/* Where the file's address @vaddr is in the process; 0 if the two do not fit. */
static uint64_t runtime_addr(const struct python_file *file, const struct candidate *c,
			     uint64_t vaddr)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	for (size_t i = 0; i < file->load_cnt; i++) {
		const struct load *l = &file->loads[i];
		uint64_t first = l->offset & ~(page - 1); /* mapped from here on */

		if (l->is_exec != c->has_exec_map || c->offset < first ||
		    c->offset >= l->offset + l->file_size)
			continue;
		return c->start - c->offset + l->offset - l->vaddr + vaddr;
	}
	return 0;
}

/* Where the code at @vaddr is in the file; 0: it has none there. */
static uint64_t file_offset(const struct python_file *file, uint64_t vaddr)
{
	for (size_t i = 0; vaddr && i < file->load_cnt; i++) {
		const struct load *l = &file->loads[i];

		if (l->is_exec && vaddr >= l->vaddr && vaddr - l->vaddr < l->file_size)
			return vaddr - l->vaddr + l->offset;
	}
	return 0;
}

static void merge_code(uint32_t pid, const struct python_file *file, const struct candidate *c,
		       struct python_info *out)
{
	path_of(pid, c, out->path, sizeof(out->path));
	for (int f = 0; f < PAR_PYTHON_FUNCTION_CNT; f++)
		out->functions[f] = file_offset(file, file->functions[f]);
	if (!file->eval_vaddr)
		return;
	out->eval_addr = runtime_addr(file, c, file->eval_vaddr);
	out->eval_size = out->eval_addr ? file->eval_size : 0;
}

/* Add what one file knows to @out. Returns whether CPython itself is in it. */
static bool merge(uint32_t pid, const struct python_file *file, const struct candidate *c,
		  struct python_info *out)
{
	/*
	 * The executable comes first, as it does for the dynamic linker: one
	 * that copies _PyRuntime out of the library has the one in use.
	 */
	if (file->runtime_vaddr && !out->lock_addr) {
		out->lock_addr = runtime_addr(file, c, file->runtime_vaddr);
		out->lock_size = out->lock_addr ? file->runtime_size : 0;
	}
	if (file->free_threaded) {
		out->free_threaded = true;
		out->global_lock = false;
	}
	if (!file->runtime_vaddr && !file->has_api)
		return false;
	if (file->has_api && !out->path[0])
		merge_code(pid, file, c, out);
	if (file->version[0])
		memcpy(out->version, file->version, sizeof(out->version));
	else if (!out->version[0])
		version_from_name(c->path, out->version, sizeof(out->version));
	return true;
}

static int examine(struct python_cache *cache, uint32_t pid, const struct scan *scan,
		   struct python_info *out)
{
	bool found = false;
	int err = 0;

	for (int want_exe = 1; want_exe >= 0; want_exe--) {
		for (size_t i = 0; i < scan->cnt; i++) {
			const struct candidate *c = &scan->found[i];
			const struct python_file *file;
			int fd;

			if (c->is_exe != want_exe)
				continue;
			fd = open_candidate(pid, c);
			if (fd < 0) {
				err = fd;
				continue;
			}
			file = file_get(cache, fd);
			close(fd);
			if (file && merge(pid, file, c, out))
				found = true;
		}
	}
	return found ? 1 : err;
}

static int scan_mappings(uint32_t pid, struct scan *scan)
{
	char path[64];
	ssize_t len;
	int err;

	scan->cnt = 0;
	snprintf(path, sizeof(path), "/proc/%u/exe", pid);
	len = reach_readlink(path, scan->exe, sizeof(scan->exe) - 1);
	scan->exe[len > 0 ? len : 0] = 0;

	err = procfs_each_line(visit_mapping, scan, "/proc/%u/maps", pid);
	return err == -ENOENT ? -ESRCH : err;
}

int python_detect(struct python_cache *cache, uint32_t pid, struct python_info *out)
{
	struct scan *scan = xcalloc(1, sizeof(*scan));
	struct procfs_stat st;
	int ret;

	*out = (struct python_info){ .global_lock = true };
	ret = scan_mappings(pid, scan);
	if (!ret)
		ret = examine(cache, pid, scan, out);
	free(scan);
	if (ret != 1)
		*out = (struct python_info){ 0 };
	if (ret == -ENOENT && procfs_stat(pid, &st))
		return -ESRCH; /* ended while it was examined */
	return ret;
}

void python_cache_release(struct python_cache *cache)
{
	htab_for_each(&cache->files, i)
		free(cache->files.entries[i].value);
	htab_release(&cache->files);
	*cache = (struct python_cache){ 0 };
}
