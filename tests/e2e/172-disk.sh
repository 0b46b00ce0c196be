#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 020 records the same
# Block I/O: requests and bytes of who made them, the waits for them joined to the device.
. "$(dirname "$0")/lib.sh"
need_tracing
need_cmd dd df
need_workload truth

source=$(df --output=source "$TMP" | tail -n 1)
[ -b "$source" ] || skip "needs a block device below $TMP, not '$source'"
dd if=/dev/zero of=probe bs=4k count=1 oflag=direct 2>/dev/null || skip "needs O_DIRECT in $TMP"

MB=1048576
# bytes of one run, and what it is allowed to be: the program itself may be read in, too.
counts()
{
    local bytes

    bytes=$(facts "$1" get io.disk.bytes)
    assert_number "$1: bytes" "$bytes" '>=' "$2"
    assert_number "$1: bytes" "$bytes" '<' $(($2 + 4 * MB))
    assert_number "$1: $3" "$(facts "$1" get "io.disk.$3")" '>=' 1
}

record -o write.pftrace -- dd if=/dev/zero of=file bs=1M count=32 oflag=direct
counts write.pftrace $((32 * MB)) writes
record -o read.pftrace -- dd if=file of=/dev/null bs=1M iflag=direct
counts read.pftrace $((32 * MB)) reads
# What the page cache holds costs no request.
cat file >/dev/null
record -o cached.pftrace -- dd if=file of=/dev/null bs=1M
assert_number "cached: bytes" "$(facts cached.pftrace get io.disk.bytes)" '<' $((4 * MB))

record -o truth.pftrace -- "$WORKLOADS/truth" --only direct-read,direct,fsync,pagein --seconds 3 \
    --truth truth.json --dir "$TMP"
json_of truth.pftrace
facts truth.pftrace.json check-sums || fail "the buckets' sum is no life"
facts truth.pftrace.json check-truth truth.json || fail "partrace and the program disagree"
"$PYTHON" "$TRACE_CHECK" --dump truth.pftrace >dump.txt
"$PYTHON" - <<'END' || fail "see above"
import json
import re

facts = json.load(open("truth.pftrace.json"))
disk = facts["io"]["disk"]
assert disk["wait_ns"] == sum(t["time_ns"]["disk"] for t in facts["threads"])
assert disk["reads"] and disk["writes"], disk
names = {line.split()[3] for line in open("/proc/partitions") if line.strip()[:1].isdigit()}
for thread, call, least in (("direct-read", "pread64", 0.9), ("direct", "pwrite64", 0.9),
                            ("pagein", "pread64", 0.8), ("fsync", "fsync", 0.5)):
    waits = re.findall(r" %s begin %s (.*) category='disk'" % (thread, call), open("dump.txt").read())
    joined = [w for w in waits if re.search(r" \(([^()]+)\)$", w)]
    devices = {re.search(r" \(([^()]+)\)$", w)[1] for w in joined}
    print("%s: %d waits in %s, %d of them with the device %s"
          % (thread, len(waits), call, len(joined), sorted(devices)))
    assert len(waits) > 20, "%s hardly waited" % thread
    assert len(joined) >= least * len(waits), thread
    assert devices <= names, (devices, names)
END
