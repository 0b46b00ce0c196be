#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 050 records a global lock, too
# Ruby's threads: waits for the GVL are told from those for queues, mutexes and timers.
. "$(dirname "$0")/lib.sh"
need_tracing
need_cmd ruby

# The first 0.2 s of waiting are not known to be for the GVL, and count as sleep: so 4 s.
cat >crunch.rb <<'END'
def crunch(seconds)
  stop = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
  n = 0
  1000.times { |i| n += i * i } while Process.clock_gettime(Process::CLOCK_MONOTONIC) < stop
end
4.times.map { Thread.new { crunch(4) } }.each(&:join)
END
record_calm crunch -- ruby crunch.rb
assert_equal "runtime" "$(facts crunch get processes.0.runtime.name)" ruby
assert_equal "global lock" "$(facts crunch get processes.0.runtime.global_lock)" true
assert_equal "longest lock" "$(facts crunch get locks.0.kind)" gvl
assert_equal "class" "$(facts crunch get verdict.class)" gil-bound
assert_equal "fit" "$(facts crunch get verdict.fit)" processes
"$PARTRACE" report crunch >report
assert_says report "in_processes: 2"
assert_says report "GVL of ruby"

# Four take turns: three of them wait at any time.
"$PYTHON" - <<'END' || fail "the GVL's waits, see above"
import json
threads = [t["time_ns"] for t in json.load(open("crunch.json"))["threads"] if t["pid"] != t["tid"]]
busy = sorted(threads, key=lambda t: -t["cpu_user"])[:4]
gil = sum(t["gil"] for t in busy)
other = sum(t["sync"] + t["sleep"] + t["lock"] for t in busy)
print("GVL %.2f s, sync, sleep and lock %.2f s" % (gil / 1e9, other / 1e9))
raise SystemExit(gil < 2e9 or other > gil / 5)
END

# None of these waits is for the GVL, though each is on the thread's only condition variable.
cat >waits.rb <<'END'
queue, mutex = Queue.new, Mutex.new
threads = 2.times.map { Thread.new { nil while queue.pop != :end } }
threads << Thread.new { 10.times { sleep 0.15 } }
threads += 2.times.map { Thread.new { 4.times { mutex.synchronize { sleep 0.2 } } } }
75.times { |i| queue << i; sleep 0.02 }
2.times { queue << :end }
threads.each(&:join)
END
record -q -o waits -- ruby waits.rb
json_of waits
"$PYTHON" - <<'END' || fail "the GVL's waits, see above"
import json
threads = [t["time_ns"] for t in json.load(open("waits.json"))["threads"]]
gil, queued = (sum(t[bucket] for t in threads) for bucket in ("gil", "run_queue"))
life = sum(sum(t.values()) for t in threads)
print("GVL %.2f ms, in line for a CPU %.2f ms, of %.0f ms" % (gil / 1e6, queued / 1e6, life / 1e6))
# Who has the GVL may be in line for a CPU, and then the others do wait for it.
raise SystemExit(gil >= 0.0005 * life + 2 * queued)
END
