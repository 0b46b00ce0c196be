// SPDX-License-Identifier: MIT
/*
 * Owns the rules on input and output. A server that waits for requests is in
 * bucket idle, which no share here counts: it can't look I/O-bound.
 */
#include "verdict/rules.h"
#include "verdict/thresholds.h"

/* Without the disk it would be 1.43 times as fast at most: below, the rest is the larger matter. */
#define DISK_MIN_SHARE 0.30

/* Network waits overlap freely, so only a clear majority makes the program I/O-bound. */
#define NETWORK_MIN_SHARE 0.60
#define NETWORK_MAX_CPU 0.30

/* A tenth of the time in page faults that sleep looks like disk or CPU, and is neither. */
#define MEMORY_MIN_SHARE 0.10

static bool io_disk(const struct view *v, const struct rule *r, struct finding *out)
{
	out->value = out->cost = view_share(v, PART_DISK);
	if (out->value < r->threshold)
		return false;
	strbuf_addf(&out->text, "waits for the disk are %.0f %% of the workers' active time",
		    100 * out->value);
	return true;
}

static bool io_network(const struct view *v, const struct rule *r, struct finding *out)
{
	out->value = out->cost = view_share(v, PART_NETWORK);
	if (out->value < r->threshold || view_share(v, PART_CPU) >= NETWORK_MAX_CPU)
		return false;
	strbuf_addf(&out->text,
		    "waits for peers outside the program are %.0f %% of the workers' active time, "
		    "CPU %.0f %%",
		    100 * out->value, 100 * view_share(v, PART_CPU));
	return true;
}

static bool page_faults(const struct view *v, const struct rule *r, struct finding *out)
{
	out->value = out->cost = view_share(v, PART_MEMORY);
	if (out->value < r->threshold)
		return false;
	strbuf_addf(&out->text,
		    "page faults that sleep are %.0f %% of the workers' active time (%llu major)",
		    100 * out->value, (unsigned long long)v->facts->faults_major);
	return true;
}

const struct rule rules_io[] = {
	{ "io-disk", CLASS_IO_BOUND, DISK_MIN_SHARE, "share", io_disk,
	  "the work waits for the disk" },
	{ "io-network", CLASS_IO_BOUND, NETWORK_MIN_SHARE, "share", io_network,
	  "the work waits for peers outside the program" },
	{ "page-faults", CLASS_NONE, MEMORY_MIN_SHARE, "share", page_faults,
	  "memory that is not there yet" },
	{ 0 },
};
