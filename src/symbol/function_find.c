// SPDX-License-Identifier: MIT
/* Owns the search through the symbol tables of one file; keeps nothing. */
#include "symbol/function_find.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "symbol/object_file.h"

/* The function's address as the file has it; 0: not in this table. */
static uint64_t search_table(Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh, const char *name)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t cnt = sh->sh_entsize ? sh->sh_size / sh->sh_entsize : 0;

	for (size_t i = 0; data && i < cnt && i < INT_MAX; i++) {
		const char *found;
		GElf_Sym sym;

		if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF ||
		    GELF_ST_TYPE(sym.st_info) != STT_FUNC)
			continue;
		found = elf_strptr(elf, sh->sh_link, sym.st_name);
		if (found && !strcmp(found, name))
			return sym.st_value;
	}
	return 0;
}

static uint64_t search(Elf *elf, const char *name)
{
	uint64_t addr = 0;
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while (!addr && (scn = elf_nextscn(elf, scn))) {
		if (gelf_getshdr(scn, &sh) &&
		    (sh.sh_type == SHT_SYMTAB || sh.sh_type == SHT_DYNSYM))
			addr = search_table(elf, scn, &sh, name);
	}
	return addr;
}

static uint64_t search_debug_file(Elf *elf, const char *name)
{
	int fd = object_debug_file(elf);
	uint64_t addr = 0;
	Elf *debug;

	if (fd < 0)
		return 0;
	debug = elf_begin(fd, ELF_C_READ, NULL);
	if (debug && elf_kind(debug) == ELF_K_ELF)
		addr = search(debug, name);
	elf_end(debug);
	close(fd);
	return addr;
}

static bool is_go(Elf *elf)
{
	size_t strings;
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	if (elf_getshdrstrndx(elf, &strings))
		return false;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *name = gelf_getshdr(scn, &sh) ? elf_strptr(elf, strings, sh.sh_name)
							  : NULL;

		if (name && !strcmp(name, ".gopclntab"))
			return true;
	}
	return false;
}

/* From an address to a place in the file, by the segment that loads it as code. */
static int to_offset(Elf *elf, uint64_t addr, uint64_t *offset)
{
	size_t cnt = 0;

	elf_getphdrnum(elf, &cnt);
	for (size_t i = 0; i < cnt && i < INT_MAX; i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD ||
		    !(ph.p_flags & PF_X) || addr < ph.p_vaddr || addr - ph.p_vaddr >= ph.p_filesz)
			continue;
		*offset = addr - ph.p_vaddr + ph.p_offset;
		return 0;
	}
	return -ENOENT;
}

static int find_in(Elf *elf, const char *name, uint64_t *offset)
{
	uint64_t addr;

	if (!elf || elf_kind(elf) != ELF_K_ELF)
		return -ENOEXEC;
	if (is_go(elf))
		return -ENOTSUP;
	addr = search(elf, name);
	if (!addr)
		addr = search_debug_file(elf, name);
	return addr ? to_offset(elf, addr, offset) : -ENOENT;
}

int function_find(const char *path, const char *name, uint64_t *offset)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;
	Elf *elf;

	if (fd < 0)
		return -errno;
	elf_version(EV_CURRENT);
	/* Not mapped: whoever truncates the file meanwhile would kill us. */
	elf = elf_begin(fd, ELF_C_READ, NULL);
	err = find_in(elf, name, offset);
	elf_end(elf);
	close(fd);
	return err;
}
