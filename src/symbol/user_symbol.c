// SPDX-License-Identifier: MIT
/* Owns the cache of files, and the way from an address to the file behind it. */
#include "symbol/user_symbol.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/procfs.h"
#include "base/reach.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "symbol/object_file.h"

/* Each keeps a descriptor or two. */
#define FILE_CNT_MAX 256

/* Below the stack pointer, and still in use by the ABI (x86-64's red zone). */
#define RED_ZONE 128

struct symbol_file {
	struct timespec mtime; /* an inode number is soon used again */
	off_t size;
	struct object_file object;
};

struct mapping {
	uint64_t start, end, offset;
	uint64_t inode;
	char path[PATH_MAX]; /* "": anonymous */
};

/* The mapping around an address, and the last file mapped right before it. */
struct scan {
	uint64_t addr;
	bool found;
	struct mapping at;
	struct mapping file; /* its zeroed data may go on behind it */
	uint64_t file_end; /* up to where mappings follow it without a gap */
};

static int visit_mapping(void *ctx, char *line)
{
	unsigned long long start, end, offset, inode;
	struct scan *scan = ctx;
	struct mapping m;
	int path_at = 0;

	if (sscanf(line, "%llx-%llx %*4s %llx %*x:%*x %llu %n", &start, &end, &offset, &inode,
		   &path_at) < 4)
		return 0;
	m = (struct mapping){ .start = start, .end = end, .offset = offset, .inode = inode };
	snprintf(m.path, sizeof(m.path), "%s", path_at ? line + path_at : "");
	if (inode && m.path[0] == '/') {
		scan->file = m;
		scan->file_end = end;
	} else if (scan->file_end == start) {
		scan->file_end = end;
	}
	if (scan->addr < start)
		return 1;
	if (scan->addr >= end)
		return 0;
	scan->at = m;
	scan->found = true;
	return 1;
}

static int scan_mappings(uint32_t pid, uint64_t addr, struct scan *scan)
{
	int err;

	*scan = (struct scan){ .addr = addr };
	err = procfs_each_line(visit_mapping, scan, "/proc/%u/maps", pid);
	if (err < 0)
		return err == -ENOENT ? -ESRCH : err;
	return scan->found;
}

/* The very file, in whatever mount namespace, deleted or not; or the one of that path. */
static int open_mapped(uint32_t pid, const struct mapping *m)
{
	int fd = procfs_open("/proc/%u/map_files/%llx-%llx", pid, (unsigned long long)m->start,
			     (unsigned long long)m->end);
	struct stat st;

	if (fd >= 0)
		return fd;
	fd = procfs_open("/proc/%u/root%s", pid, m->path);
	if (fd >= 0 && (fstat(fd, &st) || st.st_ino != m->inode)) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

/* Lent by the cache. NULL: the file cannot be examined. */
static struct symbol_file *file_get(struct user_symbols *us, int fd)
{
	struct symbol_file *file;
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return NULL;
	file = htab_find(&us->files, st.st_dev, st.st_ino);
	if (file && file->size == st.st_size && file->mtime.tv_sec == st.st_mtim.tv_sec &&
	    file->mtime.tv_nsec == st.st_mtim.tv_nsec)
		return file;
	if (!file && us->files.cnt >= FILE_CNT_MAX)
		return NULL;
	if (file) {
		object_file_release(&file->object);
	} else {
		file = xmalloc(sizeof(*file));
		htab_put(&us->files, st.st_dev, st.st_ino, file);
	}
	file->mtime = st.st_mtim;
	file->size = st.st_size;
	object_file_open(&file->object, fd);
	us->parse_cnt++;
	return file;
}

/* What the file calls the address @addr, when mapped as @m says; false: it has none. */
static bool file_addr(const struct object_file *f, const struct mapping *m, uint64_t addr,
		      uint64_t *vaddr)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	for (size_t i = 0; i < f->load_cnt; i++) {
		const struct object_load *l = &f->loads[i];
		uint64_t first = l->offset & ~(page - 1); /* mapped from here on */

		if (m->offset < first || m->offset >= l->offset + l->file_size)
			continue;
		*vaddr = addr - (m->start - m->offset + l->offset - l->vaddr);
		if (*vaddr >= l->vaddr && *vaddr - l->vaddr < l->size)
			return true;
	}
	return false;
}

static bool is_exe(uint32_t pid, const char *path)
{
	char link[32], exe[PATH_MAX];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/%u/exe", pid);
	len = reach_readlink(link, exe, sizeof(exe) - 1);
	exe[len > 0 ? len : 0] = 0;
	return !strcmp(exe, path);
}

/* "/dev/shm/ring+0x80", "/dev/shm/sem.mp-x (deleted)" */
static void name_place(const char *path, uint64_t offset, char *name, size_t size)
{
	if (offset)
		snprintf(name, size, "%.192s+0x%llx", path, (unsigned long long)offset);
	else
		snprintf(name, size, "%.192s", path);
}

static int name_variable(struct user_symbols *us, uint32_t pid, const struct scan *scan,
			 uint64_t until_ns, char *name, size_t size)
{
	const struct mapping *m = &scan->file;
	struct symbol_file *file;
	char symbol[192];
	uint64_t vaddr;
	int64_t offset;
	int fd = open_mapped(pid, m), len;

	if (fd < 0)
		return 0;
	file = file_get(us, fd);
	close(fd);
	if (!file)
		return 0;
	if (!file->object.is_elf) {
		if (scan->addr >= m->end)
			return 0;
		name_place(m->path, scan->addr - m->start + m->offset, name, size);
		return 1;
	}
	if (!file_addr(&file->object, m, scan->addr, &vaddr))
		return 0;
	if (!object_file_read(&file->object, until_ns))
		return -EAGAIN;
	offset = object_file_find(&file->object, vaddr, symbol, sizeof(symbol));
	if (offset < 0)
		return 0;
	len = snprintf(name, size, offset ? "%s+0x%llx" : "%s", symbol, (unsigned long long)offset);
	if (!is_exe(pid, m->path) && len > 0 && (size_t)len < size)
		snprintf(name + len, size - (size_t)len, " in %s", text_base_name(m->path));
	return 1;
}

/* "202 0x… 0x… 0x… 0x… 0x… 0x… SP PC", or "-1 SP PC"; 0 while it runs. */
static uint64_t stack_pointer(uint32_t pid, uint32_t tid)
{
	unsigned long long v[9];
	char buf[256], *p = buf;
	int cnt = 0;

	if (procfs_read(buf, sizeof(buf), "/proc/%u/task/%u/syscall", pid, tid) <= 0)
		return 0;
	strtol(p, &p, 10);
	while (cnt < 9) {
		char *end;

		v[cnt] = strtoull(p, &end, 16);
		if (end == p)
			break;
		p = end;
		cnt++;
	}
	return cnt >= 2 ? v[cnt - 2] : 0;
}

static int name_stack(uint32_t tid, char *name, size_t size)
{
	char comm[PROCFS_COMM_LEN] = "";

	procfs_comm(tid, comm, sizeof(comm));
	snprintf(name, size, "stack of %s", comm[0] ? comm : "a thread");
	return 1;
}

static int name_memory(uint32_t pid, uint32_t tid, const struct scan *scan, char *name,
		       size_t size)
{
	const struct mapping *m = &scan->at;
	uint64_t sp;

	if (!strcmp(m->path, "[heap]")) {
		name_place("heap", scan->addr - m->start, name, size);
		return 1;
	}
	if (!strcmp(m->path, "[stack]"))
		return name_stack(pid, name, size);
	if (m->path[0])
		return 0;
	sp = stack_pointer(pid, tid);
	if (sp >= m->start && sp < m->end && scan->addr + RED_ZONE >= sp)
		return name_stack(tid, name, size);
	return 0;
}

int user_symbol_find(struct user_symbols *us, uint32_t pid, uint32_t tid, uint64_t addr,
		     uint64_t until_ns, char *name, size_t size)
{
	struct scan *scan = xmalloc(sizeof(*scan));
	int ret = scan_mappings(pid, addr, scan);

	name[0] = 0;
	if (ret == 1) {
		ret = 0;
		if (scan->file_end > addr)
			ret = name_variable(us, pid, scan, until_ns, name, size);
		if (!ret)
			ret = name_memory(pid, tid, scan, name, size);
	}
	if (ret == 1)
		text_clean(name, strlen(name));
	free(scan);
	return ret;
}

void user_symbols_release(struct user_symbols *us)
{
	htab_for_each(&us->files, i) {
		struct symbol_file *file = us->files.entries[i].value;

		object_file_release(&file->object);
		free(file);
	}
	htab_release(&us->files);
	*us = (struct user_symbols){ 0 };
}
