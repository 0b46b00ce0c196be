#!/bin/bash
# SPDX-License-Identifier: MIT
# The trace is what Perfetto's importer expects, and holds what the facts say.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth
need_cmd protoc

record -q -o trace.pftrace -- "$WORKLOADS/truth" --seconds 2 --dir "$TMP" --truth truth.json
"$PYTHON" "$TRACE_CHECK" trace.pftrace
protoc --decode_raw <trace.pftrace >decoded.txt || fail "not a protobuf message"
[ -s decoded.txt ] || fail "nothing in it"

"$PYTHON" "$TRACE_CHECK" --dump trace.pftrace >dump.txt
for name in cpu mutex pipe nanosleep condvar; do
    assert_says dump.txt "$name"
done

# Perfetto itself, where it is at hand: in TRACE_PROCESSOR or in PATH.
shell=${TRACE_PROCESSOR:-$(command -v trace_processor_shell || true)}
if [ -n "$shell" ]; then
    cat >check.sql <<'EOF'
SELECT name, value FROM stats WHERE value > 0 AND (severity != 'info' OR name IN
  ('track_event_parser_errors','track_event_tokenizer_errors','track_hierarchy_missing_uuid',
   'interned_data_tokenizer_errors','tokenizer_skipped_packets','compact_sched_waking_skipped',
   'flow_step_without_start','flow_end_without_start','ftrace_missing_event_id'));
EOF
    "$shell" -q check.sql trace.pftrace >stats.txt 2>shell.err || fail "trace_processor_shell: $(cat shell.err)"
    assert_says_not stats.txt '^"[a-z_]+",[0-9]'
    # Not those of somebody else's truth, which wakes ours at times.
    echo "SELECT thread.name, SUM(dur) AS cpu FROM sched JOIN thread USING (utid) JOIN process USING (upid)
        WHERE thread.name = 'cpu' AND pid = $(facts trace.pftrace get processes.0.pid)
        GROUP BY thread.name;" >cpu.sql
    "$shell" -q cpu.sql trace.pftrace >cpu.txt 2>/dev/null
    in_trace=$(sed -n 's/^"cpu",//p' cpu.txt)
    in_facts=$(facts trace.pftrace thread cpu bucket 'cpu_user|cpu_kernel')
    assert_number "CPU time in the trace" "$in_trace" ">=" "$((in_facts * 99 / 100))"
    assert_number "CPU time in the trace" "$in_trace" "<=" "$((in_facts * 101 / 100))"
fi

# What a wait waited on and for whom is in its arguments: nine of ten, once partrace knows,
# which is in the recording's first third.
arguments()
{
    "$PYTHON" - dump.txt "$@" <<'END'
import re, sys

thread, bucket, note = sys.argv[2:]
slices = [line for line in open(sys.argv[1])
          if re.match(r"\d+ %s begin " % thread, line) and "bucket='%s'" % bucket in line]
have = [" %s='" % note in line for line in slices]
first = have.index(True) if True in have else len(have)
print("%s: %d of %d waits have the argument %s, from number %d on"
      % (thread, sum(have), len(have), note, first))
since = have[first:]
sys.exit(len(since) < 10 or first > len(have) / 3 or sum(since) < 0.9 * len(since))
END
}
for note in object holder waker address; do
    arguments mutex lock "$note" || fail "a mutex's waits lack the argument $note"
done
for note in object peer waker; do
    arguments pipe ipc "$note" || fail "a pipe's waits lack the argument $note"
done
arguments served-tcp idle peer || fail "a served connection's waits lack the argument peer"
