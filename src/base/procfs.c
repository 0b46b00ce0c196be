// SPDX-License-Identifier: MIT
/*
 * Owns the root directory, for tests, and nothing else. Every file is read anew.
 * What control groups allow is in cgroup.c.
 */
#include "base/procfs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/htab.h"
#include "base/reach.h"
#include "base/text.h"
#include "base/xalloc.h"

#define PATH_LEN   PATH_MAX
#define CPU_MAX    65536
#define PF_KTHREAD 0x00200000 /* include/linux/sched.h; part of what stat(5) prints */
#define TCP_LISTEN 0x0a /* include/net/tcp_states.h */

static const char *root = "";

void procfs_set_root(const char *new_root)
{
	root = new_root;
}

static int format_path(char *path, const char *fmt, va_list ap)
{
	int at = snprintf(path, PATH_LEN, "%s", root);
	int len;

	if (at < 0 || at >= PATH_LEN)
		return -ENAMETOOLONG;
	len = vsnprintf(path + at, (size_t)(PATH_LEN - at), fmt, ap);
	return len < 0 || at + len >= PATH_LEN ? -ENAMETOOLONG : 0;
}

int procfs_open(const char *fmt, ...)
{
	char path[PATH_LEN];
	va_list ap;
	int fd, err;

	va_start(ap, fmt);
	err = format_path(path, fmt, ap);
	va_end(ap);
	if (err)
		return err;
	fd = reach_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

int procfs_read(char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_LEN];
	va_list ap;
	int ret;

	buf[0] = 0;
	va_start(ap, fmt);
	ret = format_path(path, fmt, ap);
	va_end(ap);
	return ret ? ret : reach_read(path, buf, size);
}

int procfs_link(char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_LEN];
	ssize_t len;
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = format_path(path, fmt, ap);
	va_end(ap);
	if (err)
		return err;
	len = reach_readlink(path, buf, size);
	if (len < 0)
		return -errno;
	if ((size_t)len == size)
		return -ENAMETOOLONG;
	buf[len] = 0;
	return 0;
}

int procfs_each_line(int (*fn)(void *ctx, char *line), void *ctx, const char *fmt, ...)
{
	/* More than the kernel gives at a time; stdio asks for 1 kB of what is in /proc. */
	char path[PATH_LEN], buf[8192];
	char *line = NULL;
	size_t cap = 0;
	va_list ap;
	FILE *f;
	int fd, ret;

	va_start(ap, fmt);
	ret = format_path(path, fmt, ap);
	va_end(ap);
	if (ret)
		return ret;

	fd = reach_open(path, O_RDONLY);
	if (fd < 0)
		return -errno;
	f = fdopen(fd, "r");
	if (!f) {
		close(fd);
		return -ENOMEM;
	}
	setvbuf(f, buf, _IOFBF, sizeof(buf));
	while (!ret && getline(&line, &cap, f) >= 0) {
		line[strcspn(line, "\n")] = 0;
		ret = fn(ctx, line);
	}
	free(line);
	fclose(f);
	return ret;
}

/* A process that is gone has no directory, or one whose files give ESRCH. */
static int gone(int err)
{
	return err == -ENOENT ? -ESRCH : err;
}

static uint64_t ticks_to_ns(unsigned long long ticks)
{
	long per_s = sysconf(_SC_CLK_TCK);

	return ticks * (1000000000ULL / (uint64_t)(per_s > 0 ? per_s : 100));
}

/* Fields of stat from the third, numbered as proc(5) does. */
enum {
	STAT_FIRST = 3,
	STAT_PPID = 4,
	STAT_FLAGS = 9,
	STAT_MINFLT = 10,
	STAT_MAJFLT = 12,
	STAT_UTIME = 14,
	STAT_STIME = 15,
	STAT_THREADS = 20,
	STAT_START = 22,
	STAT_END
};

/*
 * The name is in parentheses and may itself hold blanks, parentheses and line
 * ends, so it reaches to the last ')' of the file.
 */
static int parse_stat(char *text, struct procfs_stat *out)
{
	unsigned long long field[STAT_END] = { 0 };
	char *open = strchr(text, '('), *close = strrchr(text, ')'), *p;
	size_t comm_len;

	*out = (struct procfs_stat){ 0 };
	if (!open || !close || close < open || close[1] != ' ' || !isalpha((unsigned char)close[2]))
		return -EBADMSG;

	comm_len = (size_t)(close - open - 1);
	if (comm_len >= sizeof(out->comm))
		comm_len = sizeof(out->comm) - 1;
	memcpy(out->comm, open + 1, comm_len);
	out->comm[comm_len] = 0;
	text_clean(out->comm, comm_len);
	out->state = close[2];

	p = close + 3;
	for (int i = STAT_FIRST + 1; i < STAT_END; i++) {
		char *end;

		field[i] = strtoull(p, &end, 10);
		if (end == p)
			return -EBADMSG;
		p = end;
	}
	out->pid = (uint32_t)strtoul(text, NULL, 10);
	out->ppid = (uint32_t)field[STAT_PPID];
	out->is_kthread = field[STAT_FLAGS] & PF_KTHREAD;
	out->min_flt = field[STAT_MINFLT];
	out->maj_flt = field[STAT_MAJFLT];
	out->utime_ns = ticks_to_ns(field[STAT_UTIME]);
	out->stime_ns = ticks_to_ns(field[STAT_STIME]);
	out->thread_cnt = (uint32_t)field[STAT_THREADS];
	out->start_ns = ticks_to_ns(field[STAT_START]);
	return 0;
}

int procfs_stat(uint32_t pid, struct procfs_stat *out)
{
	char buf[1024];
	int len = procfs_read(buf, sizeof(buf), "/proc/%u/stat", pid);

	*out = (struct procfs_stat){ 0 };
	return len < 0 ? gone(len) : parse_stat(buf, out);
}

/* "NSpid:\t4242\t7": from /proc's own namespace inwards. */
static void parse_nspid(const char *list, struct procfs_status *out)
{
	uint32_t cnt = 0;

	for (;;) {
		char *end;
		unsigned long id = strtoul(list, &end, 10);

		if (end == list)
			break;
		out->ns_pid = (uint32_t)id;
		cnt++;
		list = end;
	}
	out->ns_depth = cnt ? cnt - 1 : 0;
}

struct status_parse {
	struct procfs_status *out;
	bool seen_tgid, seen_uid;
};

static int parse_status_line(void *ctx, char *line)
{
	struct status_parse *p = ctx;
	struct procfs_status *out = p->out;

	if (!strncmp(line, "NSpid:", 6))
		parse_nspid(line + 6, out);
	else if (sscanf(line, "Tgid: %u", &out->tgid) == 1)
		p->seen_tgid = true;
	else if (sscanf(line, "Uid: %u %u", &out->uid, &out->euid) == 2)
		p->seen_uid = true;
	else
		sscanf(line, "PPid: %u", &out->ppid);
	return 0;
}

int procfs_status(uint32_t pid, struct procfs_status *out)
{
	struct status_parse p = { .out = out };
	int err;

	*out = (struct procfs_status){ 0 };
	err = procfs_each_line(parse_status_line, &p, "/proc/%u/status", pid);
	if (err)
		return gone(err);
	if (!p.seen_tgid || !p.seen_uid)
		return -EBADMSG;
	if (!out->ns_pid) /* no NSpid: a kernel without pid namespaces */
		out->ns_pid = pid;
	return 0;
}

int procfs_comm(uint32_t pid, char *buf, size_t size)
{
	int len = procfs_read(buf, size, "/proc/%u/comm", pid);

	if (len < 0)
		return gone(len);
	if (len && buf[len - 1] == '\n')
		buf[--len] = 0;
	text_clean(buf, (size_t)len);
	return 0;
}

int procfs_cmdline(uint32_t pid, char *buf, size_t size)
{
	int len = procfs_read(buf, size, "/proc/%u/cmdline", pid);

	if (len < 0)
		return gone(len);
	/* Programs that rewrite their title leave a tail of zeros or blanks. */
	while (len && (!buf[len - 1] || buf[len - 1] == ' '))
		buf[--len] = 0;
	for (int i = 0; i < len; i++) {
		if (!buf[i])
			buf[i] = ' ';
	}
	text_clean(buf, (size_t)len);
	return 0;
}

int procfs_exe(uint32_t pid, char *buf, size_t size)
{
	static const char deleted[] = " (deleted)";
	char path[PATH_LEN];
	ssize_t len;
	size_t tail = sizeof(deleted) - 1;

	buf[0] = 0;
	if (snprintf(path, sizeof(path), "%s/proc/%u/exe", root, pid) >= PATH_LEN)
		return -ENAMETOOLONG;
	len = reach_readlink(path, buf, size - 1);
	if (len < 0)
		return -errno;
	buf[len] = 0;
	if ((size_t)len > tail && !strcmp(buf + len - tail, deleted))
		buf[(size_t)len - tail] = 0;
	text_clean(buf, strlen(buf));
	return 0;
}

int procfs_memory_estimate(uint32_t pid, struct procfs_memory *out)
{
	unsigned long long size, resident, shared;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	char buf[256];
	int len = procfs_read(buf, sizeof(buf), "/proc/%u/statm", pid);

	*out = (struct procfs_memory){ 0 };
	if (len < 0)
		return gone(len);
	if (sscanf(buf, "%llu %llu %llu", &size, &resident, &shared) != 3)
		return -EBADMSG;
	out->rss_bytes = resident * page;
	out->private_bytes = resident > shared ? (resident - shared) * page : 0;
	return 0;
}

static void add_kib(const char *line, const char *key, uint64_t *bytes)
{
	size_t len = strlen(key);

	if (!strncmp(line, key, len))
		*bytes += strtoull(line + len, NULL, 10) * 1024;
}

static int parse_rollup_line(void *ctx, char *line)
{
	struct procfs_memory *m = ctx;

	add_kib(line, "Rss:", &m->rss_bytes);
	add_kib(line, "Pss:", &m->pss_bytes);
	add_kib(line, "Private_Clean:", &m->private_bytes);
	add_kib(line, "Private_Dirty:", &m->private_bytes);
	return 0;
}

/*
 * The rollup needs CONFIG_PROC_PAGE_MONITOR and the right to ptrace the process;
 * it is empty for a process that has no memory any more.
 */
int procfs_memory(uint32_t pid, struct procfs_memory *out)
{
	*out = (struct procfs_memory){ 0 };
	if (!procfs_each_line(parse_rollup_line, out, "/proc/%u/smaps_rollup", pid) &&
	    out->rss_bytes)
		return 0;
	return procfs_memory_estimate(pid, out);
}

/* The entries of a directory whose names are numbers. */
static int each_id(const char *path, int (*fn)(void *ctx, uint32_t id), void *ctx)
{
	const struct dirent *entry;
	int ret = 0;
	DIR *dir = reach_opendir(path);

	if (!dir)
		return -errno;
	while (!ret && (entry = readdir(dir))) {
		char *end;
		unsigned long id = strtoul(entry->d_name, &end, 10);

		if (isdigit((unsigned char)entry->d_name[0]) && !*end && id <= INT32_MAX)
			ret = fn(ctx, (uint32_t)id);
	}
	closedir(dir);
	return ret;
}

int procfs_each_pid(int (*fn)(void *ctx, uint32_t pid), void *ctx)
{
	char path[PATH_LEN];

	if (snprintf(path, sizeof(path), "%s/proc", root) >= PATH_LEN)
		return -ENAMETOOLONG;
	return each_id(path, fn, ctx);
}

struct link_walk {
	uint32_t pid;
	int (*fn)(void *ctx, const char *target);
	void *ctx;
};

static int read_link(void *ctx, uint32_t fd)
{
	const struct link_walk *walk = ctx;
	char path[PATH_LEN], target[PATH_LEN];
	ssize_t len;

	if (snprintf(path, sizeof(path), "%s/proc/%u/fd/%u", root, walk->pid, fd) >= PATH_LEN)
		return 0;
	len = reach_readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return 0; /* closed meanwhile */
	target[len] = 0;
	return walk->fn(walk->ctx, target);
}

int procfs_each_link(uint32_t pid, int (*fn)(void *ctx, const char *target), void *ctx)
{
	struct link_walk walk = { pid, fn, ctx };
	char path[PATH_LEN];

	if (snprintf(path, sizeof(path), "%s/proc/%u/fd", root, pid) >= PATH_LEN)
		return -ENAMETOOLONG;
	return each_id(path, read_link, &walk);
}

struct family {
	struct member {
		uint32_t pid, ppid;
		size_t next_sibling; /* index + 1, 0: none */
	} * members;
	size_t cnt, cap;
};

static int collect_member(void *ctx, uint32_t pid)
{
	struct family *f = ctx;
	struct procfs_stat st;

	if (procfs_stat(pid, &st))
		return 0; /* ended since the directory was read */
	XGROW(f->members, f->cnt, f->cap);
	f->members[f->cnt++] = (struct member){ .pid = pid, .ppid = st.ppid };
	return 0;
}

static void add_pid(struct procfs_pids *pids, uint32_t pid)
{
	XGROW(pids->ids, pids->cnt, pids->cap);
	pids->ids[pids->cnt++] = pid;
}

int procfs_descendants(uint32_t pid, struct procfs_pids *out)
{
	struct family f = { 0 };
	struct htab first_child = { 0 }; /* (ppid, 0) -> struct member */
	int err = procfs_each_pid(collect_member, &f);
	bool is_alive = false;

	for (size_t i = 0; i < f.cnt; i++) {
		struct member *m = &f.members[i];
		const struct member *head = htab_find(&first_child, m->ppid, 0);

		m->next_sibling = head ? (size_t)(head - f.members) + 1 : 0;
		htab_put(&first_child, m->ppid, 0, m);
		is_alive |= m->pid == pid;
	}

	if (!err && is_alive) {
		size_t at = out->cnt;

		add_pid(out, pid);
		/*
		 * Ends, whatever the files say: each member hangs below one
		 * parent, and a round trip could only lead through @pid.
		 */
		for (; at < out->cnt; at++) {
			const struct member *m = htab_find(&first_child, out->ids[at], 0);

			for (; m; m = m->next_sibling ? &f.members[m->next_sibling - 1] : NULL) {
				if (m->pid != pid)
					add_pid(out, m->pid);
			}
		}
	}
	htab_release(&first_child);
	free(f.members);
	return err;
}

void procfs_pids_release(struct procfs_pids *pids)
{
	free(pids->ids);
	*pids = (struct procfs_pids){ 0 };
}

struct port_set {
	uint16_t *ports;
	size_t cnt, max;
};

/* Into its place; a full set forgets the highest. */
static void port_set_add(struct port_set *set, uint16_t port)
{
	size_t at = 0;

	while (at < set->cnt && set->ports[at] < port)
		at++;
	if (at == set->max || (at < set->cnt && set->ports[at] == port))
		return;
	if (set->cnt < set->max)
		set->cnt++;
	memmove(set->ports + at + 1, set->ports + at, (set->cnt - at - 1) * sizeof(*set->ports));
	set->ports[at] = port;
}

/*
 * "   0: 0100007F:1F90 00000000:0000 0A …": number, local, remote, state. Those
 * that listen come first (net/ipv4/tcp_ipv4.c, tcp_get_idx()); behind them are
 * all connections, tens of thousands on a busy server.
 */
static int parse_tcp_line(void *ctx, char *line)
{
	unsigned int port, state;

	if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%4x %*[0-9A-Fa-f]:%*4x %2x", &port, &state) != 2)
		return 0;
	if (state != TCP_LISTEN)
		return 1;
	if (port)
		port_set_add(ctx, (uint16_t)port);
	return 0;
}

int procfs_listen_ports(uint32_t pid, uint16_t *ports, size_t max)
{
	struct port_set set = { .ports = ports, .max = max };
	int err = procfs_each_line(parse_tcp_line, &set, "/proc/%u/net/tcp", pid);

	if (err < 0)
		return gone(err);
	/* Missing when IPv6 is switched off. */
	err = procfs_each_line(parse_tcp_line, &set, "/proc/%u/net/tcp6", pid);
	return err < 0 && err != -ENOENT ? err : (int)set.cnt;
}

/*
 * "0-3,8": how many CPUs these are. With @fill they go into the empty @set,
 * else those that are in it are taken out, and only they count.
 */
static int parse_cpu_list(const char *s, uint8_t *set, bool fill)
{
	int cnt = 0;

	while (isdigit((unsigned char)*s)) {
		char *end;
		unsigned long first = strtoul(s, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (last < first || last >= CPU_MAX)
			return -EBADMSG;
		for (unsigned long i = first; i <= last; i++) {
			cnt += set[i] != fill;
			set[i] = fill;
		}
		s = *end == ',' ? end + 1 : end;
	}
	return cnt ? cnt : -EBADMSG;
}

static int read_online(uint8_t *set)
{
	char buf[4096];
	int len = procfs_read(buf, sizeof(buf), "/sys/devices/system/cpu/online");

	return len < 0 ? len : parse_cpu_list(buf, set, true);
}

int procfs_cpus_online(void)
{
	uint8_t *set = xcalloc(CPU_MAX, 1);
	int cnt = read_online(set);

	free(set);
	if (cnt < 0 && !*root)
		cnt = (int)sysconf(_SC_NPROCESSORS_ONLN);
	return cnt;
}

struct allowed {
	uint8_t *online;
	int cnt;
};

static int parse_allowed_line(void *ctx, char *line)
{
	static const char key[] = "Cpus_allowed_list:";
	struct allowed *a = ctx;

	if (strncmp(line, key, sizeof(key) - 1))
		return 0;
	line += sizeof(key) - 1;
	line += strspn(line, " \t");
	a->cnt = parse_cpu_list(line, a->online, false);
	return 1;
}

/* The list names CPUs that are offline, or could never be there, too. */
int procfs_cpus_allowed(uint32_t pid)
{
	struct allowed a = { .online = xcalloc(CPU_MAX, 1), .cnt = -EBADMSG };
	int err = read_online(a.online);

	if (err < 0)
		memset(a.online, 1, CPU_MAX);
	err = procfs_each_line(parse_allowed_line, &a, "/proc/%u/status", pid);
	free(a.online);
	return err < 0 ? gone(err) : a.cnt;
}

int procfs_boot_id(char id[PROCFS_BOOT_ID_LEN])
{
	int len = procfs_read(id, PROCFS_BOOT_ID_LEN, "/proc/sys/kernel/random/boot_id");

	if (len < 0) {
		id[0] = '\0';
		return len;
	}
	id[strspn(id, "0123456789abcdef-")] = '\0';
	return id[0] ? 0 : -EBADMSG;
}

int procfs_steal_ns(uint64_t *ns)
{
	unsigned long long ticks;
	char buf[512];
	int len = procfs_read(buf, sizeof(buf), "/proc/stat");

	*ns = 0;
	if (len < 0)
		return len;
	if (sscanf(buf, "cpu %*u %*u %*u %*u %*u %*u %*u %llu", &ticks) != 1)
		return -EBADMSG;
	*ns = ticks_to_ns(ticks);
	return 0;
}
