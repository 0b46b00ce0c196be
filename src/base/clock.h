/* SPDX-License-Identifier: MIT */
/* Times: reading clocks, and durations as people write them. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define NS_PER_US 1000ULL
#define NS_PER_MS 1000000ULL
#define NS_PER_S  1000000000ULL

/* As the kernel's own, and BPF programs', in whatever time namespace this process is. */
uint64_t clock_mono_ns(void);
uint64_t clock_boot_ns(void);
uint64_t clock_wall_ns(void);
uint64_t clock_process_cpu_ns(void);
void clock_sleep_ns(uint64_t ns);

/* How far @clock, one of the above, is ahead of clock_mono_ns() now. */
int64_t clock_offset_ns(uint64_t (*clock)(void));

/*
 * "10", "10s", "500ms", "2m", "1.5h" to nanoseconds. -EINVAL unless all of @s
 * is one positive duration of at most a year.
 */
int duration_parse(const char *s, uint64_t *ns);

/* RFC 3339 in UTC with milliseconds: "2026-01-31T12:00:00.000Z". Writes at most 32 bytes. */
void clock_format_rfc3339(char out[32], uint64_t wall_ns);

#endif
