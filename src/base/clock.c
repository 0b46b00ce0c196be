// SPDX-License-Identifier: MIT
/* Thin over clock_gettime(2); owns what sets this time namespace's clocks apart from the kernel's. */
#include "base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DURATION_MAX_NS (366.0 * 86400 * NS_PER_S)

static uint64_t read_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* What is to be taken off to get the kernel's, see time_namespaces(7). */
static struct {
	pthread_once_t once;
	uint64_t mono_ns, boot_ns; /* may stand for less than 0 */
} ahead = { .once = PTHREAD_ONCE_INIT };

static void find_ahead(void)
{
	FILE *file = fopen("/proc/self/timens_offsets", "re");
	long long sec, ns;
	char name[16];

	/* Kernels before 5.6 have none, nor such namespaces. */
	if (!file)
		return;
	while (fscanf(file, "%15s %lld %lld", name, &sec, &ns) == 3) {
		uint64_t offset = (uint64_t)sec * NS_PER_S + (uint64_t)ns;

		if (!strcmp(name, "monotonic"))
			ahead.mono_ns = offset;
		else if (!strcmp(name, "boottime"))
			ahead.boot_ns = offset;
	}
	fclose(file);
}

uint64_t clock_mono_ns(void)
{
	pthread_once(&ahead.once, find_ahead);
	return read_ns(CLOCK_MONOTONIC) - ahead.mono_ns;
}

uint64_t clock_boot_ns(void)
{
	pthread_once(&ahead.once, find_ahead);
	return read_ns(CLOCK_BOOTTIME) - ahead.boot_ns;
}

uint64_t clock_wall_ns(void)
{
	return read_ns(CLOCK_REALTIME);
}

uint64_t clock_process_cpu_ns(void)
{
	return read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

void clock_sleep_ns(uint64_t ns)
{
	struct timespec ts = { (time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S) };

	while (nanosleep(&ts, &ts) < 0 && errno == EINTR)
		;
}

int64_t clock_offset_ns(uint64_t (*clock)(void))
{
	uint64_t least_ns = UINT64_MAX;
	int64_t offset_ns = 0;

	/* Read between two readings of the other; the closest of some, as anything may come between. */
	for (int i = 0; i < 5; i++) {
		uint64_t before = clock_mono_ns();
		uint64_t there = clock();
		uint64_t after = clock_mono_ns();

		if (after - before < least_ns) {
			least_ns = after - before;
			offset_ns = (int64_t)there - (int64_t)(before + least_ns / 2);
		}
	}
	return offset_ns;
}

int duration_parse(const char *s, uint64_t *ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {
		{ "", 1e9 }, { "s", 1e9 }, { "ms", 1e6 }, { "us", 1e3 },
		{ "m", 60e9 }, { "min", 60e9 }, { "h", 3600e9 },
	};
	char *end;
	double value;

	/* strtod() alone would take " 1", "-1", "inf" and "0x10". */
	if (!isdigit((unsigned char)s[0]) && s[0] != '.')
		return -EINVAL;
	if (strspn(s, "0123456789.") != strcspn(s, "smuhi"))
		return -EINVAL;
	value = strtod(s, &end);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].name))
			continue;
		value *= units[i].ns;
		if (!(value >= 1) || value > DURATION_MAX_NS)
			return -EINVAL;
		*ns = (uint64_t)llround(value);
		return 0;
	}
	return -EINVAL;
}

void clock_format_rfc3339(char out[32], uint64_t wall_ns)
{
	time_t sec = (time_t)(wall_ns / NS_PER_S);
	struct tm tm;
	char base[24];

	gmtime_r(&sec, &tm);
	strftime(base, sizeof(base), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out, 32, "%s.%03uZ", base, (unsigned)(wall_ns / NS_PER_MS % 1000));
}
