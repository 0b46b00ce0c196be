// SPDX-License-Identifier: MIT
/* An executable, and a library that says it is Python's, of a process that the input made up. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/procfs.h"
#include "fuzz.h"
#include "symbol/function_find.h"
#include "symbol/object_file.h"
#include "symbol/python_detect.h"
#include "symbol/runtime_detect.h"
#include "symbol/user_symbol.h"

#define PID 7

static const char *path_of(const char *file)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", fuzz_dir(), file);
	return path;
}

static void put_file(const char *file, const void *data, size_t size)
{
	int fd = open(path_of(file), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

static void make_process(void)
{
	static const char maps[] = "400000-500000 r-xp 00000000 08:01 5 /python3.13\n"
				   "500000-600000 rw-p 00001000 08:01 5 /python3.13\n";

	FUZZ_CHECK(!mkdir(path_of("proc"), 0700) && !mkdir(path_of("proc/7"), 0700) &&
		   !mkdir(path_of("proc/7/map_files"), 0700));
	put_file("proc/7/maps", maps, strlen(maps));
	FUZZ_CHECK(!symlink("../exe", path_of("proc/7/exe")) &&
		   !symlink("../../exe", path_of("proc/7/map_files/400000-500000")) &&
		   !symlink("../../exe", path_of("proc/7/map_files/500000-600000")));
	procfs_set_root(fuzz_dir());
}

static void read_objects(int fd)
{
	struct object_file f;
	char name[64];

	object_file_open(&f, fd);
	while (!object_file_read(&f, 0))
		;
	for (uint64_t addr = 0; addr < 0x8000; addr += 0x100)
		if (object_file_find(&f, addr, name, sizeof(name)) >= 0)
			FUZZ_CHECK(name[0]);
	object_file_release(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_made;
	struct runtime_cache runtimes = { 0 };
	struct python_cache pythons = { 0 };
	struct user_symbols symbols = { 0 };
	struct runtime_info runtime;
	struct python_info python;
	char name[64];
	uint64_t offset;
	int fd;

	if (!is_made)
		make_process();
	is_made = true;
	put_file("proc/exe", data, size);
	fd = open(path_of("proc/exe"), O_RDONLY | O_CLOEXEC);
	FUZZ_CHECK(fd >= 0);
	read_objects(fd);
	close(fd);
	function_find(path_of("proc/exe"), "work", &offset);
	runtime_detect(&runtimes, PID, true, &runtime);
	python_detect(&pythons, PID, &python);
	for (uint64_t addr = 0x500000; addr < 0x503000; addr += 0x400)
		user_symbol_find(&symbols, PID, PID, addr, UINT64_MAX, name, sizeof(name));
	runtime_cache_release(&runtimes);
	python_cache_release(&pythons);
	user_symbols_release(&symbols);
	return 0;
}
