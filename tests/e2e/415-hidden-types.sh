#!/bin/bash
# SPDX-License-Identifier: MIT
# Where the kernel's types are hidden it says so, and a copy of them will do. Without
# tracefs and debugfs nothing is missing.
. "$(dirname "$0")/lib.sh"
need_tracing
need_cmd unshare mount

cp /sys/kernel/btf/vmlinux vmlinux
mkdir hidden

# without DIRECTORY… -- CMD…: with these directories empty.
without()
{
    local dirs=()

    while [ "$1" != -- ]; do dirs+=("$1"); shift; done
    shift
    # shellcheck disable=SC2016 # for the inner shell
    run unshare --mount bash -c 'until [ "$1" = -- ]; do mount --bind hidden "$1" || exit 9; shift; done; shift; exec "$@"' \
        bash "${dirs[@]}" -- "$@"
}

without /sys/kernel/btf -- "$PARTRACE" -q -o none.pftrace -- true
assert_status 1
assert_one_error
assert_says err 'no types \(BTF\)'
assert_says err '--btf FILE'
without /sys/kernel/btf -- "$PARTRACE" doctor
assert_status 1
assert_says out '^  MISSING +types \(BTF\)'

without /sys/kernel/btf -- "$PARTRACE" -q --btf vmlinux -o copy.pftrace -- sh -c 'sleep 0.2; exit 4'
assert_status 4
facts copy.pftrace check-sums
assert_number "sleep" "$(facts copy.pftrace share sleep sleep '^run_queue|cpu_user|cpu_kernel')" ">" 80
without /sys/kernel/btf -- "$PARTRACE" doctor --btf vmlinux
assert_status 0
assert_says out 'types \(BTF\): vmlinux'

echo 'no types' >bad
for file in bad /no/such/file; do
    run "$PARTRACE" -q --btf $file -o none.pftrace -- true
    assert_status 1
    assert_one_error
    assert_says err "$file"
done

trees=()
for dir in /sys/kernel/tracing /sys/kernel/debug; do
    [ ! -d $dir ] || trees+=("$dir")
done
without "${trees[@]}" -- "$PARTRACE" -q -o traceless.pftrace -- "$PYTHON" -c '
import threading, time
end = time.time() + 1
def spin():
    while time.time() < end: sum(range(1000))
t = [threading.Thread(target=spin) for _ in range(2)]
[x.start() for x in t]; [x.join() for x in t]'
assert_status 0
facts traceless.pftrace check-sums
assert_equal "what is missing" "$(facts traceless.pftrace get recording.unavailable)" '[]'
# One of the two has it at any time, however long both wait for a CPU.
assert_number "GIL" "$(facts traceless.pftrace share gil "" "gil|cpu_user|cpu_kernel")" ">" 30
