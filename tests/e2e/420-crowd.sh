#!/bin/bash
# SPDX-License-Identifier: MIT
# More threads than CPUs that only rename themselves, fork and exec: nothing of it is missed,
# although each is preempted in the midst of it.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload crowd

run "$PARTRACE" -q -o crowd.pftrace -- "$WORKLOADS/crowd"
assert_status 0
grep '^{' out >truth
facts crowd.pftrace check-sums
facts crowd.pftrace check-crowd truth
assert_equal "records lost" "$(facts crowd.pftrace lost)" 0
