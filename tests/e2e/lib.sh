# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What every end-to-end test starts with:
#
#	. "$(dirname "$0")/lib.sh"
#
# It leaves the test in an empty directory of its own, $TMP, which goes away
# with everything that was started. Overridable: PARTRACE, OUT, PYTHON, TRACE_CHECK.
#
# A test ends with status 0, 1 after fail(), or 77 after skip().

set -Eeuo pipefail

E2E=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$E2E/../.." && pwd)
OUT=${OUT:-build}
[[ $OUT = /* ]] || OUT=$TOP/$OUT
PARTRACE=$(realpath -m "${PARTRACE:-$OUT/partrace}")
WORKLOADS=$OUT/tests/workloads
TRACE_CHECK=${TRACE_CHECK:-$TOP/tests/trace-check.py}
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1 PARTRACE
# Who called sudo has no part in this, but where a test says so.
unset SUDO_UID SUDO_GID SUDO_USER SUDO_COMMAND

TMP=$(mktemp -d "${TMPDIR:-/tmp}/partrace-e2e.XXXXXX")
STARTED=()	# process ids of what runs in the background

# What sanitizers say is kept apart, so that it is seen whatever a test expects of
# exit status and output, and whoever partrace runs as. Without them: no effect.
REPORTS=$TMP/.sanitizers
install -d -m 1777 "$REPORTS"
export ASAN_OPTIONS=detect_leaks=1:log_path=$REPORTS/asan
# GCC's UBSan writes to standard error, whatever it is told: see keep_report().
export UBSAN_OPTIONS=print_stacktrace=1

# ---- ending ----

fail()
{
    trap - ERR
    echo "FAIL: $*" >&2
    exit 1
}

skip()
{
    echo "skip: $*" >&2
    exit 77
}

# keep_report FILE…: what was written to standard error, if UBSan wrote it.
keep_report()
{
    grep -h -A 20 'runtime error: ' "$@" >>"$REPORTS/ubsan" 2>/dev/null ||
        find "$REPORTS/ubsan" -empty -delete
}

# Called once, however the test ends. A test with more to undo defines undo().
clean_up()
{
    local status=$? pid

    trap - EXIT ERR
    set +e
    if declare -F undo >/dev/null; then
        undo
    fi
    for pid in "${STARTED[@]}"; do
        kill -CONT "$pid" 2>/dev/null
        kill -KILL "$pid" 2>/dev/null
    done
    wait 2>/dev/null
    keep_report "$TMP"/*.err
    if [ -n "$(ls "$REPORTS")" ]; then
        status=1
        echo "FAIL: a sanitizer reports: $(sed -n 's/^SUMMARY: //p; s/^.*runtime error: //p' "$REPORTS"/* |
            head -n 1)" >&2
        cat "$REPORTS"/* >&2
    fi
    if [ "$status" != 0 ] && [ "$status" != 77 ] && [ -n "${E2E_KEEP:-}" ]; then
        cp -r "$TMP/." "$E2E_KEEP/" 2>/dev/null
    fi
    cd / && rm -rf "$TMP"
    exit "$status"
}

# A command failed that nobody asked about. Say so once, in one line.
on_error()
{
    local line=${BASH_LINENO[0]} command=${BASH_COMMAND%%$'\n'*}

    trap - ERR
    echo "FAIL: ${BASH_SOURCE[1]##*/} line $line: $command" >&2
}

trap clean_up EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
trap on_error ERR

# ---- what a test needs ----

need_root()
{
    [ "$(id -u)" = 0 ] || skip "needs root"
}

# need_cmd COMMAND…: of Debian's packages; CI has them all.
need_cmd()
{
    local cmd

    for cmd; do
        command -v "$cmd" >/dev/null || skip "needs $cmd"
    done
}

need_partrace()
{
    [ -x "$PARTRACE" ] || fail "no $PARTRACE: build it first (make), or set PARTRACE"
}

# need_tracing: what every recording needs.
need_tracing()
{
    need_root
    need_partrace
    [ -e /sys/kernel/btf/vmlinux ] || skip "this kernel has no BTF"
}

# need_workload NAME…: C programs that the Makefile builds.
need_workload()
{
    local name

    for name; do
        [ -x "$WORKLOADS/$name" ] || fail "no $WORKLOADS/$name: make workloads"
    done
}

# A real CPython, no shell script that finds one (pyenv): its process is the target.
find_python()
{
    local candidate

    for candidate in "${PYTHON:-}" python3 /usr/bin/python3; do
        [ -n "$candidate" ] || continue
        "$candidate" -c 'import sys; sys.version_info >= (3, 6) or sys.exit(1); print(sys.executable)' \
            2>/dev/null && return
    done
    skip "needs python3, 3.6 or later"
}
PYTHON=$(find_python)

# each_python gil|free: "VERSION PROGRAM FLAGS" of each CPython on this machine, one per
# version and kind: with a GIL, or free-threaded builds. PYTHONS names more of them.
# FLAGS: "pymutex" where threading.Lock parks, else "-".
each_python()
{
    local python

    for python in ${PYTHONS:-} "$PYTHON" /usr/bin/python3 ~/.pyenv/versions/3.*/bin/python3; do
        "$python" - "$1" 2>/dev/null <<'PY' || true
import sys, sysconfig
free = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
if sys.version_info >= (3, 6) and free == (sys.argv[1] == "free"):
    print("%d.%d%s %s %s" % (sys.version_info[0], sys.version_info[1], "t" if free else "",
                             sys.executable, "pymutex" if sys.version_info >= (3, 14) else "-"))
PY
    done | sort -u -k 1,1 -V
}

# ---- running programs ----

# start CMD…: in the background; its process id is in $PID.
start()
{
    "$@" <&0 &	# not /dev/null, which & alone would make of it
    PID=$!
    STARTED+=("$PID")
}

# start_ready CMD…: the same, and wait until it says on $READY_FD that it is ready.
start_ready()
{
    local fifo=$TMP/ready.${#STARTED[@]} line='' end=$((SECONDS + 30))

    mkfifo "$fifo"
    READY_FD=9 "$@" <&0 9>"$fifo" &
    PID=$!
    STARTED+=("$PID")
    exec 8<>"$fifo"
    until read -r -t 0.2 <&8; do
        line+=$REPLY    # its time may run out in the midst of the line
        ! is_gone "$PID" || fail "'$1' ended before it was ready"
        ((SECONDS < end)) || fail "'$1' did not get ready within 30 s"
    done
    [ "$line$REPLY" = ready ] || fail "'$1' says '$line$REPLY', not that it is ready"
    exec 8<&-
    rm -f "$fifo"
}

# start_ping_pong: two processes that do nothing but switch, half a megabyte of trace a second
# and more. $PID is the first of them, and the other one ends with it.
start_ping_pong()
{
    start_ready "$PYTHON" -c '
import os, signal
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
there, back = os.pipe(), os.pipe()
if os.fork():
    os.close(there[0]), os.close(back[1])
    os.write(int(os.environ["READY_FD"]), b"ready\n")
    while os.write(there[1], b"x"): os.read(back[0], 1)
else:
    os.close(there[1]), os.close(back[0])
    while os.read(there[0], 1): os.write(back[1], b"x")'
}

# Look every 20 ms until a command succeeds, for at most so many seconds.
# wait_until SECONDS WHAT CMD…
wait_until()
{
    local end=$((${EPOCHREALTIME/./} + $1 * 1000000)) what=$2

    shift 2
    until "$@" >/dev/null 2>&1; do
        [ "${EPOCHREALTIME/./}" -lt "$end" ] || fail "no $what within the time allowed"
        sleep 0.02
    done
}

# R, S, D, T, Z; nothing if there is no such process.
state_of()
{
    sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null || true
}

is_gone()
{
    [[ $(state_of "$1") = [ZX]* || ! -e /proc/$1 ]]
}

# ended PID: wait for one of ours within 60 s; its exit status is in $STATUS.
ended()
{
    wait_until 60 "end of process $1" is_gone "$1"
    STATUS=0
    wait "$1" || STATUS=$?
}

# run CMD…: keep standard output in $TMP/out and errors in $TMP/err; status in $STATUS.
run()
{
    STATUS=0
    timeout --kill-after=5 60 "$@" >"$TMP/out" 2>"$TMP/err" </dev/null || STATUS=$?
    keep_report "$TMP/err"
}

# free_port: a TCP port that nobody listens on just now.
free_port()
{
    "$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# ---- partrace ----

# record OPTION…: must succeed. Keeps $TMP/out and $TMP/err.
record()
{
    run "$PARTRACE" "$@"
    [ "$STATUS" = 0 ] || { cat "$TMP/out" "$TMP/err" >&2; fail "partrace $* ended with $STATUS"; }
}

# record_calm FILE OPTION…: the same, for a test of the verdict: up to three times, until
# nobody else was much on the CPUs.
record_calm()
{
    local file=$1

    shift
    for _ in 1 2 3; do
        record -q -o "$file" "$@"
        json_of "$file"
        grep -q '"rule": *"machine-busy"' "$file.json" || break
    done
}

# start_record FILE OPTION…: in the background, as if from a terminal (Ctrl-C works);
# returns once it records. $PID is partrace's.
start_record()
{
    local file=$1

    shift
    start env --default-signal=INT,QUIT,TERM "$PARTRACE" -o "$file" "$@" \
        >"$file.out" 2>"$file.err" </dev/null
    wait_until 30 "recording $file" is_recording "$PID"
    if is_gone "$PID" && [ ! -s "$file" ]; then
        cat "$file.out" "$file.err" >&2
        fail "partrace ended before it recorded"
    fi
}

# Its programs are attached, and it waits for what they say: in ppoll, as it waits for
# other things while it gets ready. Or it has already ended.
is_recording()
{
    is_gone "$1" || { grep -qs '^link_type' "/proc/$1"/fdinfo/* && grep -q poll "/proc/$1/wchan"; }
}

# facts FILE ASPECT…: see facts.py. FILE is a recording or its JSON.
facts()
{
    "$PYTHON" "$E2E/facts.py" "$@"
}

# check_server NAME RECORDING: of a real program nothing is lost, and little unexplained.
# Appends its row of docs/coverage.md to $E2E_ROWS, if that is set.
check_server()
{
    facts "$2" check-sums
    assert_equal "lost records of $1" "$(facts "$2" lost)" 0
    [ -z "${E2E_ROWS:-}" ] || facts "$2" row "$1" >>"$E2E_ROWS"
    assert_number "unexplained time of $1" "$(facts "$2" share other)" "<" 2
}

# json_of RECORDING: its facts, in RECORDING.json.
json_of()
{
    "$PARTRACE" report --json "$1" >"$1.json" || fail "partrace report --json $1: status $?"
}

# check_truth KINDS: what partrace says of these threads of truth's, and what they
# measured themselves; launched, attached to, and attached to with --light.
check_truth()
{
    local bad=0 mode name

    record -q -o launched.pftrace -- "$WORKLOADS/truth" --only "$1" --seconds 3 --truth launched.json --dir "$TMP"
    facts launched.pftrace check-sums || bad=1
    facts launched.pftrace check-truth launched.json || bad=1
    for mode in '' --light; do
        name=attached$mode
        start_ready "$WORKLOADS/truth" --only "$1" --truth "$name.json" --dir "$TMP"
        # shellcheck disable=SC2086 # no mode is no argument
        record -q $mode -o "$name.pftrace" -d 3 -p "$PID"
        kill -TERM "$PID"
        ended "$PID"
        echo "== $name"
        facts "$name.pftrace" check-sums || bad=1
        facts "$name.pftrace" check-truth "$name.json" || bad=1
    done
    [ "$bad" = 0 ] || fail "partrace and the program disagree, see above"
}

# ---- asserts ----

# assert_status EXPECTED
assert_status()
{
    [ "$STATUS" = "$1" ] || {
        cat "$TMP/out" "$TMP/err" >&2 2>/dev/null
        fail "exit status $STATUS, expected $1"
    }
}

# assert_says FILE REGEX: some line matches, whatever the case.
assert_says()
{
    grep -Eiq -- "$2" "$1" || { cat "$1" >&2; fail "nothing in ${1##*/} matches '$2'"; }
}

assert_says_not()
{
    ! grep -Eiq -- "$2" "$1" || { cat "$1" >&2; fail "something in ${1##*/} matches '$2'"; }
}

# assert_equal WHAT GOT EXPECTED
assert_equal()
{
    [ "$2" = "$3" ] || fail "$1 is '$2', expected '$3'"
}

# assert_in WHAT GOT VALUE…: one of these.
assert_in()
{
    local what=$1 got=$2 value

    shift 2
    for value; do
        [ "$got" != "$value" ] || return 0
    done
    fail "$what is '$got', expected one of: $*"
}

# assert_number WHAT GOT OP LIMIT: numbers with fractions; OP as awk knows it.
assert_number()
{
    awk -v a="$2" -v b="$4" "BEGIN { exit !(a + 0 $3 b + 0) }" ||
        fail "$1 is $2, expected $3 $4"
}

# One line, and it starts with the program's name: no usage text, no back trace.
assert_one_error()
{
    assert_says "$TMP/err" '^partrace: '
    assert_says_not "$TMP/err" 'assert|sanitizer|core dumped|libbpf:'
    [ "$(wc -l <"$TMP/err")" -le 3 ] || { cat "$TMP/err" >&2; fail "more than an error and a hint"; }
}

cd "$TMP"
