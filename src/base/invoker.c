// SPDX-License-Identifier: MIT
/* Owns nothing: asks the environment, the user database and /proc. */
#include "base/invoker.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/array.h"
#include "base/procfs.h"
#include "base/text.h"
#include "base/xalloc.h"

#define GROUPS_MAX 1024

/* More is not an environment that was given to a person. */
#define ENVIRON_MAX_BYTES (1u << 20)

static bool parse_id(const char *text, unsigned int *id)
{
	unsigned long value;
	char *end;

	if (!text || *text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoul(text, &end, 10);
	*id = (unsigned int)value;
	return !errno && !*end && value < UINT32_MAX;
}

struct invoker invoker_find(void)
{
	struct invoker who = { 0 };

	who.is_known = !geteuid() && parse_id(getenv("SUDO_UID"), &who.uid) &&
		       parse_id(getenv("SUDO_GID"), &who.gid) && who.uid;
	return who;
}

/* Never fails, and tells what was in effect before. */
static bool set_fs_ids(uid_t uid, gid_t gid)
{
	setfsgid(gid);
	setfsuid(uid);
	return setfsuid(uid) == (int)uid && setfsgid(gid) == (int)gid;
}

static void leave(const struct invoker *who)
{
	if (who->is_known)
		set_fs_ids(geteuid(), getegid());
}

/*
 * As another than root, capabilities for files are out of effect, see capabilities(7).
 * Root's own groups stay: what only they may write to is a surprise at most.
 */
static int enter(const struct invoker *who)
{
	if (!who->is_known || set_fs_ids(who->uid, who->gid))
		return 0;
	leave(who);
	return -EPERM;
}

int invoker_do(const struct invoker *who, int (*job)(void *arg), void *arg)
{
	int err = enter(who);

	if (!err)
		err = job(arg);
	leave(who);
	if (who->is_known && (err == -EACCES || err == -EPERM))
		err = job(arg);
	return err;
}

int invoker_give(const struct invoker *who, int fd)
{
	if (!who->is_known || !fchown(fd, who->uid, who->gid) || errno == EPERM)
		return 0;
	return -errno;
}

/* The library's functions would change all threads, of which one stays root: stats.c. */
int invoker_become(const struct invoker *who)
{
	gid_t groups[GROUPS_MAX] = { who->gid };
	const struct passwd *pw;
	int cnt = GROUPS_MAX;

	if (!who->is_known)
		return 0;
	pw = getpwuid(who->uid);
	if (!pw || getgrouplist(pw->pw_name, who->gid, groups, &cnt) < 0)
		cnt = 1;
	if (syscall(SYS_setgroups, cnt, groups) ||
	    syscall(SYS_setresgid, who->gid, who->gid, who->gid) ||
	    syscall(SYS_setresuid, who->uid, who->uid, who->uid))
		return -errno;
	return 0;
}

/* What sudo sets by itself, whatever its caller had. */
static const char *const set_by_sudo[] = { "HOME",  "LOGNAME", "MAIL",    "PATH",
					   "SHELL", "USER",    "USERNAME" };

static const char *find_in(const char *env, size_t len, const char *name)
{
	size_t name_len = strlen(name);

	for (const char *s = env; s < env + len; s += strlen(s) + 1)
		if (!strncmp(s, name, name_len) && s[name_len] == '=')
			return s + name_len + 1;
	return NULL;
}

/* sudo stays partrace's parent, and what its caller gave to it can be read there. */
static char *caller_environment(pid_t sudo, size_t *len)
{
	char *env = xmalloc(ENVIRON_MAX_BYTES);
	char exe[256];
	int got;

	if (!procfs_exe((uint32_t)sudo, exe, sizeof(exe)) && !strcmp(text_base_name(exe), "sudo")) {
		got = procfs_read(env, ENVIRON_MAX_BYTES, "/proc/%u/environ", (uint32_t)sudo);
		if (got > 0) {
			*len = (size_t)got;
			return env;
		}
	}
	free(env);
	return NULL;
}

static void take_caller(const char *env, size_t len)
{
	for (size_t i = 0; i < ARRAY_CNT(set_by_sudo); i++) {
		const char *value = find_in(env, len, set_by_sudo[i]);

		if (value)
			setenv(set_by_sudo[i], value, 1);
		else
			unsetenv(set_by_sudo[i]);
	}
	for (const char *s = env; s < env + len; s += strlen(s) + 1) {
		size_t name_len = strcspn(s, "=");
		char *name = xstrndup(s, name_len);

		if (name_len && s[name_len])
			setenv(name, s + name_len + 1, 0);
		free(name);
	}
}

static void take_passwd(const struct passwd *pw)
{
	setenv("HOME", pw->pw_dir, 1);
	setenv("USER", pw->pw_name, 1);
	setenv("LOGNAME", pw->pw_name, 1);
	setenv("SHELL", *pw->pw_shell ? pw->pw_shell : "/bin/sh", 1);
	unsetenv("MAIL");
}

void invoker_environment(const struct invoker *who, pid_t sudo)
{
	static const char *const marks[] = { "SUDO_COMMAND", "SUDO_GID", "SUDO_HOME", "SUDO_UID",
					     "SUDO_USER" };
	const struct passwd *pw;
	size_t len = 0;
	char *env;

	if (!who->is_known)
		return;
	env = caller_environment(sudo, &len);
	pw = getpwuid(who->uid);
	if (env)
		take_caller(env, len);
	else if (pw)
		take_passwd(pw);
	for (size_t i = 0; i < ARRAY_CNT(marks); i++)
		unsetenv(marks[i]);
	free(env);
}
