#!/bin/bash
# SPDX-License-Identifier: MIT
# What the user needs besides speed enters the verdict: when recording, and afterwards.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth

run "$PARTRACE" --need isolation --need sharing -p 1
assert_status 2
assert_says "$TMP/err" 'exclude each other'
run "$PARTRACE" report --need speed x.pftrace
assert_status 2

record -q --need isolation -o run.pftrace -- "$WORKLOADS/truth" --only cpu --seconds 2
assert_equal "needs" "$(facts run.pftrace get recording.needs.0)" isolation
"$PARTRACE" report run.pftrace | tr -s ' \n' ' ' >isolation.txt
assert_says isolation.txt 'crash isolation'
"$PARTRACE" report --need sharing run.pftrace | tr -s ' \n' ' ' >sharing.txt
assert_says sharing.txt 'fast sharing'
assert_says_not sharing.txt 'crash isolation you need'
