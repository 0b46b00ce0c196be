/* SPDX-License-Identifier: MIT */
/*
 * The data symbols of one ELF file: variables, with address and size. From its
 * .symtab; stripped, from that of its debug file (by build id, where one is
 * installed) and from .dynsym.
 *
 * A browser's table has millions of entries, so it is read in steps.
 */
#ifndef SYMBOL_OBJECT_FILE_H
#define SYMBOL_OBJECT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OBJECT_LOAD_MAX	 16
#define OBJECT_TABLE_MAX 2

/* A PT_LOAD segment. */
struct object_load {
	uint64_t vaddr, offset, file_size, size;
};

struct object_symbol {
	uint64_t addr;		/* as the file has it */
	uint32_t size;
	uint32_t name;		/* where in the strings of its table; the top bit: the second one */
};

struct object_table {
	int fd;			/* owned */
	uint64_t offset, size;	/* of the symbols not read yet */
	uint64_t str_offset, str_size;
};

struct object_file {
	bool is_elf;
	bool is_64;
	struct object_load loads[OBJECT_LOAD_MAX];
	size_t load_cnt;
	struct object_table tables[OBJECT_TABLE_MAX];
	size_t table_cnt, table_at;	/* which is being read; table_cnt: all are */
	struct object_symbol *symbols;
	size_t symbol_cnt, symbol_cap;
};

/*
 * Read the headers of the file @fd, which stays the caller's. Never fails: what is
 * no ELF file has no symbols.
 */
void object_file_open(struct object_file *f, int fd);
void object_file_release(struct object_file *f);

/*
 * Where distributions put what they strip: the debug file for @elf's build id, opened, or
 * -ENOENT if none is installed.
 */
struct Elf;
int object_debug_file(struct Elf *elf);

/* Read symbols until @until_ns (CLOCK_MONOTONIC). Returns whether all are read. */
bool object_file_read(struct object_file *f, uint64_t until_ns);

/*
 * The variable that contains @addr: its name goes to @name, and where in it @addr
 * lies is returned; or -ENOENT.
 */
int64_t object_file_find(const struct object_file *f, uint64_t addr, char *name, size_t size);

#endif
