/* SPDX-License-Identifier: MIT */
/*
 * Waits inside the kernel: for its locks, and for pages that come from the disk.
 *
 * A lock's waiters spin as long as its holder runs, and that is CPU time. So each
 * pair here shares one CPU: the waiter's timer takes the CPU away from a holder that
 * has the lock most of the time, and then finds the lock taken by a thread that does
 * not run.
 */
#include <dirent.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "truth.h"

#define BIG (256u << 20)
#define FILE_BYTES (8u << 20)
#define PAGE 4096
#define ENTRIES 10000

static void share_a_cpu(void)
{
	cpu_set_t allowed, one;
	int cpu = 0;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		die("sched_getaffinity");
	while (!CPU_ISSET(cpu, &allowed))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		die("sched_setaffinity");
}

/* ---- mmap_lock ---- */

/* Has it for writing: changes the protection of many pages, one by one. */
static void *run_mmap_holder(void *arg)
{
	char *big = mmap(NULL, BIG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int prot = PROT_READ;

	(void)arg;
	name_me("mmap-holder");
	if (big == MAP_FAILED)
		die("mmap");
	madvise(big, BIG, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < BIG && !stop; i += PAGE)
		big[i] = 1;
	share_a_cpu();
	while (!stop) {
		if (mprotect(big, BIG, prot))
			die("mprotect");
		prot ^= PROT_WRITE;
	}
	return NULL;
}

static void *run_mmap_waiter(void *arg)
{
	struct waits *w = waits_new("mmap-lock", "kernel_lock");

	(void)arg;
	name_me("mmap-lock");
	share_a_cpu();
	while (!stop) {
		void *page;

		waits_begin(w);
		page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (page == MAP_FAILED || munmap(page, PAGE))
			die("mmap");
		waits_end(w);
		sleep_ns(NS_PER_MS);
	}
	return NULL;
}

/* ---- the lock of a file in memory: no disk mixes in ---- */

static int memory_fd = -1;

static void *run_inode_holder(void *arg)
{
	char *block = malloc(16 << 20);

	(void)arg;
	name_me("inode-holder");
	memset(block, 1, 16 << 20);
	share_a_cpu();
	while (!stop) {
		if (pwrite(memory_fd, block, 16 << 20, 0) < 0)
			die("pwrite");
	}
	return NULL;
}

static void *run_inode_waiter(void *arg)
{
	struct waits *w = waits_new("inode-lock", "kernel_lock");

	(void)arg;
	name_me("inode-lock");
	share_a_cpu();
	while (!stop) {
		waits_begin(w);
		if (pwrite(memory_fd, "x", 1, 0) != 1)
			die("pwrite");
		waits_end(w);
		sleep_ns(NS_PER_MS);
	}
	return NULL;
}

/* ---- the lock of a directory, which no descriptor of the call leads to ---- */

static char directory[300];

static void *run_dir_holder(void *arg)
{
	size_t size = 4 << 20;
	char *entries = malloc(size);
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)arg;
	name_me("dir-holder");
	if (fd < 0)
		die(directory);
	share_a_cpu();
	while (!stop) {
		lseek(fd, 0, SEEK_SET);
		if (syscall(SYS_getdents64, fd, entries, size) < 0)
			die("getdents64");
	}
	return NULL;
}

static void *run_dir_waiter(void *arg)
{
	struct waits *w = waits_new("dir-lock", "kernel_lock");
	char from[400], to[400];

	(void)arg;
	name_me("dir-lock");
	snprintf(from, sizeof(from), "%s/a", directory);
	snprintf(to, sizeof(to), "%s/b", directory);
	share_a_cpu();
	/* The journal may make it wait for the disk: little, where there is one. */
	w->at_least = 0.85;
	while (!stop) {
		waits_begin(w);
		if (rename(from, to) || rename(to, from))
			die("rename");
		waits_end(w);
		sleep_ns(NS_PER_MS);
	}
	return NULL;
}

static void make_directory(void)
{
	snprintf(directory, sizeof(directory), "%s/truth-dir", dir);
	if (mkdir(directory, 0700))
		die(directory);
	for (int i = 0; i < ENTRIES; i++) {
		char path[400] = "";

		snprintf(path, sizeof(path), i ? "%s/entry-%d" : "%s/a", directory, i);
		if (mknod(path, S_IFREG | 0600, 0))
			die(path);
	}
	sync(); /* or the journal's commit comes amidst the waits */
}

/* ---- pages from the disk ---- */

static int file_of_pages(const char *name)
{
	static char block[FILE_BYTES];
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/truth-%s", dir, name);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		die(path);
	memset(block, 1, sizeof(block));
	if (pwrite(fd, block, sizeof(block), 0) != sizeof(block) || fsync(fd))
		die(path);
	return fd;
}

/* Each page is read in by the fault that touches it: MADV_RANDOM reads none ahead. */
static void *run_mapped(void *arg)
{
	struct waits *w = waits_new("mapped", "memory");
	int fd = *(int *)arg;

	name_me("mapped");
	/* Of some 40 us each, of which the way from the waking to the run queue is a part. */
	w->at_least = 0.6;
	while (!stop) {
		volatile char sum = 0;
		char *map;

		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		map = mmap(NULL, FILE_BYTES, PROT_READ, MAP_SHARED, fd, 0);
		if (map == MAP_FAILED)
			die("mmap");
		madvise(map, FILE_BYTES, MADV_RANDOM);
		waits_begin(w);
		for (size_t i = 0; i < FILE_BYTES && !stop; i += 16 * PAGE)
			sum += map[i];
		waits_end(w);
		munmap(map, FILE_BYTES);
		sleep_ns(5 * NS_PER_MS);
	}
	return NULL;
}

static void *run_direct_read(void *arg)
{
	struct waits *w = waits_new("direct-read", "disk");
	char path[64];
	void *block;
	int fd;

	name_me("direct-read");
	w->at_least = 0.85;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", *(int *)arg);
	fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		die("O_DIRECT");
	if (posix_memalign(&block, PAGE, 1 << 20))
		die("posix_memalign");
	while (!stop) {
		waits_begin(w);
		for (off_t at = 0; at < FILE_BYTES; at += 1 << 20)
			if (pread(fd, block, 1 << 20, at) != 1 << 20)
				die("pread");
		waits_end(w);
		sleep_ns(5 * NS_PER_MS);
	}
	return NULL;
}

void start_kernel(void)
{
	static int mapped_fd, direct_fd;

	start_kind("mmap-lock", run_mmap_holder, NULL, true);
	start_kind("mmap-lock", run_mmap_waiter, NULL, true);
	if (is_wanted("inode-lock")) {
		memory_fd = memfd_create("truth", MFD_CLOEXEC);
		start_kind("inode-lock", run_inode_holder, NULL, true);
		start_kind("inode-lock", run_inode_waiter, NULL, true);
	}
	if (is_wanted("dir-lock")) {
		make_directory();
		start_kind("dir-lock", run_dir_holder, NULL, true);
		start_kind("dir-lock", run_dir_waiter, NULL, true);
	}
	if (is_wanted("mapped")) {
		mapped_fd = file_of_pages("mapped");
		start_kind("mapped", run_mapped, &mapped_fd, true);
	}
	if (is_wanted("direct-read")) {
		direct_fd = file_of_pages("direct-read");
		start_kind("direct-read", run_direct_read, &direct_fd, true);
	}
}
