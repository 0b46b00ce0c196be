// SPDX-License-Identifier: MIT
/* Owns the lists. What is not obvious says what it is for. */
#include "record/filter.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/array.h"

/* With any arguments. */
static const int calls[] = {
	/* files that are open, and reading what has a name */
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev),
	SCMP_SYS(pwrite64), SCMP_SYS(close), SCMP_SYS(lseek), SCMP_SYS(_llseek), SCMP_SYS(fstat),
	SCMP_SYS(fstat64), SCMP_SYS(newfstatat), SCMP_SYS(fstatat64), SCMP_SYS(stat),
	SCMP_SYS(lstat), SCMP_SYS(statx), SCMP_SYS(statfs), SCMP_SYS(fstatfs), SCMP_SYS(access),
	SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
	SCMP_SYS(getdents64), SCMP_SYS(dup), SCMP_SYS(flock), SCMP_SYS(getcwd),
	/* the recording gets its name */
	SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(rename), SCMP_SYS(renameat),
	SCMP_SYS(renameat2), SCMP_SYS(unlink), SCMP_SYS(unlinkat),
	/* locks, owners and runtimes of the targets */
	SCMP_SYS(process_vm_readv), SCMP_SYS(capget), SCMP_SYS(capset),
	/* memory and threads */
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex),
	SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(membarrier), SCMP_SYS(sched_yield),
	SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(restart_syscall),
	SCMP_SYS(sched_getaffinity), SCMP_SYS(getcpu),
	/* waiting, signals and the command's end */
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_ctl), SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack), SCMP_SYS(wait4), SCMP_SYS(waitid),
	/* who and where we are */
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getppid), SCMP_SYS(getuid),
	SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(uname),
	SCMP_SYS(sysinfo), SCMP_SYS(getrusage), SCMP_SYS(times), SCMP_SYS(getrandom),
};

/* What bpf(2) may do: use what there is, and walk over the threads. Nothing is loaded. */
static const int bpf_commands[] = {
	BPF_MAP_LOOKUP_ELEM,
	BPF_MAP_UPDATE_ELEM,
	BPF_MAP_DELETE_ELEM,
	BPF_MAP_GET_NEXT_KEY,
	BPF_MAP_LOOKUP_AND_DELETE_ELEM,
	BPF_MAP_LOOKUP_BATCH,
	BPF_MAP_LOOKUP_AND_DELETE_BATCH,
	BPF_MAP_UPDATE_BATCH,
	BPF_MAP_DELETE_BATCH,
	BPF_OBJ_GET_INFO_BY_FD,
	BPF_LINK_CREATE,
	BPF_ITER_CREATE,
};

/* What the libraries ask of a descriptor. */
static const int fcntls[] = { F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC };

static const int ioctls[] = { TCGETS, TIOCGWINSZ };

/* Kernels before 6.6: a uprobe is a perf event each. */
static const unsigned int perf_ioctls[] = { PERF_EVENT_IOC_SET_BPF, PERF_EVENT_IOC_ENABLE,
					    PERF_EVENT_IOC_DISABLE };

/* Those that this machine lacks, such as stat(2) of newer ones, are no failure. */
static int allow(scmp_filter_ctx f, int call)
{
	int err = seccomp_rule_add(f, SCMP_ACT_ALLOW, call, 0);

	return err == -EDOM ? 0 : err;
}

static int allow_if(scmp_filter_ctx f, int call, struct scmp_arg_cmp arg)
{
	int err = seccomp_rule_add_array(f, SCMP_ACT_ALLOW, call, 1, &arg);

	return err == -EDOM ? 0 : err;
}

/* Files are only read; no memory becomes code; threads, but no processes. */
static int allow_parts(scmp_filter_ctx f)
{
	const scmp_datum_t changes = O_ACCMODE | O_CREAT | O_TRUNC;
	int err = 0;

	err |= allow_if(f, SCMP_SYS(openat), SCMP_A2(SCMP_CMP_MASKED_EQ, changes, O_RDONLY));
	err |= allow_if(f, SCMP_SYS(open), SCMP_A1(SCMP_CMP_MASKED_EQ, changes, O_RDONLY));
	err |= allow_if(f, SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	err |= allow_if(f, SCMP_SYS(mmap2), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	err |= allow_if(f, SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	err |= allow_if(f, SCMP_SYS(clone),
			SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	/* Of its own thread: placement.c. */
	err |= allow_if(f, SCMP_SYS(sched_setaffinity), SCMP_A0(SCMP_CMP_EQ, 0));
	/* Its flags are in memory: without it the C library takes clone(). */
	err |= seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	err |= allow_if(f, SCMP_SYS(prlimit64), SCMP_A2(SCMP_CMP_EQ, 0));
	/* Aborting. */
	err |= allow_if(f, SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	for (size_t i = 0; i < ARRAY_CNT(fcntls); i++)
		err |= allow_if(f, SCMP_SYS(fcntl), SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)fcntls[i]));
	for (size_t i = 0; i < ARRAY_CNT(ioctls); i++)
		err |= allow_if(f, SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)ioctls[i]));
	for (size_t i = 0; i < ARRAY_CNT(bpf_commands); i++)
		err |= allow_if(f, SCMP_SYS(bpf),
				SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)bpf_commands[i]));
	return err;
}

static int allow_uprobes(scmp_filter_ctx f)
{
	int err = allow(f, SCMP_SYS(perf_event_open));

	for (size_t i = 0; i < ARRAY_CNT(perf_ioctls); i++)
		err |= allow_if(f, SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, perf_ioctls[i]));
	return err;
}

/* Refuses all that is not added; of other machines' calls, too. */
static scmp_filter_ctx filter_new(void)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	if (f)
		seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return f;
}

static int load(scmp_filter_ctx f, int err)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	err = err ? -EINVAL : 0;
#else
	err = err ? -EINVAL : seccomp_load(f);
#endif
	seccomp_release(f);
	return err;
}

int filter_load(pid_t child, bool late_uprobes)
{
	scmp_filter_ctx f = filter_new();
	int err = 0;

	if (!f)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_CNT(calls); i++)
		err |= allow(f, calls[i]);
	err |= allow_parts(f);
	if (late_uprobes)
		err |= allow_uprobes(f);
	if (child)
		err |= allow_if(f, SCMP_SYS(kill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)child));
	return load(f, err);
}

int filter_load_stats(void)
{
	static const int few[] = { SCMP_SYS(close),   SCMP_SYS(futex),  SCMP_SYS(exit),
				   SCMP_SYS(madvise), SCMP_SYS(munmap), SCMP_SYS(rt_sigprocmask) };
	scmp_filter_ctx f = filter_new();
	int err = 0;

	if (!f)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_CNT(few); i++)
		err |= allow(f, few[i]);
	err |= allow_if(f, SCMP_SYS(bpf), SCMP_A0(SCMP_CMP_EQ, BPF_ENABLE_STATS));
	return load(f, err);
}
