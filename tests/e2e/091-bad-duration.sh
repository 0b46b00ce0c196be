#!/bin/bash
# SPDX-License-Identifier: MIT
# Durations that make no sense.
. "$(dirname "$0")/lib.sh"
need_tracing

for duration in abc 0 -1 10x '' 1e99 10ss; do
    run "$PARTRACE" -p $$ -d "$duration"
    assert_status 2
    assert_says err '^partrace: '
done
for duration in 0.2 0.2s 200ms; do
    record -q -o ok.pftrace -d "$duration" -p $$
    assert_number "duration" "$(facts ok.pftrace get recording.duration_ns)" ">=" 200000000
done
