#!/bin/bash
# SPDX-License-Identifier: MIT
# Kernel threads are no programs.
. "$(dirname "$0")/lib.sh"
need_tracing

[ "$(cat /proc/2/comm 2>/dev/null)" = kthreadd ] || skip "process 2 is no kernel thread here"
run "$PARTRACE" -p 2 -d 1
assert_status 1
assert_one_error
assert_says err '2.*kernel thread'
