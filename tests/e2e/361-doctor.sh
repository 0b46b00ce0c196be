#!/bin/bash
# SPDX-License-Identifier: MIT
# `doctor` says whether recording is possible, and is right; what is missing has its price.
. "$(dirname "$0")/lib.sh"
need_tracing
need_cmd setpriv unshare

run "$PARTRACE" doctor
assert_status 0
assert_says out "^partrace .* on Linux $(uname -r | sed 's/[.+]/\\&/g'), $(uname -m)$"
for what in 'types \(BTF\): /sys/kernel/btf/vmlinux' 'tracepoint sched_switch' \
    'helper bpf_task_storage_get' CAP_BPF CAP_PERFMON 'open files: [0-9]+' 'a recording of sleep'; do
    assert_says out "^  ok +$what"
done
assert_says_not out MISSING
assert_says out '^Recording is possible'
record -q -o run.pftrace -- true

# Without the rights it says which, and what is right too: nothing can be recorded.
chmod 755 "$TMP"
cp "$PARTRACE" partrace
run setpriv --reuid=65534 --regid=65534 --clear-groups ./partrace doctor
assert_status 1
assert_says out '^  MISSING +CAP_BPF'
assert_says out '^  less +CAP_SYS_PTRACE'
assert_says out '^Recording is impossible'
[ ! -s err ] || fail "doctor complains: $(cat err)"

# Inside a pid namespace less is known; with the /proc of another one nothing is.
run unshare --pid --fork --mount-proc "$PARTRACE" doctor
assert_status 0
assert_says out '^  less +pid namespace'
assert_says out '^Recording is possible, with less'
run unshare --pid --fork "$PARTRACE" doctor
assert_status 1
assert_says out '^  MISSING +pid namespace'

run "$PARTRACE" doctor now
assert_status 2
assert_one_error
