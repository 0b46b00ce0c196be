#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Fuzz: [SECONDS_EACH=60] tests/fuzz/run.sh OUT NAME…
#
# Starts from the seeds, and keeps what it learns in OUT/tests/fuzz/corpus/NAME for the
# next time. What fails is left in OUT/tests/fuzz/failed/NAME-*; made smaller
# (fuzz_NAME -minimize_crash=1 -runs=100000 FILE), it belongs into seeds/NAME/.
#
# tests/fuzz/run.sh --can COMPILER: succeeds if it has libFuzzer, else says so, as a skip.
set -u
here=$(dirname "$0")

if [ "$1" = --can ]; then
    probe=$(mktemp) || exit 1
    trap 'rm -f "$probe"' EXIT
    echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { return d && n ? 0 : 0; }' |
        ${2:-false} -fsanitize=fuzzer,address -x c - -o "$probe" 2>/dev/null && exit 0
    echo "  SKIP    fuzz: no clang with libFuzzer here (Debian: libclang-rt-dev)"
    echo "0 passed, 0 failed, 1 skipped"
    exit 1
fi

out=$1/tests/fuzz
shift
mkdir -p "$out/failed" "$out/corpus" || exit 1
# Where fuzzers put their files: they may end in a hurry.
TMPDIR=$(mktemp -d) && export TMPDIR || exit 1
trap 'rm -rf "$TMPDIR"' EXIT

passed=0
failed=0
for name; do
    mkdir -p "$out/corpus/$name"
    for golden in "$here"/../golden/*/; do
        case $name in
        event_text) cp "$golden/events.txt" "$out/corpus/$name/golden-$(basename "$golden")" ;;
        facts)      cp "$golden/facts.json" "$out/corpus/$name/golden-$(basename "$golden")" ;;
        esac
    done
    dict=$here/$name.dict
    [ -e "$dict" ] && dict=-dict=$dict || dict=
    # shellcheck disable=SC2086 # nothing, or one option
    "$out/fuzz_$name" -max_total_time="${SECONDS_EACH:-60}" -timeout=10 -rss_limit_mb=2048 \
        -malloc_limit_mb=1024 -close_fd_mask=3 -artifact_prefix="$out/failed/$name-" $dict \
        "$out/corpus/$name" "$here/seeds/$name" >"$out/$name.log" 2>&1
    status=$?
    runs=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$out/$name.log" | tail -n 1)
    if [ $status = 0 ]; then
        printf '  PASS    fuzz %s: %s inputs\n' "$name" "${runs:-?}"
        passed=$((passed + 1))
    else
        tail -n 60 "$out/$name.log"
        echo "FAILED: fuzz $name, status $status; see $out/failed/" >&2
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
