#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 020 records the same
# timeout: 90
# A wait on 1, 8 or 40 descriptors goes by the one that ended it, within 5 % of what
# the program measured: launched, attached to, and attached to with --light.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth
check_truth 'p-*'
