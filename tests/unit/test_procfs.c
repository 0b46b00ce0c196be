// SPDX-License-Identifier: MIT
/* Most tests write the files they want read; some look at this very process. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc_root.h"

#include "base/cgroup.h"

static void put_process(unsigned int pid, unsigned int ppid)
{
	char path[64], text[128];

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	snprintf(text, sizeof(text), "%u (p) S %u 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 77 0\n", pid,
		 ppid);
	put(path, text);
}

#define STAT_TAIL "S 10 42 42 34816 42 4194304 500 9 7 8 250 150 1 2 20 0 5 0 12345 1000 200 1 2"

static void stat_is_parsed(void **state)
{
	uint64_t tick = 1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK);
	struct procfs_stat st;

	(void)state;
	put("/proc/42/stat", "42 (python3) " STAT_TAIL "\n");
	assert_int_equal(procfs_stat(42, &st), 0);
	assert_int_equal(st.pid, 42);
	assert_int_equal(st.ppid, 10);
	assert_string_equal(st.comm, "python3");
	assert_int_equal(st.state, 'S');
	assert_int_equal(st.min_flt, 500);
	assert_int_equal(st.maj_flt, 7);
	assert_int_equal(st.utime_ns, 250 * tick);
	assert_int_equal(st.stime_ns, 150 * tick);
	assert_int_equal(st.thread_cnt, 5);
	assert_int_equal(st.start_ns, 12345 * tick);
	assert_false(st.is_kthread);
}

static void a_name_may_hold_blanks_and_parentheses(void **state)
{
	struct procfs_stat st;

	(void)state;
	put("/proc/42/stat", "42 (a) R 1 (b\n) " STAT_TAIL "\n");
	assert_int_equal(procfs_stat(42, &st), 0);
	assert_string_equal(st.comm, "a) R 1 (b?");
	assert_int_equal(st.ppid, 10);
}

static void a_kernel_thread_is_told_by_its_flag(void **state)
{
	struct procfs_stat st;

	(void)state;
	put("/proc/2/stat", "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 8 0 0 20 0 1 0 3 0 0\n");
	assert_int_equal(procfs_stat(2, &st), 0);
	assert_true(st.is_kthread);
}

static void garbage_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"42",
		"42 (x",
		"42 x) S 1",
		"42 )x( S 1",
		"42 (x)",
		"42 (x) ",
		"42 (x) S",
		"42 (x) S 1 2 3",
		"42 (x) S a b c d e f g h i j k l m n o p q r s t",
		("42 (x)" STAT_TAIL),
	};
	struct procfs_status status;
	struct procfs_memory memory;
	struct procfs_stat st;
	double cpus;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put("/proc/42/stat", texts[i]);
		assert_int_equal(procfs_stat(42, &st), -EBADMSG);
		put("/proc/42/status", texts[i]);
		assert_int_equal(procfs_status(42, &status), -EBADMSG);
		put("/proc/42/statm", i ? "1 x 2" : "");
		assert_int_equal(procfs_memory(42, &memory), -EBADMSG);
		put("/proc/42/cgroup", texts[i]);
		assert_int_equal(cgroup_cpu_quota(42, &cpus), 0);
		put("/sys/devices/system/cpu/online", texts[i]);
		put("/proc/stat", texts[i]);
		assert_int_equal(procfs_steal_ns(&(uint64_t){ 0 }), -EBADMSG);
	}
	put("/sys/devices/system/cpu/online", "3-1");
	assert_int_equal(procfs_cpus_online(), -EBADMSG);
	put("/sys/devices/system/cpu/online", "0-999999999999");
	assert_int_equal(procfs_cpus_online(), -EBADMSG);
}

static void a_process_that_ended_is_esrch(void **state)
{
	struct procfs_status status;
	struct procfs_memory memory;
	struct procfs_stat st;
	uint16_t port;
	double cpus;
	char buf[16];

	(void)state;
	assert_int_equal(procfs_stat(7, &st), -ESRCH);
	assert_int_equal(procfs_status(7, &status), -ESRCH);
	assert_int_equal(procfs_comm(7, buf, sizeof(buf)), -ESRCH);
	assert_int_equal(procfs_cmdline(7, buf, sizeof(buf)), -ESRCH);
	assert_int_equal(procfs_memory(7, &memory), -ESRCH);
	assert_int_equal(procfs_listen_ports(7, &port, 1), -ESRCH);
	assert_int_equal(procfs_cpus_allowed(7), -ESRCH);
	assert_int_equal(cgroup_cpu_quota(7, &cpus), -ESRCH);
}

static void status_is_parsed(void **state)
{
	struct procfs_status st;

	(void)state;
	put("/proc/42/status", "Name:\tx\nTgid:\t40\nPid:\t42\nPPid:\t9\nTracerPid:\t5\n"
			       "Uid:\t1000\t1001\t1002\t1003\nNSpid:\t42\t17\t3\n");
	assert_int_equal(procfs_status(42, &st), 0);
	assert_int_equal(st.tgid, 40);
	assert_int_equal(st.ppid, 9);
	assert_int_equal(st.uid, 1000);
	assert_int_equal(st.euid, 1001);
	assert_int_equal(st.ns_pid, 3);
	assert_int_equal(st.ns_depth, 2);
}

static void arguments_become_one_clean_line(void **state)
{
	static const char args[] = "python3\0-c\0a\nb\033[31m\0\xff\xc3\xa9";
	char buf[64], small[11];

	(void)state;
	put_bytes("/proc/42/cmdline", args, sizeof(args));
	assert_int_equal(procfs_cmdline(42, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "python3 -c a?b?[31m ?\xc3\xa9");
	assert_int_equal(procfs_cmdline(42, small, sizeof(small)), 0);
	assert_string_equal(small, "python3 -c");
}

static void a_character_cut_in_two_is_left_out(void **state)
{
	char buf[8];

	(void)state;
	put("/proc/42/comm", "abcdef\xc3\xa9\n");
	assert_int_equal(procfs_comm(42, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "abcdef");
}

static void an_empty_command_line_is_empty(void **state)
{
	char buf[8] = "x";

	(void)state;
	put("/proc/42/cmdline", "");
	assert_int_equal(procfs_cmdline(42, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
}

static void exe_is_named_even_when_deleted(void **state)
{
	char buf[64];

	(void)state;
	put_link("/proc/42/exe", "/usr/bin/x (deleted)");
	assert_int_equal(procfs_exe(42, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "/usr/bin/x");
	assert_int_equal(procfs_exe(43, buf, sizeof(buf)), -ENOENT);
}

static void memory_comes_from_the_rollup(void **state)
{
	struct procfs_memory m;

	(void)state;
	put("/proc/42/smaps_rollup",
	    "5566-7788 ---p 00000000 00:00 0 [rollup]\nRss:  100 kB\nPss:  60 kB\n"
	    "Pss_Dirty: 1 kB\nPrivate_Clean:  10 kB\nPrivate_Dirty:  30 kB\n");
	assert_int_equal(procfs_memory(42, &m), 0);
	assert_int_equal(m.rss_bytes, 100 * 1024);
	assert_int_equal(m.pss_bytes, 60 * 1024);
	assert_int_equal(m.private_bytes, 40 * 1024);
}

static void without_a_rollup_memory_is_estimated(void **state)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct procfs_memory m;

	(void)state;
	put("/proc/42/statm", "1000 300 100 1 0 200 0\n");
	assert_int_equal(procfs_memory(42, &m), 0);
	assert_int_equal(m.rss_bytes, 300 * page);
	assert_int_equal(m.pss_bytes, 0);
	assert_int_equal(m.private_bytes, 200 * page);
}

static int count_id(void *ctx, uint32_t id)
{
	(void)id;
	return ++*(int *)ctx == 3 ? 99 : 0;
}

static void only_numbers_are_processes_and_a_walk_can_be_stopped(void **state)
{
	int cnt = 0;

	(void)state;
	put_process(1, 0);
	put_process(20, 1);
	put("/proc/self/stat", "");
	put("/proc/12x/stat", "");
	put("/proc/99999999999/stat", "");
	assert_int_equal(procfs_each_pid(count_id, &cnt), 0);
	assert_int_equal(cnt, 2);
	put_process(30, 1);
	put_process(40, 1);
	cnt = 0;
	assert_int_equal(procfs_each_pid(count_id, &cnt), 99);
}

/*
 *   1 -- 10 -- 11 -- 13
 *    \     \-- 12
 *     \- 20
 */
static void descendants_come_after_their_parents(void **state)
{
	struct procfs_pids pids = { 0 };

	(void)state;
	put_process(1, 0);
	put_process(10, 1);
	put_process(20, 1);
	put_process(11, 10);
	put_process(12, 10);
	put_process(13, 11);
	put_process(50, 51); /* impossible: a circle */
	put_process(51, 50);

	assert_int_equal(procfs_descendants(10, &pids), 0);
	assert_int_equal(pids.cnt, 4);
	assert_int_equal(pids.ids[0], 10);
	assert_int_equal(pids.ids[1] + pids.ids[2], 11 + 12);
	assert_int_equal(pids.ids[3], 13);

	assert_int_equal(procfs_descendants(50, &pids), 0);
	assert_int_equal(pids.cnt, 6);
	assert_int_equal(procfs_descendants(77, &pids), 0);
	assert_int_equal(pids.cnt, 6);
	procfs_pids_release(&pids);
}

static void listening_ports_are_found_once_and_in_order(void **state)
{
	uint16_t ports[8];

	(void)state;
	put("/proc/42/net/tcp",
	    TCP_HEAD "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 0\n"
		     "   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 0\n"
		     "   2: 0100007F:1F91 0100007F:0050 01 00000000:00000000 00:00000000 0\n");
	put("/proc/42/net/tcp6", TCP_HEAD "   0: 00000000000000000000000000000000:1F90 "
					  "00000000000000000000000000000000:0000 0A 0:0 0:0 0\n"
					  "   1: 00000000000000000000000001000000:01BB "
					  "00000000000000000000000000000000:0000 0A 0:0 0:0 0\n");
	assert_int_equal(procfs_listen_ports(42, ports, 8), 3);
	assert_int_equal(ports[0], 22);
	assert_int_equal(ports[1], 443);
	assert_int_equal(ports[2], 8080);

	assert_int_equal(procfs_listen_ports(42, ports, 2), 2);
	assert_int_equal(ports[1], 443);
	assert_int_equal(procfs_listen_ports(42, ports, 0), 0);
}

static void only_cpus_that_are_online_are_allowed(void **state)
{
	(void)state;
	put("/sys/devices/system/cpu/online", "0-3,8\n");
	put("/proc/42/status", "Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t2-7,8-127\n");
	assert_int_equal(procfs_cpus_online(), 5);
	assert_int_equal(procfs_cpus_allowed(42), 3);
}

static void steal_is_the_eighth_number(void **state)
{
	uint64_t ns;

	(void)state;
	put("/proc/stat", "cpu  1 2 3 4 5 6 7 300 9 10\ncpu0 1 1 1 1 1 1 1 1 1 1\n");
	assert_int_equal(procfs_steal_ns(&ns), 0);
	assert_int_equal(ns, 300 * (1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK)));
}

#define MOUNT_V2 "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"

static void the_smallest_quota_up_to_the_root_counts(void **state)
{
	double cpus;

	(void)state;
	put("/proc/self/mountinfo", "24 1 8:1 / / rw - ext4 /dev/sda1 rw\n" MOUNT_V2);
	put("/proc/42/cgroup", "0::/a/b/c\n");
	assert_int_equal(cgroup_cpu_quota(42, &cpus), 0);

	put("/sys/fs/cgroup/a/b/c/cpu.max", "400000 100000\n");
	put("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
	put("/sys/fs/cgroup/a/cpu.max", "150000 100000\n");
	assert_int_equal(cgroup_cpu_quota(42, &cpus), 1);
	assert_true(cpus == 1.5);

	/* Inside a container the mount point is a group like any other. */
	put("/sys/fs/cgroup/cpu.max", "50000 100000\n");
	assert_int_equal(cgroup_cpu_quota(42, &cpus), 1);
	assert_true(cpus == 0.5);

	put("/proc/42/cgroup", "0::/\n");
	assert_int_equal(cgroup_cpu_quota(42, &cpus), 1);
	put("/proc/42/cgroup", "0::/../other\n");
	assert_int_equal(cgroup_cpu_quota(42, &cpus), 0);
}

static void version_1_is_read_beside_version_2(void **state)
{
	double cpus;

	(void)state;
	put("/proc/self/mountinfo",
	    MOUNT_V2 "31 30 0:27 /docker/x /mnt/with\\040blank rw - cgroup cgroup rw,cpuset\n"
		     "32 30 0:28 /docker/x /mnt/cpu\\040acct rw - cgroup cgroup rw,cpu,cpuacct\n");
	put("/proc/42/cgroup", "5:cpuset:/docker/x\n4:cpu,cpuacct:/docker/x/y\n0::/\n");
	put("/mnt/cpu acct/y/cpu.cfs_quota_us", "-1\n");
	put("/mnt/cpu acct/y/cpu.cfs_period_us", "100000\n");
	put("/mnt/cpu acct/cpu.cfs_quota_us", "25000\n");
	put("/mnt/cpu acct/cpu.cfs_period_us", "100000\n");
	assert_int_equal(cgroup_cpu_quota(42, &cpus), 1);
	assert_true(cpus == 0.25);

	put("/proc/42/cgroup", "4:cpu,cpuacct:/docker/xyz\n");
	assert_int_equal(cgroup_cpu_quota(42, &cpus), 0);
}

static void this_process_can_be_read(void **state)
{
	uint32_t self = (uint32_t)getpid();
	struct procfs_pids pids = { 0 };
	struct procfs_status status;
	struct procfs_memory memory;
	struct procfs_stat st;
	uint16_t ports[64];
	char buf[512];
	double cpus;
	pid_t child;

	(void)state;
	procfs_set_root("");
	assert_int_equal(procfs_stat(self, &st), 0);
	assert_int_equal(st.pid, self);
	assert_int_equal(st.ppid, getppid());
	assert_true(st.start_ns > 0);
	assert_false(st.is_kthread);
	assert_int_equal(procfs_status(self, &status), 0);
	assert_int_equal(status.euid, geteuid());
	assert_int_equal(procfs_memory(self, &memory), 0);
	assert_true(memory.rss_bytes >= memory.private_bytes);
	assert_true(memory.private_bytes > 0);
	assert_int_equal(procfs_exe(self, buf, sizeof(buf)), 0);
	assert_non_null(strstr(buf, "test_procfs"));
	assert_int_equal(procfs_cmdline(self, buf, sizeof(buf)), 0);
	assert_non_null(strstr(buf, "test_procfs"));
	assert_true(procfs_listen_ports(self, ports, 64) >= 0);
	assert_in_range(procfs_cpus_allowed(self), 1, procfs_cpus_online());
	assert_true(cgroup_cpu_quota(self, &cpus) >= 0);

	child = fork();
	if (!child) {
		pause();
		_exit(0);
	}
	assert_int_equal(procfs_descendants(self, &pids), 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(pids.cnt, 2);
	assert_int_equal(pids.ids[1], child);
	procfs_pids_release(&pids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(stat_is_parsed),
		FIXTURE_TEST(a_name_may_hold_blanks_and_parentheses),
		FIXTURE_TEST(a_kernel_thread_is_told_by_its_flag),
		FIXTURE_TEST(garbage_is_refused),
		FIXTURE_TEST(a_process_that_ended_is_esrch),
		FIXTURE_TEST(status_is_parsed),
		FIXTURE_TEST(arguments_become_one_clean_line),
		FIXTURE_TEST(a_character_cut_in_two_is_left_out),
		FIXTURE_TEST(an_empty_command_line_is_empty),
		FIXTURE_TEST(exe_is_named_even_when_deleted),
		FIXTURE_TEST(memory_comes_from_the_rollup),
		FIXTURE_TEST(without_a_rollup_memory_is_estimated),
		FIXTURE_TEST(only_numbers_are_processes_and_a_walk_can_be_stopped),
		FIXTURE_TEST(descendants_come_after_their_parents),
		FIXTURE_TEST(listening_ports_are_found_once_and_in_order),
		FIXTURE_TEST(only_cpus_that_are_online_are_allowed),
		FIXTURE_TEST(steal_is_the_eighth_number),
		FIXTURE_TEST(the_smallest_quota_up_to_the_root_counts),
		FIXTURE_TEST(version_1_is_read_beside_version_2),
		FIXTURE_TEST(this_process_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
