/* SPDX-License-Identifier: MIT */
/*
 * More threads than CPUs, and all that they do is what a tracer has to see: rename themselves,
 * and make processes that exec. So each is preempted in the midst of that, now and then.
 * Prints the number of renames, and of processes, the first one included, as JSON.
 *
 *	crowd
 */
#include "workload.h"

#define NAMED 8
#define RENAMES 20000	/* each; the last name is named-0, named-1 and so on */
#define PARENTS 4
#define CHILDREN 40	/* each */

static char self[4096];

static void *rename_often(void *arg)
{
	char name[16];

	for (int i = 1; i < RENAMES; i++) {
		snprintf(name, sizeof(name), "%d", i);
		name_me(name);
	}
	snprintf(name, sizeof(name), "named-%d", (int)(intptr_t)arg);
	name_me(name);
	return NULL;
}

static void *make_children(void *arg)
{
	(void)arg;
	for (int i = 0; i < CHILDREN; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (!pid) {
			execl(self, "crowd", "child", (char *)NULL);
			_exit(99);
		}
		if (waitpid(pid, NULL, 0) != pid)
			die("waitpid");
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[NAMED + PARENTS];

	(void)argv;
	if (argc > 1)
		return 0;
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		die("/proc/self/exe");
	for (int i = 0; i < NAMED; i++)
		threads[i] = start_thread(rename_often, (void *)(intptr_t)i);
	for (int i = 0; i < PARENTS; i++)
		threads[NAMED + i] = start_thread(make_children, NULL);
	for (int i = 0; i < NAMED + PARENTS; i++)
		pthread_join(threads[i], NULL);
	printf("{\"renames\": %d, \"processes\": %d, \"names\": %d}\n", NAMED * RENAMES,
	       1 + PARENTS * CHILDREN, NAMED);
	return 0;
}
