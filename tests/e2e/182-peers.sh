#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 020 records the same
# Whoever waits for another process of this machine is shown who that is, whether that
# one is traced or not.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth

kinds=pipe,socketpair,unix,loopback,poll-pipe,epoll-pipe,mqueue,served-tcp,served-unix,k-udp-connected,k-fifo

# Each of these threads has a helper process called h-KIND, or h-kind; nearly all slices
# of its waits must say so, but for the first few: who has a connection is asked then.
check_peers()
{
    "$PYTHON" "$TRACE_CHECK" --dump "$1" >dump.txt || fail "$1 is not well-formed"
    "$PYTHON" - dump.txt "$kinds" <<'END'
import re, sys

bad = 0
lines = open(sys.argv[1]).read().splitlines()
for kind in sys.argv[2].split(","):
    slices = [l for l in lines if re.match(r"\d+ %s begin (?!sched|clock_nanosleep|nanosleep)" % kind, l)
              and "object=" in l]
    helper = "h-kind" if kind.startswith("k-") else "h-" + kind
    named = [l for l in slices if "peer='%s (" % helper[:15] in l]
    print("%-16s %d of %d waits name %s" % (kind, len(named), len(slices), helper))
    if len(slices) < 20 or len(named) < 0.8 * len(slices):
        print("FAIL: %s: %s" % (kind, "\n".join(slices[-3:])), file=sys.stderr)
        bad = 1
sys.exit(bad)
END
}

record -q -o launched.pftrace -- "$WORKLOADS/truth" --only "$kinds" --seconds 2 --truth truth.json --dir "$TMP"
check_peers launched.pftrace

start_ready "$WORKLOADS/truth" --only "$kinds" --truth truth.json --dir "$TMP"
for light in '' --light; do
    # shellcheck disable=SC2086 # none is no argument
    record -q $light --no-follow -o attached.pftrace -d 2 -p "$PID"
    assert_equal "processes traced" "$(facts attached.pftrace count processes)" 1
    check_peers attached.pftrace
done
