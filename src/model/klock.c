// SPDX-License-Identifier: MIT
/* Owns the names of the kernel's symbols and of block devices. */
#include "model/klock.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "model/channel_table.h"
#include "model/lock_table.h"
#include "model/task_table.h"

#define MINOR_BITS 20	/* of a dev_t inside the kernel */

static void put_name(struct htab *names, uint64_t key, const char *name)
{
	free(htab_find(names, key, 0));
	htab_put(names, key, 0, xstrdup(name));
}

void klock_symbol(struct model *m, const struct event_symbol *ev)
{
	put_name(&m->kernel_symbols, ev->addr, ev->name);
}

void klock_device(struct model *m, const struct event_device *ev)
{
	put_name(&m->devices, ev->dev, ev->name);
}

static void release_names(struct htab *names)
{
	htab_for_each(names, i)
		free(names->entries[i].value);
	htab_release(names);
}

void klock_release(struct model *m)
{
	release_names(&m->kernel_symbols);
	release_names(&m->devices);
}

static const char *kind_word(uint8_t klock)
{
	switch (klock) {
	case PAR_KLOCK_MUTEX:
		return "mutex";
	case PAR_KLOCK_READ:
	case PAR_KLOCK_WRITE:
		return "rwsem";
	default:
		return "lock";
	}
}

/*
 * "mmap_lock of app (4242)", "descriptor table of app (4242)", "cgroup_mutex",
 * "inode lock of /var/log/app", "rwsem in do_unlinkat", "mutex 0xffff888012345678"
 */
static char *klock_name(struct model *m, const struct task *t, const struct par_cause *cause)
{
	const char *variable = htab_find(&m->kernel_symbols, cause->lock_addr, 0);
	const char *function = htab_find(&m->kernel_symbols, cause->lock_ip, 0);
	struct strbuf name = { 0 };

	if (cause->klock == PAR_KLOCK_MMAP) {
		strbuf_addf(&name, "mmap_lock of %s (%u)", t->process->name, t->process->pid);
	} else if (cause->klock == PAR_KLOCK_TABLE) {
		strbuf_addf(&name, "descriptor table of %s (%u)", t->process->name,
			    t->process->pid);
	} else if (cause->klock == PAR_KLOCK_FILE) {
		bool is_pipe = cause->file.kind == PAR_FILE_PIPE ||
			       cause->file.kind == PAR_FILE_FIFO;

		strbuf_addstr(&name, is_pipe ? "lock of " : "inode lock of ");
		file_name_format(&name, m, &cause->file);
	} else if (variable) {
		strbuf_addstr(&name, variable);
	} else if (function) {
		strbuf_addf(&name, "%s in %s", kind_word(cause->klock), function);
	} else {
		strbuf_addf(&name, "%s 0x%" PRIx64, kind_word(cause->klock),
			    (uint64_t)cause->lock_addr);
	}
	return strbuf_take(&name);
}

struct lock *klock_get(struct model *m, const struct task *t, const struct par_cause *cause)
{
	bool is_own = cause->klock == PAR_KLOCK_MMAP || cause->klock == PAR_KLOCK_TABLE;
	struct process *p = is_own ? t->process : NULL;
	struct lock *lock = lock_find(m, p, LOCK_KERNEL, cause->lock_addr);

	if (lock)
		return lock;
	return lock_new(m, p, LOCK_KERNEL, cause->lock_addr, klock_name(m, t, cause));
}

const struct task *klock_holder(const struct model *m, const struct task *t,
				const struct par_cause *cause, uint32_t waker_tid)
{
	const struct task *owner = cause->owner_tid ? task_find(m, cause->owner_tid) : NULL;
	const struct task *waker = task_find(m, waker_tid);

	/* Nobody holds a table that grows: whoever made it grow waits like the others. */
	if (cause->klock == PAR_KLOCK_TABLE)
		return NULL;
	if (owner && owner != t)
		return owner;
	return waker != t ? waker : NULL;
}

void klock_add_device(struct strbuf *out, const struct model *m, const struct par_cause *cause)
{
	const char *name = htab_find(&m->devices, cause->block_dev, 0);

	if (!cause->block_dev)
		return;
	if (name)
		strbuf_addf(out, " (%s)", name);
	else
		strbuf_addf(out, " (%u:%u)", cause->block_dev >> MINOR_BITS,
			    cause->block_dev & ((1u << MINOR_BITS) - 1));
}
