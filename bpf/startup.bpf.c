// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Owns nothing; see startup.bpf.h. */
#include "startup.bpf.h"

#include "compat.bpf.h"
#include "emit.bpf.h"
#include "file.bpf.h"

#define PROT_EXEC	0x4
#define MAP_ANONYMOUS	0x20
#define STDERR		2
#define ERRNO_MAX	4095

#define CHUNK		64	/* of a path; a power of two */
#define CHUNK_STEP	56	/* chunks overlap, so that no suffix is cut */
#define CHUNK_CNT	16

static __always_inline bool is_suffix2(char a, char b)
{
	return (a == 'p' && (b == 'y' || b == 'm' || b == 'l')) || (a == 'r' && b == 'b') ||
	       (a == 'j' && b == 's');
}

static __always_inline bool is_suffix3(char a, char b, char c)
{
	return (a == 'p' && b == 'y' && c == 'c') || (a == 'p' && b == 'h' && c == 'p') ||
	       (a == 'j' && b == 'a' && c == 'r') ||
	       ((a == 'm' || a == 'c') && b == 'j' && c == 's');
}

/*
 * Does the path in user space name code for an interpreter: "….py", "….pyc", "….rb"? A
 * global function: verified once, and not with each caller.
 */
__noinline int is_code(__u64 addr)
{
	const char *path = (const char *)addr;
	char s[CHUNK] = {};
	long n = 0;
	__u64 i;

	for (int k = 0; k < CHUNK_CNT; k++) {
		n = bpf_probe_read_user_str(s, sizeof(s), path);
		if (n < CHUNK)
			break;
		path += CHUNK_STEP;
	}
	if (n < 5)
		return false;
	i = n;
	if (s[(i - 4) & (CHUNK - 1)] == '.')
		return is_suffix2(s[(i - 3) & (CHUNK - 1)], s[(i - 2) & (CHUNK - 1)]);
	return s[(i - 5) & (CHUNK - 1)] == '.' &&
	       is_suffix3(s[(i - 4) & (CHUNK - 1)], s[(i - 3) & (CHUNK - 1)],
			  s[(i - 2) & (CHUNK - 1)]);
}

static __always_inline void tell(struct task_struct *task, struct thread *t, __u8 what)
{
	__u64 cpu_ns = task_field(task, se.sum_exec_runtime);
	__u64 now = bpf_ktime_get_ns();
	struct par_startup *rec;

	if (recording_over(now))
		return;
	if (startup_is_over(t, cpu_ns)) {
		t->is_young = 0;
		return;
	}
	t->startup.load_ns = cpu_ns - t->startup.base_ns;
	rec = emit_begin(sizeof(*rec), PAR_STARTUP, t->tid, now);
	if (!rec)
		return;
	rec->hdr.flags = what;
	rec->tgid = t->tgid;
	rec->pad = 0;
	emit_end(rec);
}

/* A pipe that it did not make has told it something. Standard input is for data. */
static __always_inline void note_feed(struct task_struct *task, struct thread *t, __u64 fd)
{
	struct par_file_ref ref;

	if (t->startup.has_pipes || (__u32)fd <= STDERR)
		return;
	file_ref_fill(task, t, fd, &ref);
	if (ref.kind == PAR_FILE_PIPE)
		t->startup.feed_fd = fd;
}

void startup_step(struct task_struct *task, struct thread *t, long sysno, long ret)
{
	const volatile struct par_startup_calls *call = &config.startup;
	__u64 args[5];

	if (ret < 0 && ret >= -ERRNO_MAX)
		return;
	regs_args(task_regs(task), args);
	if (sysno == call->openat) {
		if (is_code(args[1]))
			tell(task, t, PAR_STARTUP_LOADED);
	} else if (sysno == call->open) {
		if (is_code(args[0]))
			tell(task, t, PAR_STARTUP_LOADED);
	} else if (sysno == call->mmap) {
		if ((args[2] & PROT_EXEC) && !(args[3] & MAP_ANONYMOUS))
			tell(task, t, PAR_STARTUP_LOADED);
	} else if (sysno == call->read) {
		if (ret > 0)
			note_feed(task, t, args[0]);
	} else if (sysno == call->close) {
		if (t->startup.feed_fd && (__u32)args[0] == t->startup.feed_fd) {
			t->startup.feed_fd = 0;
			tell(task, t, PAR_STARTUP_FED);
		}
	} else if (sysno == call->pipe || sysno == call->pipe2) {
		t->startup.has_pipes = 1;
	}
}
