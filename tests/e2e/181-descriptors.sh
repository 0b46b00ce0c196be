#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 020 records the same
# timeout: 90
# A wait on a descriptor goes by what it is and by who ended it, another process or a
# sibling, within 5 % of what the program measured.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth
check_truth 'k-*'
