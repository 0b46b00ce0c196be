// SPDX-License-Identifier: MIT
/*
 * Finds a process's groups in the mounted hierarchies. Keeps no state.
 *
 * /proc/PID/cgroup names groups as seen from the reader's cgroup namespace, so
 * it is the reader's own mounts that they are looked up in, not the process's.
 */
#include "base/cgroup.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/procfs.h"

struct quota_search {
	uint32_t pid;
	char group[PATH_MAX]; /* the process's, in the hierarchy at hand */
	double cpus; /* the smallest yet, 0: none */
	bool is_v2;
	bool is_found; /* @group is set */
};

/* Is @name one of the comma-separated @list? */
static bool list_has(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (; *list; list += strcspn(list, ","), list += *list == ',') {
		if (strcspn(list, ",") == len && !strncmp(list, name, len))
			return true;
	}
	return false;
}

/* "0::/a/b" is version 2, "4:cpu,cpuacct:/a/b" version 1. */
static int match_group(void *ctx, char *line)
{
	struct quota_search *q = ctx;
	char *controllers = strchr(line, ':');
	char *path = controllers ? strchr(controllers + 1, ':') : NULL;

	if (!path)
		return 0;
	*path++ = 0;
	controllers++;
	if (q->is_v2 ? *controllers != 0 : !list_has(controllers, "cpu"))
		return 0;
	snprintf(q->group, sizeof(q->group), "%s", path);
	q->is_found = true;
	return 1;
}

/* mountinfo writes blanks, and what else would break its lines, as "\040". */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && strspn(s + 1, "01234567") >= 3) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = 0;
}

/* A quota of -1, or "max", is none. */
static double read_quota(const char *dir, bool is_v2)
{
	long long quota = 0, period = 0;
	char buf[64];

	if (is_v2) {
		if (procfs_read(buf, sizeof(buf), "%s/cpu.max", dir) <= 0 ||
		    sscanf(buf, "%lld %lld", &quota, &period) != 2)
			return 0;
	} else {
		if (procfs_read(buf, sizeof(buf), "%s/cpu.cfs_quota_us", dir) <= 0 ||
		    sscanf(buf, "%lld", &quota) != 1)
			return 0;
		if (procfs_read(buf, sizeof(buf), "%s/cpu.cfs_period_us", dir) <= 0 ||
		    sscanf(buf, "%lld", &period) != 1)
			return 0;
	}
	return quota > 0 && period > 0 ? (double)quota / (double)period : 0;
}

/* From the group up to the mount point, which may itself be a limited group. */
static void walk_up(struct quota_search *q, const char *mount_point, const char *group)
{
	size_t top = strlen(mount_point);
	char dir[PATH_MAX];
	int len = snprintf(dir, sizeof(dir), "%s%s", mount_point, group);

	if (len < 0 || (size_t)len >= sizeof(dir))
		return;
	for (;;) {
		double cpus = read_quota(dir, q->is_v2);
		char *slash = strrchr(dir + top, '/');

		if (cpus > 0 && (!q->cpus || cpus < q->cpus))
			q->cpus = cpus;
		if (!slash)
			break;
		*slash = 0;
	}
}

/* @group as a path below the directory @mount_root of the hierarchy, or NULL. */
static const char *below(const char *group, const char *mount_root)
{
	size_t len = strlen(mount_root);

	if (!strcmp(mount_root, "/"))
		return strcmp(group, "/") ? group : "";
	if (strncmp(group, mount_root, len) || (group[len] && group[len] != '/'))
		return NULL;
	return group + len;
}

/* "ID PARENT DEV ROOT POINT OPTIONS [TAGS …] - TYPE SOURCE SUPER_OPTIONS" */
static int visit_mount(void *ctx, char *line)
{
	struct quota_search *q = ctx;
	char *tail = strstr(line, " - "), *save = NULL, *field[5];
	char type[32], options[256];
	const char *group;

	if (!tail || sscanf(tail, " - %31s %*s %255s", type, options) != 2)
		return 0;
	if (strcmp(type, q->is_v2 ? "cgroup2" : "cgroup"))
		return 0;
	if (!q->is_v2 && !list_has(options, "cpu"))
		return 0;

	for (int i = 0; i < 5; i++) {
		field[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!field[i])
			return 0;
	}
	unescape(field[3]);
	unescape(field[4]);
	group = below(q->group, field[3]);
	/* "/../x": outside what this namespace shows. */
	if (group && strncmp(group, "/..", 3))
		walk_up(q, field[4], group);
	return 0;
}

static int search(struct quota_search *q, bool is_v2)
{
	int err;

	q->is_v2 = is_v2;
	q->is_found = false;
	err = procfs_each_line(match_group, q, "/proc/%u/cgroup", q->pid);
	if (err < 0)
		return err == -ENOENT ? -ESRCH : err;
	if (!q->is_found)
		return 0;
	return procfs_each_line(visit_mount, q, "/proc/self/mountinfo");
}

int cgroup_cpu_quota(uint32_t pid, double *cpus)
{
	struct quota_search q = { .pid = pid };
	int err;

	*cpus = 0;
	/* Both may be mounted; the controller is then in one of them. */
	err = search(&q, true);
	if (!err)
		err = search(&q, false);
	if (err)
		return err;
	*cpus = q.cpus;
	return q.cpus > 0;
}
