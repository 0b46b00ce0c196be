#!/bin/bash
# SPDX-License-Identifier: MIT
# SIGKILL in the middle: nothing stays in the kernel, and what was recorded can
# be read, as far as it goes.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth
need_cmd bpftool

programs()
{
    bpftool prog show -j | "$PYTHON" -c '
import json, sys
for p in json.load(sys.stdin):
    print("prog", p["id"], p["type"], p.get("name", ""))'
    bpftool link show -j | "$PYTHON" -c '
import json, sys
for l in json.load(sys.stdin):
    print("link", l["id"], l["type"], l["prog_id"])'
}

# Of this recording: what was not there before it, and was not there after.
ours_left()
{
    programs >now.txt
    [ -z "$(comm -12 <(sort ours.txt) <(sort now.txt))" ]
}

start_ready "$WORKLOADS/truth" --seconds 50 --dir "$TMP" --truth truth.json
target=$PID
programs >before.txt
start_record killed.pftrace -p "$target"
sleep 2.5
bpftool prog show -j | "$PYTHON" -c '
import json, sys
for p in json.load(sys.stdin):
    if any(o["pid"] == int(sys.argv[1]) for o in p.get("pids", [])):
        print("prog", p["id"], p["type"], p.get("name", ""))' "$PID" >ours.txt
# An older bpftool does not know owners.
[ -s ours.txt ] || comm -13 <(sort before.txt) <(programs | sort) >ours.txt
[ -s ours.txt ] || fail "no BPF program while it records"
kill -KILL "$PID"
ended "$PID"
wait_until 10 "end of its BPF programs" ours_left
kill -0 "$target" || fail "the target died with it"

[ -e killed.pftrace.partial ] || fail "no killed.pftrace.partial: $(ls)"
[ ! -e killed.pftrace ] || fail "a cut recording has a whole one's name"
run "$PARTRACE" report killed.pftrace.partial
assert_status 0
cat out err >both.txt
assert_says both.txt 'truncated|cut short|incomplete'
assert_says both.txt 'verdict'
facts killed.pftrace.partial check-sums
"$PYTHON" "$TRACE_CHECK" --partial killed.pftrace.partial

# Cut anywhere: never a crash, and a report or a reason.
size=$(stat -c %s killed.pftrace.partial)
for part in 1 10 50 90 99; do
    head -c "$((size * part / 100))" killed.pftrace.partial >cut.pftrace.partial
    run "$PARTRACE" report cut.pftrace.partial
    assert_in "status of report on $part %" "$STATUS" 0 1
    [ "$STATUS" = 0 ] || assert_one_error
    "$PYTHON" "$TRACE_CHECK" --partial cut.pftrace.partial || fail "the first $part % are no good trace"
done

# The next recording under that name goes well.
record -q -o killed.pftrace -d 300ms -p "$target"
