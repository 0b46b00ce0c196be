// SPDX-License-Identifier: MIT
/* Owns nothing: asks securityfs, and where that is not mounted the kernel's command line. */
#include "record/lockdown.h"

#include <string.h>

#include "base/procfs.h"

bool lockdown_is_confidentiality(void)
{
	char text[4096];

	if (procfs_read(text, sizeof(text), "/sys/kernel/security/lockdown") > 0)
		return strstr(text, "[confidentiality]");
	return procfs_read(text, sizeof(text), "/proc/cmdline") > 0 &&
	       strstr(text, "lockdown=confidentiality");
}
