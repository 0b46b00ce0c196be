// SPDX-License-Identifier: MIT
/*
 * Files of /proc and /sys, in the order of the table, as pieces that end with a byte
 * 0xff: whatever reads them.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cgroup.h"
#include "base/clock.h"
#include "base/procfs.h"
#include "base/procnet.h"
#include "fuzz.h"
#include "symbol/kallsyms.h"
#include "symbol/python_detect.h"
#include "symbol/runtime_detect.h"
#include "symbol/script_imports.h"
#include "symbol/user_symbol.h"

#define PID 7

static const char *const files[] = {
	"proc/7/stat", "proc/7/status", "proc/7/cmdline", "proc/7/comm", "proc/7/maps",
	"proc/7/cgroup", "proc/self/mountinfo", "proc/7/net/tcp", "proc/7/net/udp",
	"proc/7/smaps_rollup", "proc/7/statm", "proc/stat", "sys/devices/system/cpu/online",
	"proc/7/task/7/syscall", "kallsyms",
};

static const char *path_of(const char *file)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", fuzz_dir(), file);
	return path;
}

static void make_dirs(void)
{
	static const char *const dirs[] = {
		"proc",
		"proc/7",
		"proc/7/net",
		"proc/7/task",
		"proc/7/task/7",
		"proc/7/fd",
		"proc/self",
		"sys",
		"sys/devices",
		"sys/devices/system",
		"sys/devices/system/cpu",
	};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		FUZZ_CHECK(!mkdir(path_of(dirs[i]), 0700));
	FUZZ_CHECK(!symlink("socket:[5]", path_of("proc/7/fd/3")));
	procfs_set_root(fuzz_dir());
}

static void put_file(const char *file, struct fuzz_piece piece)
{
	int fd = open(path_of(file), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	FUZZ_CHECK(fd >= 0 && write(fd, piece.data, piece.size) == (ssize_t)piece.size);
	close(fd);
}

static void check_text(const char *text)
{
	struct strbuf sb = { 0 };

	strbuf_addstr(&sb, text);
	fuzz_check_clean(&sb);
	strbuf_release(&sb);
}

static void ask_process(void)
{
	struct procfs_status status;
	struct procfs_memory memory;
	struct procfs_stat stat;
	struct procfs_pids pids = { 0 };
	char text[128];

	if (!procfs_stat(PID, &stat))
		check_text(stat.comm);
	procfs_status(PID, &status);
	if (!procfs_comm(PID, text, sizeof(text)))
		check_text(text);
	if (!procfs_cmdline(PID, text, sizeof(text)))
		check_text(text);
	procfs_memory(PID, &memory);
	procfs_memory_estimate(PID, &memory);
	procfs_descendants(stat.ppid, &pids);
	procfs_descendants(PID, &pids);
	procfs_pids_release(&pids);
}

static void ask_machine(void)
{
	struct procnet_socket sockets[] = { { .lport = 80, .rport = 1234 },
					    { .is_udp = true, .lport = 53 } };
	uint16_t ports[4];
	uint64_t ns;
	double cpus;

	for (int i = 1; i < procfs_listen_ports(PID, ports, 4); i++)
		FUZZ_CHECK(ports[i - 1] < ports[i]);
	procnet_owners(PID, sockets, 2, clock_mono_ns() + NS_PER_S);
	cgroup_cpu_quota(PID, &cpus);
	procfs_cpus_online();
	procfs_cpus_allowed(PID);
	procfs_steal_ns(&ns);
}

static bool is_wanted(const char *module)
{
	return module[0] == 'm';
}

static void ask_symbols(void)
{
	struct user_symbols symbols = { 0 };
	struct runtime_cache runtimes = { 0 };
	struct python_cache pythons = { 0 };
	struct kallsyms kernel = { 0 };
	struct runtime_info runtime;
	struct python_info python;
	char name[128];

	if (user_symbol_find(&symbols, PID, PID, 0x1000, 0, name, sizeof(name)) == 1)
		check_text(name);
	user_symbols_release(&symbols);
	runtime_detect(&runtimes, PID, true, &runtime);
	runtime_cache_release(&runtimes);
	python_detect(&pythons, PID, &python);
	python_cache_release(&pythons);
	script_imports(PID, is_wanted, name, sizeof(name));
	if (!kallsyms_load(&kernel, path_of("kallsyms"))) {
		kallsyms_function(&kernel, 0x1000);
		kallsyms_variable(&kernel, 0x1000);
	}
	kallsyms_release(&kernel);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_made;

	if (!is_made)
		make_dirs();
	is_made = true;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		put_file(files[i], fuzz_take_piece(&data, &size));
	ask_process();
	ask_machine();
	ask_symbols();
	return 0;
}
