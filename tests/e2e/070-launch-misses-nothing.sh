#!/bin/bash
# SPDX-License-Identifier: MIT
# A launched command is seen from its first instruction, runs as it would
# without us, and its exit status is passed on.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload family

# launch STATUS CMD…
launch()
{
    local want=$1

    shift
    run "$PARTRACE" -q -o launch.pftrace -- "$@"
    assert_status "$want"
}

launch 0 /bin/true
assert_equal "name" "$(facts launch.pftrace get processes.0.name)" true
assert_equal "exit code" "$(facts launch.pftrace get processes.0.exit_code)" 0
facts launch.pftrace check-sums
launch 1 false
launch 7 sh -c 'exit 7'
launch 143 sh -c 'kill -TERM $$'
assert_equal "exit code" "$(facts launch.pftrace get processes.0.exit_code)" 143

launch 127 "$TMP/no-such-command"
assert_one_error
echo data >"$TMP/plain-file"
launch 126 "$TMP/plain-file"
assert_one_error
launch 126 "$TMP"

# Forks as its first act: all five processes, see 060 for their numbers.
launch 3 "$WORKLOADS/family" --seconds 0.05
assert_equal "processes" "$(facts launch.pftrace count processes)" 5

# Standard input and output are the command's; so are its arguments.
echo 'hello  there' | "$PARTRACE" -q -o cat.pftrace -- cat >cat.out
assert_equal "standard output" "$(cat cat.out)" 'hello  there'
run "$PARTRACE" -q -o printf.pftrace -- printf '%s|' -p 'a b' -- '*'
assert_equal "arguments" "$(cat out)" '-p|a b|--|*|'

# No signal is blocked or ignored, no descriptor of ours leaks into it.
run "$PARTRACE" -q -o env.pftrace -- "$PYTHON" -c '
import os, signal
names = [s for s in ("SIGINT", "SIGTERM", "SIGPIPE", "SIGHUP") if signal.getsignal(getattr(signal, s)) == signal.SIG_IGN]
blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
fds = sorted(int(f) for f in os.listdir("/proc/self/fd"))
print(sorted(set(names) - {"SIGPIPE"}), sorted(blocked), fds[:4])'
assert_equal "signals and descriptors of the command" "$(cat out)" '[] [] [0, 1, 2, 3]'
