// SPDX-License-Identifier: MIT
/*
 * Owns the reading of symbol tables. libelf finds them; their entries are read
 * here, since libelf would take a whole section into memory at once.
 */
#include "symbol/object_file.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"

#define CHUNK_ENTRIES 2048

/* Enough for a browser; more is no use to anybody who waits for a name. */
#define SYMBOL_CNT_MAX (1U << 20)

#define SECOND_TABLE 0x80000000U

#define BUILD_ID_MAX 32

static void read_loads(Elf *elf, struct object_file *f)
{
	size_t cnt = 0;

	if (elf_getphdrnum(elf, &cnt))
		return;
	for (size_t i = 0; i < cnt && i < INT_MAX && f->load_cnt < OBJECT_LOAD_MAX; i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD)
			continue;
		f->loads[f->load_cnt++] = (struct object_load){
			.vaddr = ph.p_vaddr,
			.offset = ph.p_offset,
			.file_size = ph.p_filesz,
			.size = ph.p_memsz,
		};
	}
}

/* The symbols in the section of that type. False: there is none. */
static bool add_table(Elf *elf, int fd, uint32_t type, struct object_file *f)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(elf, scn))) {
		struct object_table *t = &f->tables[f->table_cnt];
		GElf_Shdr sh, strings;

		if (!gelf_getshdr(scn, &sh) || sh.sh_type != type)
			continue;
		if (f->table_cnt == OBJECT_TABLE_MAX ||
		    !gelf_getshdr(elf_getscn(elf, sh.sh_link), &strings) ||
		    strings.sh_type != SHT_STRTAB)
			return false;
		*t = (struct object_table){
			.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0),
			.offset = sh.sh_offset,
			.size = sh.sh_size,
			.str_offset = strings.sh_offset,
			.str_size = strings.sh_size,
		};
		if (t->fd < 0)
			return false;
		f->table_cnt++;
		return true;
	}
	return false;
}

/* Bytes of the build id, or 0. */
static size_t build_id(Elf *elf, uint8_t id[BUILD_ID_MAX])
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(elf, scn))) {
		size_t at = 0, name_at, desc_at;
		Elf_Data *data;
		GElf_Shdr sh;
		GElf_Nhdr note;

		if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_NOTE || sh.sh_size > 4096)
			continue;
		data = elf_getdata(scn, NULL);
		while (data && (at = gelf_getnote(data, at, &note, &name_at, &desc_at)) > 0) {
			if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 ||
			    memcmp((char *)data->d_buf + name_at, "GNU", 4) ||
			    note.n_descsz > BUILD_ID_MAX)
				continue;
			memcpy(id, (char *)data->d_buf + desc_at, note.n_descsz);
			return note.n_descsz;
		}
	}
	return 0;
}

int object_debug_file(Elf *elf)
{
	char path[PATH_MAX] = "/usr/lib/debug/.build-id/";
	uint8_t id[BUILD_ID_MAX];
	size_t cnt = build_id(elf, id), len = strlen(path);
	int fd;

	if (cnt < 2)
		return -ENOENT;
	for (size_t i = 0; i < cnt; i++)
		len += (size_t)snprintf(path + len, sizeof(path) - len, "%02x%s", id[i],
					i ? "" : "/");
	snprintf(path + len, sizeof(path) - len, ".debug");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -ENOENT : fd;
}

static void add_debug_file(Elf *elf, struct object_file *f)
{
	int fd = object_debug_file(elf);
	Elf *debug;

	if (fd < 0)
		return;
	debug = elf_begin(fd, ELF_C_READ, NULL);
	if (debug && elf_kind(debug) == ELF_K_ELF)
		add_table(debug, fd, SHT_SYMTAB, f);
	elf_end(debug);
	close(fd);
}

void object_file_open(struct object_file *f, int fd)
{
	Elf *elf;

	*f = (struct object_file){ 0 };
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF) {
		f->is_elf = true;
		f->is_64 = gelf_getclass(elf) == ELFCLASS64;
		read_loads(elf, f);
		if (!add_table(elf, fd, SHT_SYMTAB, f)) {
			add_debug_file(elf, f);
			add_table(elf, fd, SHT_DYNSYM, f);
		}
	}
	elf_end(elf);
}

void object_file_release(struct object_file *f)
{
	for (size_t i = 0; i < f->table_cnt; i++)
		close(f->tables[i].fd);
	free(f->symbols);
	*f = (struct object_file){ 0 };
}

static void add_symbol(struct object_file *f, uint64_t addr, uint64_t size, uint32_t name,
		       unsigned info, unsigned section)
{
	if (ELF64_ST_TYPE(info) != STT_OBJECT || section == SHN_UNDEF || !addr || !size ||
	    size > UINT32_MAX || name >= SECOND_TABLE || f->symbol_cnt >= SYMBOL_CNT_MAX)
		return;
	XGROW(f->symbols, f->symbol_cnt, f->symbol_cap);
	f->symbols[f->symbol_cnt++] = (struct object_symbol){
		.addr = addr,
		.size = (uint32_t)size,
		.name = f->table_at ? name | SECOND_TABLE : name,
	};
}

/* The next entries of the table at hand. False: there are no more. */
static bool read_chunk(struct object_file *f)
{
	struct object_table *t = &f->tables[f->table_at];
	union {
		Elf64_Sym of64[CHUNK_ENTRIES];
		Elf32_Sym of32[CHUNK_ENTRIES];
	} * buf;
	size_t entry = f->is_64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
	size_t want = entry * CHUNK_ENTRIES;
	ssize_t len;

	if (want > t->size)
		want = t->size / entry * entry;
	if (!want)
		return false;
	buf = xmalloc(sizeof(*buf));
	len = pread(t->fd, buf, want, (off_t)t->offset);
	for (size_t i = 0; len > 0 && i < (size_t)len / entry; i++) {
		const Elf64_Sym *l = &buf->of64[i];
		const Elf32_Sym *s = &buf->of32[i];

		if (f->is_64)
			add_symbol(f, l->st_value, l->st_size, l->st_name, l->st_info, l->st_shndx);
		else
			add_symbol(f, s->st_value, s->st_size, s->st_name, s->st_info, s->st_shndx);
	}
	free(buf);
	t->offset += want;
	t->size -= want;
	return len == (ssize_t)want;
}

bool object_file_read(struct object_file *f, uint64_t until_ns)
{
	while (f->table_at < f->table_cnt) {
		if (!read_chunk(f))
			f->table_at++;
		else if (clock_mono_ns() >= until_ns)
			break;
	}
	return f->table_at >= f->table_cnt;
}

/* Of two that contain it the smaller one: linkers mark ranges with symbols, too. */
static const struct object_symbol *smallest(const struct object_file *f, uint64_t addr)
{
	const struct object_symbol *best = NULL;

	for (size_t i = 0; i < f->symbol_cnt; i++) {
		const struct object_symbol *s = &f->symbols[i];

		if (addr >= s->addr && addr - s->addr < s->size && (!best || s->size < best->size))
			best = s;
	}
	return best;
}

int64_t object_file_find(const struct object_file *f, uint64_t addr, char *name, size_t size)
{
	const struct object_symbol *s = smallest(f, addr);
	const struct object_table *t;
	uint32_t at;
	ssize_t len;

	if (!s)
		return -ENOENT;
	t = &f->tables[s->name & SECOND_TABLE ? 1 : 0];
	at = s->name & ~SECOND_TABLE;
	if (at >= t->str_size)
		return -ENOENT;
	len = pread(t->fd, name, size - 1, (off_t)(t->str_offset + at));
	if (len <= 0)
		return -ENOENT;
	name[len] = 0;
	name[strcspn(name, "@")] = 0; /* "environ@@GLIBC_2.2.5" */
	return name[0] ? (int64_t)(addr - s->addr) : -ENOENT;
}
