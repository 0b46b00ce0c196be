/* SPDX-License-Identifier: MIT */
/* What doctor says of kernels and users, made of files. */
#include "proc_root.h"

#include <stdint.h>

#include "record/features.h"

#define REAL_BTF "/sys/kernel/btf/vmlinux"

static const char all_caps[] = "Name:\tpartrace\nTgid:\t1\nUid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\n";

/* A machine that has it all, but for what a test takes away afterwards. */
static void put_machine(void)
{
	char self[32];

	snprintf(self, sizeof(self), "%d", (int)getpid());
	put_link("/proc/self", self);
	snprintf(self, sizeof(self), "/proc/%d/comm", (int)getpid());
	put(self, "partrace\n");
	put("/proc/sys/kernel/osrelease", "6.1.0-13-amd64\n");
	put("/proc/sys/net/core/bpf_jit_enable", "1\n");
	put("/sys/bus/event_source/devices/uprobe/type", "9\n");
	put("/proc/self/status", all_caps);
	put("/proc/kallsyms", "ffffffff81000000 T _stext\n");
	put("/proc/self/smaps_rollup", "Rss: 4 kB\n");
	put("/proc/self/mountinfo", "24 1 0:21 / /sys rw - sysfs sysfs rw\n"
				    "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
}

static struct feature *find(const struct features *fs, const char *name)
{
	for (size_t i = 0; i < fs->cnt; i++)
		if (!strcmp(fs->all[i].name, name))
			return &fs->all[i];
	fail_msg("nothing is said of '%s'", name);
	return NULL;
}

/* The state of one feature, as the files are now. What is not ok says what it costs. */
static enum feature_state state_of(const char *name)
{
	struct features fs = { 0 };
	enum feature_state state;

	features_look(&fs, REAL_BTF);
	for (size_t i = 0; i < fs.cnt; i++)
		assert_int_equal(fs.all[i].cost != NULL, fs.all[i].state != FEATURE_OK);
	state = find(&fs, name)->state;
	features_release(&fs);
	return state;
}

static void an_old_kernel_can_not_record(void **state)
{
	struct features fs = { 0 };

	(void)state;
	put_machine();
	assert_int_equal(state_of("Linux 5.10 or newer"), FEATURE_OK);
	put("/proc/sys/kernel/osrelease", "5.10.0-26-amd64\n");
	assert_int_equal(state_of("Linux 5.10 or newer"), FEATURE_OK);
	put("/proc/sys/kernel/osrelease", "5.9.16\n");
	assert_int_equal(state_of("Linux 5.10 or newer"), FEATURE_NONE);
	features_look(&fs, REAL_BTF);
	assert_false(features_suffice(&fs));
	features_release(&fs);
}

static void without_types_nothing_is_said_of_tracepoints(void **state)
{
	struct features fs = { 0 };

	(void)state;
	put_machine();
	features_look(&fs, "/nonexistent");
	assert_int_equal(find(&fs, "types (BTF)")->state, FEATURE_NONE);
	assert_false(features_suffice(&fs));
	for (size_t i = 0; i < fs.cnt; i++)
		assert_null(strstr(fs.all[i].name, "tracepoint"));
	features_release(&fs);
}

static void this_kernels_types_are_read(void **state)
{
	(void)state;
	if (access(REAL_BTF, R_OK))
		skip();
	put_machine();
	assert_int_equal(state_of("tracepoint sched_switch"), FEATURE_OK);
	assert_int_equal(state_of("helper bpf_ringbuf_reserve"), FEATURE_OK);
	assert_int_equal(state_of("walks over threads"), FEATURE_OK);
}

static void capabilities_are_those_in_effect(void **state)
{
	(void)state;
	put_machine();
	assert_int_equal(state_of("CAP_BPF"), FEATURE_OK);
	/* CAP_BPF and CAP_PERFMON alone. */
	put("/proc/self/status", "CapPrm:\t000001ffffffffff\nCapEff:\t000000c000000000\n");
	assert_int_equal(state_of("CAP_BPF"), FEATURE_OK);
	assert_int_equal(state_of("CAP_PERFMON"), FEATURE_OK);
	assert_int_equal(state_of("CAP_SYS_PTRACE"), FEATURE_LESS);
	/* CAP_SYS_ADMIN stands for both, as it did before they were. */
	put("/proc/self/status", "CapEff:\t0000000000200000\n");
	assert_int_equal(state_of("CAP_BPF"), FEATURE_OK);
	assert_int_equal(state_of("CAP_PERFMON"), FEATURE_OK);
	put("/proc/self/status", "CapEff:\t0000000000000000\n");
	assert_int_equal(state_of("CAP_BPF"), FEATURE_NONE);
	assert_int_equal(state_of("CAP_PERFMON"), FEATURE_NONE);
}

static void hidden_addresses_cost_names(void **state)
{
	(void)state;
	put_machine();
	assert_int_equal(state_of("the kernel's addresses"), FEATURE_OK);
	put("/proc/kallsyms", "0000000000000000 T _stext\n");
	assert_int_equal(state_of("the kernel's addresses"), FEATURE_LESS);
}

static void what_was_switched_off_is_said(void **state)
{
	(void)state;
	put_machine();
	assert_int_equal(state_of("BPF compiler"), FEATURE_OK);
	put("/proc/sys/net/core/bpf_jit_enable", "0\n");
	assert_int_equal(state_of("BPF compiler"), FEATURE_LESS);
	put("/sys/kernel/security/lockdown", "none integrity [confidentiality]\n");
	assert_int_equal(state_of("lockdown"), FEATURE_NONE);
	put("/proc/sys/kernel/yama/ptrace_scope", "3\n");
	assert_int_equal(state_of("memory of other processes"), FEATURE_LESS);
	put("/proc/self/mountinfo", "24 1 0:21 / /sys rw - sysfs sysfs rw\n");
	assert_int_equal(state_of("control groups"), FEATURE_LESS);
}

static void the_pid_namespace_is_the_first_or_has_a_proc_of_its_own(void **state)
{
	char text[256];

	(void)state;
	put_machine();
	assert_int_equal(state_of("pid namespace"), FEATURE_OK);
	put_link("/proc/self/ns/pid", "pid:[4026532431]");
	assert_int_equal(state_of("pid namespace"), FEATURE_LESS);
	snprintf(text, sizeof(text), "%sNSpid:\t%d\t%d\n", all_caps, (int)getpid(), 7);
	put("/proc/self/status", text);
	assert_int_equal(state_of("pid namespace"), FEATURE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(an_old_kernel_can_not_record),
		FIXTURE_TEST(without_types_nothing_is_said_of_tracepoints),
		FIXTURE_TEST(this_kernels_types_are_read),
		FIXTURE_TEST(capabilities_are_those_in_effect),
		FIXTURE_TEST(hidden_addresses_cost_names),
		FIXTURE_TEST(what_was_switched_off_is_said),
		FIXTURE_TEST(the_pid_namespace_is_the_first_or_has_a_proc_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
