#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does a long recording stay right, and small? It records for an hour, and compares.

soak.py [--seconds S] [--keep DIR]

What is recorded is a mix that uses a fifteenth of a CPU: a pool of Python processes and two
Python threads behind a GIL, redis with a client, and a shell that starts a program every two
seconds. Once a minute (a sixtieth of the time, if shorter) the collector's resident memory
is looked at. At the end must hold:

  sums    each thread's buckets sum to its life, exactly
  life    the life of each thread that is still there is what the kernel says of its start,
          and the recording's duration what the clock says; every `sleep 2` slept 2 s
  cpu     time on CPUs and run queues of these threads is that of /proc/PID/task/TID/schedstat, but
          for what that counts of sleeps, and CPU time of each of their processes what getrusage() would say
  memory  after the first sixth it does not grow, but for PER_PROCESS of each process that was
          born since, as the report tells of every one, and for what is kept for the
          predictions, which fills up as fast as events come
  lost    no record

--keep leaves the recording, its facts and the samples in DIR. Needs root and redis-server.
Ends with 1 if one of them does not hold.
"""
import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "e2e"))
import facts as e2e_facts  # noqa: E402

OUT = os.path.abspath(os.environ.get("OUT", os.path.join(HERE, "..", "build")))
PARTRACE = os.path.abspath(os.environ.get("PARTRACE", os.path.join(OUT, "partrace")))
PYTHON = "/usr/bin/python3"
TICK_NS = 10**9 // os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")

SAMPLES = 60
PER_PROCESS = 4 << 10  # bytes that a process which has ended costs: docs/performance.md
PREDICTIONS = 12 << 20
GROWTH_MAX = 2 << 20    # of memory, beyond these
LIFE_OFF_NS = 2 * TICK_NS + 5 * 10**6  # starts are known to a tick
# How far off CPU time may be. For a switch that a wake-up asks for the kernel may take the
# wake-up's clock (rq_clock_skip_update()): what passes until the switch, an interrupt of
# another CPU mostly, is run-queue time here and CPU time there. The two in sum know no such
# difference, but for the wake-up's own way to the queue. Of a thread that is moved to another CPU
# while it goes to sleep, where the scheduler still keeps it in the queue, the kernel counts the
# whole sleep as waiting: once in 1,000 to 2,000 sleeps on two busy CPUs, up to 500 ms each here.
CPU_OFF = 0.01
BOTH_OFF = 0.02
BOTH_LESS = 0.05
BOTH_LESS_NS = 600 * 10**6
CPU_OFF_NS = 20 * 10**6
SWITCH_OFF_NS = 10 * 10**3
WAKE_OFF_NS = 4 * 10**3
NAP_S = 2
NAP_OFF_NS = 10**6


# ---- what is recorded ----

def spin(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(500))


def spin_often():
    while True:
        spin(0.002)
        time.sleep(0.2)


def task(_):
    spin(0.005)
    time.sleep(0.02)


def ask_redis(path):
    while not os.path.exists(path):
        time.sleep(0.05)
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    while True:
        client.sendall(b"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n")
        assert client.recv(100)[:1] == b":"
        time.sleep(0.05)


def load(folder):
    import concurrent.futures  # not in the parent, which only watches

    redis = os.path.join(folder, "redis.sock")
    subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", redis, "--save", "", "--dir", folder],
                     stdout=subprocess.DEVNULL)
    subprocess.Popen(["sh", "-c", "while :; do sleep %d; done" % NAP_S])
    pool = concurrent.futures.ProcessPoolExecutor(2)
    list(pool.map(task, range(4)))
    for target in (spin_often, spin_often, lambda: ask_redis(redis)):
        threading.Thread(target=target, daemon=True).start()
    while True:
        list(pool.map(task, range(4)))
        time.sleep(0.5)


# ---- what the kernel says of it ----

def read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def children(pid):
    """It and all that descend from it."""
    found = [pid]
    for tid in os.listdir("/proc/%d/task" % pid):
        for child in read("/proc/%d/task/%s/children" % (pid, tid)).split():
            found += children(int(child)) if os.path.exists("/proc/" + child) else []
    return found


def look(root):
    """{(pid, tid): start, run and queue time} and {pid: CPU time}, in ns."""
    threads, processes = {}, {}
    for pid in children(root):
        stat = read("/proc/%d/stat" % pid).rpartition(")")[2].split()
        if not stat:
            continue
        processes[pid] = (int(stat[11]) + int(stat[12])) * TICK_NS
        for tid in os.listdir("/proc/%d/task" % pid):
            sched = read("/proc/%d/task/%s/schedstat" % (pid, tid)).split()
            start = read("/proc/%d/task/%s/stat" % (pid, tid)).rpartition(")")[2].split()
            if sched and start:
                threads[(pid, int(tid))] = (int(start[19]) * TICK_NS, int(sched[0]), int(sched[1]))
    return threads, processes


def resident(pid):
    return int(read("/proc/%d/statm" % pid).split()[1]) * PAGE


def record(path, folder, seconds):
    """Samples of memory as (seconds, bytes), and what is there at the end."""
    recorder = subprocess.Popen([PARTRACE, "-q", "-o", path, "--", PYTHON, os.path.abspath(__file__), "--load", folder])
    begin = time.monotonic()
    samples = []
    for i in range(SAMPLES):
        time.sleep(max(0, begin + seconds * (i + 1) / SAMPLES - time.monotonic()))
        if recorder.poll() is not None:
            sys.exit("soak: partrace ended after %d s with %d" % (time.monotonic() - begin, recorder.returncode))
        samples.append((time.monotonic() - begin, resident(recorder.pid)))
    root = int(read("/proc/%d/task/%d/children" % (recorder.pid, recorder.pid)).split()[0])
    last = look(root)
    now = {"boot_ns": time.clock_gettime(time.CLOCK_BOOTTIME) * 1e9, "wall_ns": time.time() * 1e9,
           "mono_ns": time.monotonic() * 1e9}
    recorder.send_signal(signal.SIGINT)
    status = recorder.wait()
    for pid in last[1]:     # the command was ended, what it started was not
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    if status:
        sys.exit("soak: partrace ended with %d" % status)
    return samples, last, now


# ---- what must hold ----

class Check:
    def __init__(self):
        self.bad = 0

    def __call__(self, ok, text):
        print("%s  %s" % ("ok   " if ok else "FAIL ", text))
        self.bad += not ok

    def farthest(self, name, rows):
        """Rows of (whose, ours, theirs, how far off ours may be), in ns."""
        if not rows:
            return self(False, "%s: nothing to compare" % name)
        who, ours, theirs, limit = max(rows, key=lambda row: abs(row[1] - row[2]) / row[3])
        self(abs(ours - theirs) <= limit, "%s, %d of them: farthest off %s, %+.1f ms of %.3f s"
             % (name, len(rows), who, (ours - theirs) / 1e6, theirs / 1e9))


def cpu_off(ns, switches, each, share=CPU_OFF):
    return max(CPU_OFF_NS, share * ns) + switches * each


def both_off(ours, theirs, switches):
    if ours > theirs:
        return cpu_off(theirs, switches, WAKE_OFF_NS, BOTH_OFF)
    return max(BOTH_LESS_NS, cpu_off(theirs, switches, WAKE_OFF_NS, BOTH_LESS))


def check_times(check, facts, last, now):
    threads, processes = last
    start, end = e2e_facts.window(facts)
    rest = end - now["wall_ns"]     # it recorded that much longer than we looked
    ours = {(t["pid"], t["tid"]): t for t in facts["threads"]}
    missing = [key for key in threads if key not in ours]
    check(not missing, "threads at the end that are not in the recording: %s" % (missing or "none"))
    check(0 <= rest < 10**9, "it ended %.0f ms after it was told to" % (rest / 1e6))
    life, both, cpu, sums = [], [], [], {}
    for key, thread in ours.items():
        pid, tid = key
        time_ns, switches = thread["time_ns"], sum(thread["switches"].values())
        running = time_ns["cpu_user"] + time_ns["cpu_kernel"]
        known = sums.get(pid, (0, 0))
        sums[pid] = (known[0] + running, known[1] + switches)
        if key not in threads:
            continue
        born, ran, queued = threads[key]
        name = "%s (%d)" % (thread["name"], tid)
        # The first of all was there before, and waited to be recorded.
        was_there = min(now["boot_ns"] + rest - born, facts["recording"]["duration_ns"])
        life.append((name, thread["lifetime_ns"], was_there, LIFE_OFF_NS))
        runnable = running + time_ns["run_queue"] + time_ns["throttled"]
        both.append((name, runnable, ran + queued, both_off(runnable, ran + queued, switches)))
        cpu.append((name, running, ran, cpu_off(ran, switches, SWITCH_OFF_NS)))
    check.farthest("lives", life)
    check.farthest("CPU and run-queue time", both)
    check.farthest("CPU time", cpu)
    check.farthest("CPU time of processes", [(str(pid), sums[pid][0], ns, 2 * TICK_NS + cpu_off(ns, sums[pid][1], SWITCH_OFF_NS))
                                             for pid, ns in processes.items() if pid in sums])
    mono = facts["recording"]["start_mono_ns"] + facts["recording"]["duration_ns"] - rest
    check(abs(mono - now["mono_ns"]) < 5 * 10**6,
          "duration against CLOCK_MONOTONIC: %+.3f ms" % ((mono - now["mono_ns"]) / 1e6))
    # Late timers make some of them longer, and nothing shorter.
    ended = {p["pid"] for p in facts["processes"] if p["ended_ns"] is not None}
    naps = sorted(t["time_ns"]["sleep"] - NAP_S * 10**9 for t in facts["threads"]
                  if t["name"] == "sleep" and t["pid"] in ended and (t["pid"], t["tid"]) not in threads)
    check(naps and naps[0] > -NAP_OFF_NS and naps[len(naps) // 2] < NAP_OFF_NS,
          "naps of %d s, %d of them: from %+.3f to %+.3f ms off, half of them below %+.3f ms"
          % (NAP_S, len(naps), naps[0] / 1e6, naps[-1] / 1e6, naps[len(naps) // 2] / 1e6))


def check_memory(check, facts, samples):
    births = [p["started_ns"] / 1e9 for p in facts["processes"]]
    calm = samples[len(samples) // 6:]
    (first, before), (final, _) = calm[0], calm[-1]
    most = max(size for _, size in calm)
    born = sum(first < b <= final for b in births)
    allowed = born * PER_PROCESS + PREDICTIONS + GROWTH_MAX
    check(most <= before + allowed,
          "memory: %.1f MB after %d s, at most %.1f MB until %d s; %d processes more, which makes %.1f MB allowed"
          % (before / 1e6, first, most / 1e6, final, born, allowed / 1e6))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--keep")
    parser.add_argument("--load")
    options = parser.parse_args()
    if options.load:
        return load(options.load)
    if os.geteuid() or not shutil.which("redis-server"):
        sys.exit("soak: needs root and redis-server")
    folder = tempfile.mkdtemp(prefix="partrace-soak.")
    try:
        path = os.path.join(folder, "soak.pftrace")
        samples, last, now = record(path, folder, options.seconds)
        facts = json.loads(subprocess.check_output([PARTRACE, "report", "--json", path]).decode())
        if options.keep:
            os.makedirs(options.keep, exist_ok=True)
            shutil.copy(path, options.keep)
            for name, what in (("facts", facts), ("samples", samples), ("last", [list(last[0].items()), last[1], now])):
                with open(os.path.join(options.keep, name + ".json"), "w") as file:
                    json.dump(what, file)
        size = os.path.getsize(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    check = Check()
    recording = facts["recording"]
    print("%.0f s, %d processes, %d threads, %d events, own cost %.2f %% of one CPU, file of %.1f MB"
          % (recording["duration_ns"] / 1e9, len(facts["processes"]), len(facts["threads"]), recording["events"],
             100 * recording["overhead"]["fraction"], size / 1e6))
    wrong = list(e2e_facts.check_sums(facts))
    check(not wrong, "buckets sum to each life%s" % "".join("\n       " + line for line in wrong[:5]))
    check(e2e_facts.lost(facts) == 0, "%d records lost" % e2e_facts.lost(facts))
    check_times(check, facts, last, now)
    check_memory(check, facts, samples)
    return 1 if check.bad else 0


if __name__ == "__main__":
    sys.exit(main())
